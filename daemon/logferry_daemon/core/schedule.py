"""Times of the day at which a destination is sent to, by the clock on the wall. Pure: text and times in, times out.

A time that the clock leaps over in spring comes when it would have come without the leap; one that it passes twice in
autumn comes the first time. So each comes once a day. What passed while nobody looked is made up for once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from logferry_daemon.core.waiting import is_ahead

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAILY = "daily"
_WEEK = timedelta(days=7)
_TEXT = re.compile(r"(?:(?P<days>[a-z, ]+?) +)?(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Time:
    """Hour and minute on some days of the week."""

    at: time
    days: frozenset[int] = frozenset(range(7))
    """0 is Monday."""

    def __str__(self) -> str:
        if len(self.days) == len(DAYS):
            return f"{self.at:%H:%M}"
        return f"{','.join(DAYS[day] for day in sorted(self.days))} {self.at:%H:%M}"


def parse_time(text: str) -> Time:
    """From `03:00`, `daily 22:30` or `sat,sun 10:00`; ValueError says what is wrong with it."""
    found = _TEXT.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(f'"{text}" is no time; write it as "03:00", "daily 22:30" or "sat,sun 10:00"')
    names = [name.strip() for name in (found["days"] or DAILY).split(",")]
    if unknown := [name for name in names if name != DAILY and name not in DAYS]:
        raise ValueError(f'"{unknown[0]}" is no day; days are {", ".join(DAYS)}, or "{DAILY}" for all')
    days = frozenset(range(7)) if DAILY in names else frozenset(map(DAYS.index, names))
    return Time(at=time(int(found["hour"]), int(found["minute"])), days=days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What a look at the clock says."""

    come: bool
    """A time has come since it was last heeded."""
    heeded: datetime
    """All times until then are: to be remembered."""
    next: datetime
    """When the next one comes."""


def turn(times: Sequence[Time], heeded: datetime | None, now: datetime, zone: tzinfo | None = None) -> Turn:
    """Whether one of `times` has come; `zone` None is that of this computer.

    Where nobody remembers, or the clock was set back, they count from now on. One that was heeded does not come again
    because the clock is put right by some seconds.
    """
    if heeded is not None and not is_ahead(heeded, now):
        now = max(now, heeded)
    following = next_time(times, now, zone)
    if heeded is None or heeded > now:
        return Turn(come=False, heeded=now, next=following)
    if now - heeded >= 2 * _WEEK:
        return Turn(come=True, heeded=now, next=following)
    come = any(heeded < one <= now for one in _around(times, heeded, now, zone))
    return Turn(come=come, heeded=now if come else heeded, next=following)


def next_time(times: Sequence[Time], now: datetime, zone: tzinfo | None = None) -> datetime:
    """The first of them after `now`."""
    return min(one for one in _around(times, now, now + 2 * _WEEK, zone) if one > now)


def _around(times: Sequence[Time], begin: datetime, end: datetime, zone: tzinfo | None) -> Iterator[datetime]:
    """All of them in these days and one more on both sides."""
    day, last = _day(begin, zone) - timedelta(days=1), _day(end, zone) + timedelta(days=1)
    while day <= last:
        yield from (_moment(day, one.at, zone) for one in times if day.weekday() in one.days)
        day += timedelta(days=1)


def _day(moment: datetime, zone: tzinfo | None) -> date:
    return moment.astimezone(zone).date()


def _moment(day: date, at: time, zone: tzinfo | None) -> datetime:
    """A time without a zone is one of this computer's, as astimezone() has it."""
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)
