"""When is a delivery given up because its destination only ever has trouble with it? Pure; the time is told.

Only answers that get it nowhere count, and the time since the first of them: an outage before that says nothing of it.
That time goes by the clock on the wall, and begins no sooner than it was filed: a try while that says 1970 makes
nothing old.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from logferry_daemon.core.exchange import Later
from logferry_daemon.core.waiting import is_ahead

PARKS_AFTER = 20
"""Answers of 500 after which that is the item's fault and not the server's."""
PARKS_AGE = timedelta(hours=24)
"""Nothing is parked for the other side's trouble before that is this old."""


def is_stuck(outcome: Later, *, alone: bool) -> bool:
    """Whether this answer is one of those after which it is given up in the end; `alone`: others are taken there."""
    return outcome.parks_after is not None and not outcome.free and (alone or not outcome.parks_alone)


def is_given_up(outcome: Later, *, stuck: int, since: datetime, now: datetime, longest: timedelta) -> bool:
    """Whether so many such answers since then are enough; `longest` is the most between two tries."""
    if not outcome.parks_after or stuck < outcome.parks_after:
        return False
    if is_ahead(since, now):
        # No clock tells how long. A wait is anything up to the longest (`core/backoff.py`), half of it on average.
        return stuck * longest / 2 >= outcome.parks_age
    return max(now - since, timedelta()) >= outcome.parks_age
