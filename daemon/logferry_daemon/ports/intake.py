"""The spool as the sources see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from logferry_daemon.core.reading import Paper, Trouble
from logferry_daemon.core.revision import Version
from logferry_daemon.core.sanitise import TakenOut
from logferry_daemon.core.settle import Signature
from logferry_model.session import Session, SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """What the spool remembers of one file."""

    source: str
    path: str
    signature: Signature
    head: str
    """sha-256 hex over the first `head_size` bytes: another file of the same name has another one."""
    head_size: int
    offset: int
    """Read on from here: everything before it is in the spool."""
    line: int
    days: int = 0
    """Midnights passed before `offset`, in a log of times without dates."""
    first_at: datetime | None
    running: bool
    """Whether its last session may go on."""
    troubles: tuple[Trouble, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """A sanitised session on its way into the spool."""

    session: Session
    document: bytes
    """The session, encoded."""
    fingerprint: str
    """Digest of what makes a revision another one: everything but how the end was recognised."""
    weight: int
    """As of Found: how much of the session there is."""
    only_grows: bool = False
    """A log that is appended to: a version with fewer events is a cut copy, not a correction."""
    removed: TakenOut = field(default_factory=dict)
    """What was taken out on the way here."""
    kept: Mapping[str, str] = field(default_factory=dict)
    """Slot -> text, of what some destination is sent as the log says it."""
    leaks: tuple[str, ...] = ()
    """Where something private was left: then `session` is an empty frame, and nothing of it is sent."""
    last_at: datetime | None = None
    """When it was heard of last; in the place of an end while it has none."""
    identity: str | None = None
    """Who played, as `known_as`. Stays on this computer: it is in no document and in no letter."""
    names_player: bool = False
    """Whether it could say who played: where neither it nor an earlier state of it does, that is UNSURE."""


NO_SUMMARIES: Mapping[str, int] = {}


def summarised(new: NewSession, destinations: Sequence[str], summaries: Mapping[str, int]) -> list[str]:
    """Those destinations that get a summary before the whole of this session."""
    events = len(new.session.events)
    over = new.session.end is not None and not new.leaks
    return [to for to in destinations if over and to in summaries and events >= summaries[to]]


def heard_of(new: NewSession) -> datetime | None:
    """When it ended; of a session that still runs, when it was heard of last."""
    return new.session.ended_at or (new.last_at if new.session.end is None else None)


def version_of(new: NewSession) -> Version:
    """What decides whether it is a new revision."""
    return Version(
        fingerprint=new.fingerprint,
        events=len(new.session.events),
        end_rule=new.session.end.rule if new.session.end else "",
        # Of what is withheld nothing is counted: that it is is news, however much there was before.
        only_grows=new.only_grows and not new.leaks,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """What became of one session: the revision it has now, and whether that is news."""

    session: SessionId
    revision: int
    new: bool


class Intake(Protocol):
    """The spool as the sources see it."""

    async def files(self, source: str) -> Sequence[FileRow]:
        """Everything remembered about a source's files."""
        ...

    async def admit(
        self,
        row: FileRow,
        sessions: Sequence[NewSession],
        destinations: Sequence[str],
        now: datetime,
        papers: Sequence[Paper] | None = None,
        *,
        summaries: Mapping[str, int] = NO_SUMMARIES,
    ) -> Sequence[Admitted]:
        """Keep the sessions, one delivery of each to each destination, and the file's position: all or nothing.

        A session that ended before its source was followed or before a destination was set is backlog there. One that
        its owner has recut is cut again in the same way; what is news of that is told part by part.
        Unreachable `queue-full` while too much waits already to take in one that is new.

        `summaries` are destinations that get a summary first of a session that is over and has so many events.

        One without an end is partial: it never takes the place of a complete one. It does not go where the version
        before it was refused: that is for the complete one to try.
        """
        ...

    async def partials(self, source: str) -> Mapping[SessionId, datetime]:
        """The sessions of a source of which the newest version is partial, and when that came."""
        ...

    async def sources_of_partials(self) -> Sequence[str]:
        """The sources that have such sessions, followed or not."""
        ...

    async def complete(self, session: SessionId, destinations: Sequence[str], now: datetime) -> Admitted | None:
        """Nothing more will come of a partial session: what was kept of it is the whole. None where it is not one."""
        ...

    async def forget_file(self, source: str, path: str, now: datetime) -> None:
        """The file is gone, and the papers in it; its sessions stay."""
        ...
