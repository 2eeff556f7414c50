"""What an eraser is sent for: reports that their owner wants deleted, and uploads that nobody goes on with.

Each kind stands in the spool by itself; to the eraser they are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from logferry_daemon.core.exchange import Dialect, ErasingConversation, Parked, Report, TakingBack
from logferry_daemon.core.taking_back import NOT_OFFERED
from logferry_daemon.core.waiting import at_least
from logferry_daemon.ports import CopyRow, RemnantRow, Remnants, Removals
from logferry_model.session import SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One thing to be deleted."""

    id: str
    session: SessionId
    attempts: int
    talk: Callable[[Dialect, datetime], ErasingConversation]
    """The conversation that has it deleted."""


class Errands(Protocol):
    """All of one kind."""

    async def next(self, destination: str, now: datetime, *, but: Collection[str] = ()) -> datetime | None:
        """When the earliest but these is due."""
        ...

    async def due(self, destination: str, now: datetime, limit: int, *, but: Collection[str] = ()) -> Sequence[Errand]:
        """Those but these that are to be asked for now."""
        ...

    async def hasten(self, destination: str, *, but: Collection[str] = ()) -> None:
        """All but these are due now."""
        ...

    async def gone(self, errand: Errand, note: str, now: datetime) -> None:
        """The destination has it no more."""
        ...

    async def refused(self, errand: Errand, reason: str, now: datetime) -> None:
        """Not like this."""
        ...

    async def deferred(
        self, errand: Errand, reason: str, now: datetime, next_attempt: datetime, *, counts: bool
    ) -> None:
        """Not now."""
        ...


class CopyErrands:
    """Reports."""

    def __init__(self, removals: Removals) -> None:
        self._removals = removals

    async def next(self, destination: str, now: datetime, *, but: Collection[str] = ()) -> datetime | None:
        """As the spool has it."""
        return await self._removals.next_copy(destination, now, but=but)

    async def due(self, destination: str, now: datetime, limit: int, *, but: Collection[str] = ()) -> Sequence[Errand]:
        """As the spool has them."""
        return [_of_copy(copy) for copy in await self._removals.due_copies(destination, now, limit, but=but)]

    async def hasten(self, destination: str, *, but: Collection[str] = ()) -> None:
        """Due now."""
        await self._removals.hasten_copies(destination, but=but)

    async def gone(self, errand: Errand, note: str, now: datetime) -> None:
        """It is shown as deleted."""
        await self._removals.copy_gone(errand.id, note, now)

    async def refused(self, errand: Errand, reason: str, now: datetime) -> None:
        """A person decides."""
        await self._removals.copy_refused(errand.id, reason, now)

    async def deferred(
        self, errand: Errand, reason: str, now: datetime, next_attempt: datetime, *, counts: bool
    ) -> None:
        """Again later."""
        await self._removals.copy_deferred(errand.id, reason, now, next_attempt, counts=counts)


class RemnantErrands:
    """Uploads in pieces. What expired by the destination's own word is not asked for once more."""

    def __init__(self, remnants: Remnants) -> None:
        self._remnants = remnants

    async def next(self, destination: str, now: datetime, *, but: Collection[str] = ()) -> datetime | None:
        """As the spool has it."""
        return await self._remnants.next_remnant(destination, now, but=but)

    async def due(self, destination: str, now: datetime, limit: int, *, but: Collection[str] = ()) -> Sequence[Errand]:
        """As the spool has them."""
        await self._remnants.drop_expired(destination, now)
        return [_of_remnant(row) for row in await self._remnants.due_remnants(destination, now, limit, but=but)]

    async def hasten(self, destination: str, *, but: Collection[str] = ()) -> None:
        """Due now."""
        await self._remnants.hasten_remnants(destination, but=but)

    async def gone(self, errand: Errand, note: str, now: datetime) -> None:
        """There is nothing to be told of it any more."""
        await self._remnants.remnant_gone(errand.id)

    async def refused(self, errand: Errand, reason: str, now: datetime) -> None:
        """It stays until it expires."""
        await self._remnants.remnant_refused(errand.id, reason, now)

    async def deferred(
        self, errand: Errand, reason: str, now: datetime, next_attempt: datetime, *, counts: bool
    ) -> None:
        """Again later."""
        await self._remnants.remnant_deferred(errand.id, reason, now, next_attempt, counts=counts)


def _of_copy(copy: CopyRow) -> Errand:
    def talk(dialect: Dialect, now: datetime) -> ErasingConversation:
        report = Report(
            report_id=copy.report_id,
            idempotency_key=copy.idempotency_key,
            # It was stopped before it was asked for the last time.
            age=at_least(now, copy.stopped_at, copy.last_attempt),
            session=copy.session,
        )
        return dialect.delete(report, now=now)

    return Errand(id=copy.id, session=copy.session, attempts=copy.attempts, talk=talk)


def _of_remnant(row: RemnantRow) -> Errand:
    def talk(dialect: Dialect, now: datetime) -> ErasingConversation:
        return dialect.take_back(row.path, now=now) if isinstance(dialect, TakingBack) else _refused()

    return Errand(id=row.id, session=row.session, attempts=row.attempts, talk=talk)


def _refused() -> ErasingConversation:
    """Its contract knows no such thing."""
    return Parked(reason=NOT_OFFERED)
    yield
