"""Has a file stopped changing? Compares what was seen with what is seen; reads no clock, opens no file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from logferry_daemon.core.identity import EPOCH


@dataclass(frozen=True, slots=True)
class Signature:
    """What tells two states of one file apart without reading it."""

    size: int
    mtime_ns: int
    inode: int
    device: int


@dataclass(frozen=True, slots=True)
class Sighting:
    """A state of a file and when it was first seen so."""

    signature: Signature
    since: datetime

    def quiet_since(self) -> datetime:
        """The latest moment at which the file may have changed.

        The file's own time counts when it is older than the sighting: a folder full of old files is quiet at once. A
        time in the future says nothing.
        """
        written = EPOCH + timedelta(microseconds=self.signature.mtime_ns // 1000)
        return min(written, self.since)


def seen(before: Sighting | None, signature: Signature, now: datetime) -> Sighting:
    """The sighting after looking again: the old one as long as nothing changed."""
    if before is not None and before.signature == signature:
        return before
    return Sighting(signature, now)


def settled(sighting: Sighting, now: datetime, quiet: timedelta) -> bool:
    """Whether nothing changed for `quiet`."""
    return now - sighting.quiet_since() >= quiet
