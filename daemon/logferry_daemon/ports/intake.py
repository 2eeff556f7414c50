"""The spool as the sources see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from logferry_daemon.core.new_session import NewSession
from logferry_daemon.core.reading import Paper, Trouble
from logferry_daemon.core.settle import Signature
from logferry_model.session import SessionId


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


NO_SUMMARIES: Mapping[str, int] = {}


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
