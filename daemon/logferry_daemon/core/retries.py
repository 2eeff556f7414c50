"""How many failures one destination may still be caused: a token bucket beside the breaker. Pure; the time is told.

The breaker sees failures in a row. A server that takes one letter in five never trips it, and would be sent everything
again and again. Here a failure takes a token, a success gives one back, and one comes by itself every few minutes: so a
server that takes every second letter is left working, and one that takes fewer is asked seldom.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

BURST = 20
"""Failures that a destination may be caused at once."""
EVERY = timedelta(minutes=3)
"""After which one more may be: with the burst that is forty in the first hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """The bucket of one destination."""

    burst: int = BURST
    every: timedelta = EVERY
    used: float = 0.0
    """Of the bucket, as of `at`."""
    at: datetime | None = None

    def left(self, now: datetime) -> int:
        """How many may be tried together, should all of them fail."""
        return int(self.burst - self._used(now) + _ROUNDING)

    def scarce(self, now: datetime) -> bool:
        """Whether so much failed that whatever is tried should be something else than before."""
        return self._used(now) > self.burst / 2

    def failed(self, now: datetime) -> Retries:
        """After one more failure; what was under way already may be more than is left."""
        return replace(self, used=min(self._used(now) + 1, self.burst), at=now)

    def succeeded(self, now: datetime) -> Retries:
        """After a proper answer."""
        return replace(self, used=max(self._used(now) - 1, 0.0), at=now)

    def ready(self, now: datetime) -> datetime:
        """When the next one may be tried."""
        lacking = max(self._used(now) - (self.burst - 1), 0.0)
        return now + lacking * self.every

    def _used(self, now: datetime) -> float:
        # Not before `at`: a clock that was set back must not stop everything until it has caught up.
        if self.at is None or now < self.at:
            return 0.0
        return max(self.used - (now - self.at) / self.every, 0.0)


_ROUNDING = 1e-3
"""A time has whole microseconds: the share of a token that comes in one of them may be missing."""
