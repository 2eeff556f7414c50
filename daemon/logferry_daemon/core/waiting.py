"""Does a wait that was written down by this computer's clock still hold by it? Pure; the time is told.

What waits while one daemon runs goes by `Clock.steady`, which nobody sets. What is written down goes by the clock on
the wall, and that one is set: forward, and all that waits is over at once, as after a night's sleep; or back, and a
wait that began in what is the future now would hold for as long as the clock had been wrong. So each is kept with its
beginning. A rhythm of ours that has not begun yet holds nothing; what another side asked for is never cut short and
begins once more: nobody knows how much of it is over, and at most its own length is waited for after the clock was set.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from logferry_daemon.core.backoff import RETRY_AFTER_CAP

CORRECTION = timedelta(minutes=1)
"""So far a clock that was ahead is only put right: what keeps it in order moves it by parts of a second, and by seconds
after a sleep. A wait that another side asked for is not cut short by that, and holds so much longer at the most."""


UNSET = timedelta(seconds=1)
"""So far two clocks may put the same moment apart while nobody sets one: they are never read at the same time."""


def is_ahead(at: datetime, now: datetime) -> bool:
    """Whether this clock was not there yet: it was set back since, and nobody knows how long ago `at` was."""
    return at > now + CORRECTION


def holds(since: datetime, until: datetime, now: datetime) -> bool:
    """Whether a wait that began then is not over."""
    return now < until and not is_ahead(since, now)


def once_more(since: datetime, until: datetime, now: datetime) -> datetime:
    """When a wait ends that begins anew; no longer than any that is waited for."""
    return now + min(max(until - since, timedelta()), RETRY_AFTER_CAP)


def at_least(now: datetime, *moments: datetime | None) -> timedelta:
    """How long ago was what came before all of these? Those that are ahead tell nothing; nothing where all are."""
    return max((now - one for one in moments if one is not None and one <= now), default=timedelta())


def on_the_wall(at: datetime | None, *, steady: datetime, now: datetime) -> datetime | None:
    """What the clock on the wall will say when the steady one says `at`, unless somebody sets it until then."""
    return None if at is None else now + (at - steady)


def as_written(written: datetime | None, told: datetime | None) -> datetime | None:
    """What a person is told of a moment: as it is written down, unless the clock was set and it is another one now."""
    if written is None or told is None or abs(told - written) > UNSET:
        return told
    return written
