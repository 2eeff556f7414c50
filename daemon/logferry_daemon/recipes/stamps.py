"""From the time that a line gives to a moment. Knows the ways logs leave out the date, the year or the zone. Pure.

A pattern's groups say what a time is made of: year month day hour minute second fraction ampm offset. What is missing
comes from the file's name, then from the lines before, then from when the file was last written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from logferry_daemon.core.identity import YEARS
from logferry_daemon.core.patterns import LinePattern
from logferry_daemon.core.reading import About

PARTS = frozenset({"year", "month", "day", "hour", "minute", "second", "fraction", "ampm", "offset"})
DAY = timedelta(days=1)
BACKWARDS = timedelta(hours=2)
"""A clock that goes back by more is one that passed midnight; by less, lines out of order or summer time's end."""
LATE = timedelta(minutes=10)
"""A line that comes after later ones is late by no more: games write some things twice, once with a delay."""
AHEAD = timedelta(minutes=5)
"""A line may be so much later than the last writing of its file: clocks differ, and no file is written tomorrow."""
_YEARS_OF_TWO_DIGITS = 2000


@dataclass(frozen=True, slots=True)
class Stamp:
    """One line's time."""

    at: datetime
    """Aware, UTC, whole milliseconds."""
    key: str
    """As the log wrote it, as far as it did: the same in every zone and every copy of the file."""


class Stamps:
    """Reads the times of one log, in the order of its lines."""

    def __init__(self, pattern: LinePattern, date_from: LinePattern | None, about: About, *, days: int = 0) -> None:
        self._pattern = pattern
        self._about = about
        self._dated = pattern.names >= {"month", "day"}
        self._base = _date_of(date_from, about)
        self._named = self._base is not None
        self._last: datetime | None = None
        """The last local time, with its date."""
        self._days = days if self._named else 0
        """Midnights passed since the day that the file's name tells, where lines have no date."""
        self._days_too_late = 0
        self._written: datetime | None = None
        """The last local time among the lines that were there when the file's own time was asked for."""
        self._offset = 0

    @property
    def floating(self) -> bool:
        """Whether the date of its lines is known only from the end of the file: from when it was last written."""
        return not self._dated and not self._named

    @property
    def dated(self) -> bool:
        """Whether every line tells its own day; else none may be left out, or a midnight would be missed."""
        return self._dated

    @property
    def days(self) -> int:
        """Midnights passed so far: who reads on from here must know, where only the file's name tells the day."""
        return self._days if self._named else 0

    @property
    def shift(self) -> timedelta:
        """To be added to all times so far.

        Without any date the first line is taken to be of the day of the last writing; each midnight before that
        moves it back, and so does a last line that would be written after the last writing.
        """
        if not self.floating:
            return timedelta()
        back = self._days_too_late * DAY
        if self._written is not None and self._written - back > _local_time(self._about) + AHEAD:
            back += DAY
        return -back

    def passed(self, offset: int) -> None:
        """The next line stands at this byte of the file."""
        self._offset = offset

    def read(self, line: bytes) -> Stamp | None:
        """The line's time, or None when it has none that can be."""
        parts = self._pattern.fields(line)
        return None if parts is None else self._stamp(parts)

    def _stamp(self, parts: Mapping[str, bytes]) -> Stamp | None:
        try:
            local = self._local(parts)
            at = _in_zone(local, parts.get("offset"), self._about)
        except (ValueError, OverflowError, OSError):
            return None
        if at.year not in YEARS:
            return None
        key = local.time().isoformat() if self.floating else local.isoformat()
        return Stamp(at, key)

    def _local(self, parts: Mapping[str, bytes]) -> datetime:
        hour, minute = int(parts.get("hour", b"0")), int(parts.get("minute", b"0"))
        second = min(int(parts.get("second", b"0")), 59)
        milliseconds = int(parts.get("fraction", b"0").ljust(3, b"0")[:3])
        if half := parts.get("ampm", b"").upper():
            hour = hour % 12 + (12 if half.startswith(b"P") else 0)
        if self._dated:
            year, month, day = self._year(parts), int(parts["month"]), int(parts["day"])
            self._last = datetime(year, month, day, hour, minute, second, milliseconds * 1000)  # noqa: DTZ001 -- local
            return self._last
        at = time(hour, minute, second, milliseconds * 1000)  # a ValueError where there is no such time
        return self._on_a_day(timedelta(hours=at.hour, minutes=at.minute, seconds=at.second, milliseconds=milliseconds))

    def _on_a_day(self, clock: timedelta) -> datetime:
        base = self._base or self._first_day()
        moment = base.replace(hour=0, minute=0, second=0, microsecond=0) + clock
        if self._last is None and self._named and not self._days and moment < base - BACKWARDS:
            self._days = 1  # the file's name is from before midnight, its first line from after
        moment += self._days * DAY
        if self._last is not None and moment > self._last + DAY - LATE:
            return moment - DAY  # written after midnight, and a moment before it
        if self._last is not None and moment < self._last - BACKWARDS:
            self._days += 1
            self._days_too_late += self._offset < self._about.size
            moment += DAY
        self._last = moment if self._last is None else max(moment, self._last)
        if self._offset < self._about.size:
            self._written = self._last
        return moment

    def _first_day(self) -> datetime:
        """Without any date, the first line is taken to be of the day of the last writing; see `shift`."""
        self._base = _local_time(self._about).replace(hour=0, minute=0, second=0, microsecond=0)
        return self._base

    def _year(self, parts: Mapping[str, bytes]) -> int:
        if year := parts.get("year"):
            return int(year) + (_YEARS_OF_TWO_DIGITS if len(year) <= 2 else 0)
        if self._base is not None:
            # It was begun in December and goes on in January.
            return self._base.year + (int(parts["month"]) < self._base.month)
        # A file that was written in January may hold lines of last December, never of the next one.
        latest = _local_time(self._about) + DAY
        return latest.year - ((int(parts["month"]), int(parts["day"])) > (latest.month, latest.day))


def _in_zone(local: datetime, offset: bytes | None, about: About) -> datetime:
    if offset:
        return (local - timedelta(hours=float(offset))).replace(tzinfo=UTC)
    if about.zone is not None:
        return local.replace(tzinfo=about.zone).astimezone(UTC)
    return local.astimezone(UTC)


def _local_time(about: About) -> datetime:
    """When the file was last written, on the clocks of its zone, without saying which."""
    return about.modified.astimezone(about.zone).replace(tzinfo=None)


def _date_of(pattern: LinePattern | None, about: About) -> datetime | None:
    """The date in a file's path, and the time if it has one.

    What is nearest to the file counts, also where it stands in the folder that is followed: a log is the same one
    whether that folder or the one above it is.
    """
    if pattern is None:
        return None
    whole = f"{about.folder}/{about.path}".replace("\\", "/")
    parts = pattern.fields(_encoded(about.path)) or next(iter(reversed(list(pattern.every(_encoded(whole))))), None)
    if not parts or "year" not in parts:
        return None
    try:
        year = int(parts["year"]) + (_YEARS_OF_TWO_DIGITS if len(parts["year"]) <= 2 else 0)
        month, day, hour, minute, second = (int(parts.get(name, default)) for name, default in _DEFAULTS)
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 -- local
    except ValueError:
        return None


def _encoded(path: str) -> bytes:
    return path.encode("utf-8", "replace")


_DEFAULTS = (("month", b"1"), ("day", b"1"), ("hour", b"0"), ("minute", b"0"), ("second", b"0"))
