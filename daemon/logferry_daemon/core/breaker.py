"""Stops knocking at a door that nobody opens: one breaker a destination. Pure: failures in, a pause out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from logferry_daemon.core.backoff import CAP, delay

OPENS_AFTER = 5
"""Transport failures or 5xx answers in a row."""


@dataclass(frozen=True, slots=True)
class Breaker:
    """Failures in a row, and until when no further try is made."""

    failures: int = 0
    until: datetime | None = None

    def failed(self, now: datetime, jitter: float, cap: timedelta = CAP) -> Breaker:
        """After one more failure: from the fifth on, a pause that grows up to `cap`."""
        failures = self.failures + 1
        if failures < OPENS_AFTER:
            return replace(self, failures=failures)
        # Half of the pause is fixed: a fleet must spread out, but one probe after another must not follow at once.
        exponent, share = failures - OPENS_AFTER + 2, 0.5 + jitter / 2
        return Breaker(failures, now + delay(attempts=exponent, jitter=share, floor=timedelta(seconds=1), cap=cap))

    def out_of_reach(self, now: datetime, jitter: float, cap: timedelta = CAP) -> Breaker:
        """After it was not even there to say so: nothing is to be counted first."""
        return replace(self, failures=max(self.failures, OPENS_AFTER - 1)).failed(now, jitter, cap)

    def at_once(self) -> Breaker:
        """The next probe need not wait, and the pause after it is the first one again."""
        return Breaker(min(self.failures, OPENS_AFTER))

    def probing(self) -> bool:
        """Whether it has tripped: then only one request at a time is a probe."""
        return self.failures >= OPENS_AFTER


CLOSED = Breaker()
