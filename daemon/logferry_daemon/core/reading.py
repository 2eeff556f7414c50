"""What a reader finds in a file, before anything is removed or decided. Values only.

A reader is fed bytes and never fetches any: `feed` takes the next bytes of one file, `reading` tells what they hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from logferry_model.session import End, Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One thing that a person should know about a file. Never holds the file's content."""

    code: str
    message: str


MAX_EVENTS = 200_000
"""Of one session: more than anybody plays in one sitting, and what a collector takes."""


def too_large(size: int, limit: int) -> Trouble | None:
    """The trouble of a file over its tracker's limit, both in bytes."""
    if size <= limit:
        return None
    return Trouble(
        code="too-large", message=f"too large: {size / 2**20:.0f} MiB, the limit is {limit / 2**20:.0f} MiB."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A session as its tracker tells it: raw, so it never leaves the process in this form."""

    session: Session
    """Without end and statistics; `ended_at` holds the time of the last event."""
    offset: int
    """A reader that begins at this byte finds it again: its first line, or those that lead up to it."""
    line: int
    """The number of the line at `offset`, from 1."""
    end: End | None = None
    """What the file itself says about its end; None leaves it to the boundary rules."""
    identity: str | None = None
    """Who played, in the log's own words."""
    names: frozenset[str] = frozenset()
    """Every name that its lines and those that lead up to it give: none of them may be in what is sent."""

    @property
    def last_at(self) -> datetime:
        """The time of its last event."""
        return self.session.ended_at or self.session.started_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the bytes so far hold."""

    found: tuple[Found, ...] = ()
    """Oldest first. All but the last are over; the last may grow as long as the file does."""
    troubles: tuple[Trouble, ...] = ()
    first_at: datetime | None = None
    """The first time in the file: another file's session that fell silent before it is over."""
    unfinished: bool = False
    """True when the bytes stop in the middle of something."""


class Reader(Protocol):
    """Reads one file from one offset on."""

    def feed(self, data: bytes) -> None:
        """The next bytes of the file."""
        ...

    def reading(self, *, settled: bool) -> Reading:
        """What was fed so far; `settled` says that nothing more is being written right now."""
        ...

    def forget(self, offset: int) -> None:
        """Drop every session that starts before `offset`: it is in the spool."""
        ...


class Growth(StrEnum):
    """How a tracker writes its files."""

    REWRITTEN = "rewritten"
    """A document, written afresh on every change: read whole, and only when it has settled."""
    APPENDED = "appended"
    """A log that only grows: read on from where the last read ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndRules:
    """When a session is over although its file does not say so."""

    silence: timedelta | None = None
    """Nothing written for so long; None never ends a session by silence."""
    processes: tuple[str, ...] = ()
    """Names of the programs that write it."""
    next_start: bool = True
    """Whether a later file of the same source ends it."""


class Tracker(Protocol):
    """One kind of files and how to read them."""

    @property
    def name(self) -> str:
        """As in settings and on the wire."""
        ...

    @property
    def title(self) -> str:
        """As people call it."""
        ...

    @property
    def patterns(self) -> Sequence[str]:
        """Globs of the names of its files."""
        ...

    @property
    def growth(self) -> Growth:
        """How its files are written."""
        ...

    @property
    def max_bytes(self) -> int:
        """A larger file is reported, not read."""
        ...

    @property
    def rules(self) -> EndRules:
        """How sessions end without saying so."""
        ...

    def usual_paths(self, platform: str) -> Sequence[str]:
        """Where its files are on `windows`, `macos` or `linux`; `~` and %VARIABLES% unexpanded."""
        ...

    def reader(self, *, offset: int = 0, line: int = 1) -> Reader:
        """A reader for one file, from `offset`, which is the start of line number `line`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What is known outside the file about whether its last session still runs."""

    now: datetime
    quiet_since: datetime
    """When the file last changed."""
    process_gone: str | None = None
    """The program that was seen running during the session and is not any more."""
    next_start: datetime | None = None
    """The earliest beginning of a later file of the same source."""
    rules: EndRules = field(default_factory=EndRules)
