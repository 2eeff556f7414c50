"""How fast a backfill may be spent: a token bucket that fills by the minute. Pure; the time is told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

PER_MINUTE = 60
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """So many deliveries a minute, and no more than a minute's worth at once."""

    per_minute: int = PER_MINUTE
    used: float = 0.0
    """Of the bucket, as of `at`."""
    at: datetime | None = None

    def left(self, now: datetime) -> int:
        """How many may go now."""
        return int(self.per_minute - self._used(now) + _ROUNDING)

    def spent(self, number: int, now: datetime) -> Budget:
        """After so many have gone."""
        return replace(self, used=self._used(now) + number, at=now)

    def ready(self, now: datetime) -> datetime:
        """When the next one may go."""
        lacking = max(self._used(now) - (self.per_minute - 1), 0.0)
        return now + lacking * _MINUTE / self.per_minute

    def _used(self, now: datetime) -> float:
        # Not before `at`: a clock that was set back must not stop a backfill until it has caught up.
        if self.at is None or now < self.at:
            return 0.0
        return max(self.used - self.per_minute * ((now - self.at) / _MINUTE), 0.0)


_ROUNDING = 1e-3
"""A time has whole microseconds: the share of a delivery that comes in one of them may be missing."""
