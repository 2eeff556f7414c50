"""What a reader finds in a file, before anything is removed or decided. Values only.

Readers are pure: bytes or rows go in, a Reading comes out. Three kinds of tracker differ in how their files are
written: a log that only grows, a document that is written afresh, a database. None opens a file or reads a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Protocol, runtime_checkable

from logferry_daemon.core.identity import EPOCH, content_mark
from logferry_daemon.core.policy import Listing
from logferry_daemon.core.rows import Answer, Question
from logferry_model.figures import Statistics
from logferry_model.session import End, Session, SessionId


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
class Raw:
    """A session as its tracker tells it: raw, so it never leaves the process in this form."""

    session: Session
    """Without end; `ended_at` holds the time of the last event."""
    names: frozenset[str] = frozenset()
    """Every name that its lines and those that lead up to it give: none of them may be in what is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A session in a file, cheap to have at every look: what it is made of comes when it is asked for."""

    id: SessionId
    started_at: datetime
    last_at: datetime
    """The time of its last event."""
    events: int
    weight: int
    """How much of it there is, in whatever its reader counts: a later state of it weighs more, never less."""
    raw: Callable[[], Raw] = field(compare=False, repr=False)
    """All of it, as of the last feed."""
    statistics: Callable[[], Statistics] = field(compare=False, repr=False)
    """What it adds up to so far."""
    offset: int = 0
    """A reader that begins here finds it again: a byte, its first line's or the one's that leads up to it; or a row."""
    line: int = 1
    """The number of the line at `offset`, from 1."""
    days: int = 0
    """Midnights passed before it, where a log has times without dates."""
    end: End | None = None
    """What the file itself says about its end; None leaves it to the boundary rules."""
    identity: str | None = None
    """Who played, in the log's own words."""
    unsure: bool = False
    """Whether the log names two, so that nobody can tell which of them played."""
    mark: str = ""
    """Another one when its content is another although it weighs the same: a document may be corrected."""
    whom: Callable[[], frozenset[str]] | None = field(default=None, compare=False, repr=False)
    """Whom it names so far, where that can be told without all of it."""

    @property
    def session(self) -> Session:
        """All of it, built afresh."""
        return self.raw().session

    @property
    def names(self) -> frozenset[str]:
        """Whom it names."""
        return self.whom() if self.whom else self.raw().names


