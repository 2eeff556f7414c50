"""When is a delivery given up because its destination only ever has trouble with it? Pure; the time is told.

Its age goes by the clock on the wall, from when it was filed, which no later look at that clock changes: one try while
it says 1970 makes nothing old.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from logferry_daemon.core.exchange import Later
from logferry_daemon.core.waiting import is_ahead

PARKS_AFTER = 20
"""Attempts after which an answer of 500 is the item's fault and not the server's."""
PARKS_AGE = timedelta(hours=24)
"""Nothing is parked for the other side's trouble before it is this old."""


def is_given_up(outcome: Later, *, attempts: int, filed_at: datetime, now: datetime, longest: timedelta) -> bool:
    """Whether so many tries of something as old as this are enough; `longest` is the most between two of them."""
    if not outcome.parks_after or attempts < outcome.parks_after:
        return False
    if is_ahead(filed_at, now):
        # No clock tells how old it is. A wait is anything up to the longest (`core/backoff.py`), half of it on average.
        return attempts * longest / 2 >= outcome.parks_age
    return max(now - filed_at, timedelta()) >= outcome.parks_age
