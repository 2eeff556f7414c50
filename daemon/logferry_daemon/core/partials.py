"""When is a session that still runs sent as far as it has come? Pure: what is known comes in, one answer out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from logferry_daemon.core.boundary import FRESH
from logferry_daemon.core.reading import Found
from logferry_daemon.core.waiting import holds, is_ahead

Mark = tuple[str, int, str]
"""Session, weight and mark: one state of one session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """From which length on, and how often."""

    after: timedelta = timedelta(hours=2)
    every: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Before:
    """The last time that a session was sent so far as it had come."""

    at: datetime
    mark: Mark | None = None
    """None: an earlier daemon did it, and only the spool can tell whether there is more by now."""


USUAL_RHYTHM = Rhythm()


def is_due(found: Found, mark: Mark, before: Before | None, now: datetime, rhythm: Rhythm) -> bool:
    """Whether a session of which nothing says that it is over is to be sent as it is now.

    One that nobody has heard of for a while may be over without a sign: an old log of a game that crashed does not run.
    """
    # Where they are ahead, its own times still tell how long it is.
    until = found.last_at if is_ahead(found.last_at, now) else now
    if until - found.started_at < rhythm.after or now - found.last_at >= max(rhythm.every, FRESH):
        return False
    if before is None:
        return True
    return not holds(before.at, before.at + rhythm.every, now) and before.mark != mark
