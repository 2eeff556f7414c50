"""Has a file stopped changing? Compares what was seen with what is seen; reads no clock, opens no file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from logferry_daemon.core.identity import EPOCH, YEARS


class Signature(NamedTuple):
    """What tells two states of one file apart without reading it. A rescan makes one for each file."""

    size: int
    mtime_ns: int
    inode: int
    device: int


_MICROSECOND = timedelta(microseconds=1)
_LATEST = EPOCH.replace(year=YEARS[-1])


def written_at(mtime_ns: int) -> datetime:
    """A file's own time; one that a calendar or a collector cannot take counts as the first or the last that they can.

    Some file systems hold a time of the year 11000, and others one before the year 0.
    """
    most = (_LATEST - EPOCH) // _MICROSECOND
    return EPOCH + timedelta(microseconds=min(max(mtime_ns // 1000, 0), most))


@dataclass(frozen=True, slots=True)
class Sighting:
    """A state of a file, when it was first seen so, and whether it was seen to become so."""

    signature: Signature
    since: datetime
    changed: bool = False

    @property
    def quiet_since(self) -> datetime:
        """The latest moment at which the file may have changed.

        The file's own time counts when it is older than its first sighting: a folder of old files is quiet at once.
        A time in the future says nothing, and a change that was seen counts by itself: Windows does not move a file's
        time while it is held open.
        """
        if self.changed:
            return self.since
        return min(written_at(self.signature.mtime_ns), self.since)


def seen(before: Sighting | None, signature: Signature, now: datetime) -> Sighting:
    """The sighting after looking again: the old one as long as neither the file nor the clock jumped."""
    if before is None:
        return Sighting(signature, now)
    # The first half says it for nearly all: it is never quiet for longer than it has been seen.
    if before.signature == signature and (before.since <= now or before.quiet_since <= now):
        return before
    return Sighting(signature, now, changed=True)
