"""Stops knocking at a door that nobody opens: one breaker a destination. Pure: failures in, a pause out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from logferry_daemon.core.backoff import delay

OPENS_AFTER = 5
"""Transport failures or 5xx answers in a row."""


@dataclass(frozen=True, slots=True)
class Breaker:
    """Failures in a row, and until when no further try is made."""

    failures: int = 0
    until: datetime | None = None

    def failed(self, now: datetime, jitter: float) -> Breaker:
        """After one more failure: from the fifth on, a pause that grows."""
        failures = self.failures + 1
        if failures < OPENS_AFTER:
            return replace(self, failures=failures)
        # Half of the pause is fixed: a fleet must spread out, but one probe after another must not follow at once.
        pause = delay(attempts=failures - OPENS_AFTER + 2, jitter=0.5 + jitter / 2, floor=timedelta(seconds=1))
        return Breaker(failures, now + pause)

    def probing(self) -> bool:
        """Whether it has tripped: then only one request at a time is a probe."""
        return self.failures >= OPENS_AFTER


CLOSED = Breaker()
