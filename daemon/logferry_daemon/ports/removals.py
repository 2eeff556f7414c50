"""The spool as the place where sessions are deleted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from logferry_daemon.core.removal import CopyState
from logferry_daemon.ports.remnants import RemnantRow
from logferry_model.session import SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyRow:
    """What a destination has, or may have, of a deleted session."""

    id: str
    session: SessionId
    destination: str
    report_id: str
    """Its name over there; empty where no receipt came: then it may not be there at all."""
    idempotency_key: str
    report_url: str | None
    stopped_at: datetime
    """Since then nothing of the session is sent."""
    state: CopyState
    attempts: int = 0
    last_error: str = ""
    last_attempt: datetime | None = None
    next_attempt: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedRow:
    """A session that its owner deleted."""

    session: SessionId
    tracker: str
    deleted_at: datetime
    copies: tuple[CopyRow, ...]
    remnants: tuple[RemnantRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What a deletion took away, and what it could not reach."""

    sessions: tuple[SessionId, ...]
    """It, and those that had become part of it or of what it was cut from."""
    stopped: tuple[str, ...]
    """Deliveries that must not be sent any more, also when they are under way."""
    copies: tuple[CopyRow, ...]
    remnants: tuple[RemnantRow, ...] = ()
    outdated: tuple[SessionId, ...] = ()
    """Sessions that were cut from the same one and stay, of which a destination has a revision from before the cut."""


class Removals(Protocol):
    """The spool as the place where sessions are deleted, and copies of them remembered until they are, too."""

    async def delete(self, session: str, tracker: str, now: datetime, *, ask: Collection[str]) -> Removed:
        """Remove everything of a session, and never admit it again; UnknownSession when it became part of another.

        One that is not there, because it still runs, will not be admitted either. `ask` names the destinations that
        are to delete their copies, also those of a session that was deleted before; where it names none, what was
        refused is let be. Uploads that were begun are taken back without being asked for.
        """
        ...

    async def scrub(self) -> None:
        """Nothing that was deleted is left in the spool's files when this returns. Whoever only reads does not wait."""
        ...

    async def unscrubbed(self) -> bool:
        """Whether something was deleted since the last scrub that was finished, also before a restart."""
        ...

    async def deleted(self) -> Sequence[DeletedRow]:
        """All deleted sessions, newest first."""
        ...

    async def due_copies(
        self, destination: str, now: datetime, limit: int, *, but: Collection[str] = ()
    ) -> Sequence[CopyRow]:
        """Copies that a destination is to delete now, without these."""
        ...

    async def next_copy(self, destination: str, now: datetime, *, but: Collection[str] = ()) -> datetime | None:
        """When the earliest copy is due there, without these."""
        ...

    async def hasten_copies(self, destination: str, *, but: Collection[str] = ()) -> None:
        """All that it is to delete but these is due now."""
        ...

    async def copy_gone(self, copy: str, note: str, now: datetime) -> None:
        """Its destination confirmed that it has it no more."""
        ...

    async def copy_refused(self, copy: str, reason: str, now: datetime) -> None:
        """It will not delete it like this: a person decides."""
        ...

    async def copy_deferred(
        self, copy: str, reason: str, now: datetime, next_attempt: datetime, *, counts: bool
    ) -> None:
        """Not now."""
        ...