def found_whole(
    session: Session,
    *,
    end: End | None = None,
    identity: str | None = None,
    names: frozenset[str] = frozenset(),
    offset: int = 0,
) -> Found:
    """The Found of a session that is there as a whole: from a document or a row."""
    raw = Raw(session=session, names=names)
    return Found(
        id=session.id,
        started_at=session.started_at,
        last_at=session.ended_at or session.started_at,
        events=len(session.events),
        weight=len(session.events),
        raw=lambda: raw,
        statistics=lambda: session.statistics,
        offset=offset,
        end=end,
        identity=identity,
        mark=content_mark(session, end),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One thing that a tracker keeps besides sessions, as it is now: a party, a creature, a preference."""

    kind: str
    id: str
    digest: str
    """sha-256 hex of its content: another one means that it was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the bytes so far hold."""

    found: tuple[Found, ...] = ()
    """Oldest first. Of a log, all but the last are over, and that one may grow; a document may hold several open."""
    troubles: tuple[Trouble, ...] = ()
    papers: tuple[Paper, ...] | None = None
    """All that it keeps now; None says nothing about them, as where the file could not be read."""
    first_at: datetime | None = None
    """The first time in the file: another file's session that fell silent before it is over."""
    unfinished: bool = False
    """True when the bytes stop in the middle of something."""


class Reader(Protocol):
    """Reads one log from one offset on."""

    def feed(self, data: bytes) -> None:
        """The next bytes of the file."""
        ...

    def reading(self, *, settled: bool) -> Reading:
        """What was fed so far; `settled` says that nothing more is being written right now. Costs nothing per event."""
        ...

    def forget(self, offset: int) -> None:
        """Drop every session that starts before `offset`: it is in the spool."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is known of a file besides its content."""

    path: str = ""
    """Below the source's folder, with `/`."""
    folder: str = ""
    """The source's folder: tells game flavours apart, and goes no further."""
    modified: datetime = EPOCH
    """When it was last written: dates a log that gives only times of day."""
    size: int = 0
    """Bytes in it at that time."""
    zone: tzinfo | None = None
    """Of the times in it that name none; None is the zone of this computer."""

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.path.rpartition("/")[2]


NOWHERE = About()


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file that was read whole, and the ones that belong to it."""

    data: bytes
    about: About = NOWHERE
    beside: Mapping[str, bytes] = field(default_factory=dict)
    """Path -> content, of those companions that are there."""


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
    """One kind of files: what every kind has."""

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
    def max_bytes(self) -> int:
        """A larger file is reported, not read."""
        ...

    def rules(self, where: str) -> EndRules:
        """How sessions end without saying so, in the file at `where`: folder and path tell the flavour of a game."""
        ...

    def usual_paths(self, platform: str) -> Sequence[str]:
        """Where its files are on `windows`, `macos` or `linux`; `~` and %VARIABLES% unexpanded."""
        ...

    @property
    def listing(self) -> Listing:
        """What its sessions may hold besides the model's own fields."""
        ...

    @property
    def names_player(self) -> bool:
        """Whether its files can say who played: then a session of which none does is somebody's all the same."""
        ...

    def recount(self, session: Session, of: Sequence[Session] = ()) -> Statistics:
        """What a session that was cut or put together by hand adds up to.

        Of a part, what can be told of a part: its statistics are those of the session that it was cut from, and what
        cannot be split is left out. Where it was put together, `of` are the pieces with what each adds up to, and its
        statistics are their sum, but for the measures.
        """
        ...


@runtime_checkable
class LogTracker(Tracker, Protocol):
    """Logs that only grow: read on from where the last read ended."""

    def reader(self, about: About = NOWHERE, *, offset: int = 0, line: int = 1, days: int = 0) -> Reader:
        """A reader for one file, from `offset`: the start of line number `line`, so many midnights after the first."""
        ...


@runtime_checkable
class DocumentTracker(Tracker, Protocol):
    """Documents that are written afresh on every change: read whole, and only when they have settled."""

    def companions(self, path: str) -> Sequence[str]:
        """Other files that belong to the one at `path`, there or not: a change of one is a change of it."""
        ...

    def read(self, document: Document) -> Reading:
        """What the document holds; Damaged when it is none of this tracker's."""
        ...


@runtime_checkable
class DatabaseTracker(Tracker, Protocol):
    """Databases with a live writer: asked in one transaction, some rows at a time."""

    def companions(self, path: str) -> Sequence[str]:
        """The files beside the database that its writer changes."""
        ...

    def question(self, since: int) -> Question:
        """What to ask for, from the session with this row id on."""
        ...

    def rows(self, answer: Answer) -> Reading:
        """What the answer holds; offsets are row ids."""
        ...


AnyTracker = LogTracker | DocumentTracker | DatabaseTracker
"""A tracker is one of these."""


def only_grows(tracker: Tracker) -> bool:
    """Whether a shorter version of its sessions is a cut copy rather than a correction."""
    return isinstance(tracker, LogTracker)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What is known outside the file about whether its last session still runs."""

    now: datetime
    quiet_since: datetime
    """When the file last changed."""
    process_gone: str | None = None
    """The program that was seen running during the session and is not any more."""
    app_closed: datetime | None = None
    """When somebody told that the program was closed."""
    noticed: datetime | None = None
    """Since when the session is known to be open; None is only now."""
    demanded: datetime | None = None
    """When the owner asked for it to end."""
    next_start: datetime | None = None
    """The earliest beginning of a later file of the same source."""
    rules: EndRules = field(default_factory=EndRules)
