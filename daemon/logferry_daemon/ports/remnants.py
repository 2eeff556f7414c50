"""The spool as the place where uploads are remembered that were begun and will not be ended."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from logferry_daemon.core.removal import CopyState
from logferry_model.session import SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class RemnantRow:
    """What a destination has of an upload in pieces that was begun; part of no report."""

    id: str
    session: SessionId
    destination: str
    path: str
    """Of the upload over there, below the destination's address."""
    expires_at: datetime | None
    """Until when it lies there by itself; None where nobody said."""
    state: CopyState
    attempts: int = 0
    last_error: str = ""
    last_attempt: datetime | None = None
    next_attempt: datetime | None = None

    def is_over(self, now: datetime) -> bool:
        """Whether it lies there no more by the destination's own word.

        One that was never asked for before that time is asked for until it is answered: this computer's clock may be
        ahead, or the destination's word be odd, and its owner was told that it is taken back.
        """
        if self.expires_at is None or self.expires_at > now:
            return False
        tried = self.last_attempt is not None and self.last_attempt < self.expires_at
        return self.state is CopyState.FAILED or tried


class Remnants(Protocol):
    """What is begun is filed when its delivery is deleted, kept from there, overtaken or written anew."""

    async def due_remnants(
        self, destination: str, now: datetime, limit: int, *, but: Collection[str] = ()
    ) -> Sequence[RemnantRow]:
        """Those that a destination is to delete now, without these."""
        ...

    async def next_remnant(self, destination: str, now: datetime, *, but: Collection[str] = ()) -> datetime | None:
        """When the earliest is due there, without these."""
        ...

    async def hasten_remnants(self, destination: str, *, but: Collection[str] = ()) -> None:
        """All that it is to delete but these is due now."""
        ...

    async def leave_barred(self, destination: str) -> None:
        """What was begun of sessions that its owner keeps from there is not ended, but for what is being sent now.

        Should they go there after all, they begin anew.
        """
        ...

    async def drop_expired(self, destination: str, now: datetime) -> None:
        """Forget what lies there no more by the destination's own word."""
        ...

    async def remnant_gone(self, remnant: str) -> None:
        """Its destination has it no more: there is nothing to remember."""
        ...

    async def remnant_refused(self, remnant: str, reason: str, now: datetime) -> None:
        """It lies there until it expires, or until its owner asks again."""
        ...

    async def remnant_deferred(
        self, remnant: str, reason: str, now: datetime, next_attempt: datetime, *, counts: bool
    ) -> None:
        """Not now."""
        ...
