"""Copies at destinations of what was deleted here, and what became of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from logferry_daemon.core.exchange import Upload
from logferry_daemon.core.removal import NEXT as COPY_NEXT
from logferry_daemon.core.removal import CopyState, CopyStep, copy_step
from logferry_daemon.ports import (
    CopyRow,
)
from logferry_model.session import SessionId
from tests.fake_spool.due import due_at, is_due
from tests.fake_spool.remnants import RemnantsInMemory
from tests.fake_spool.shelves import KeptDelivery


class Copies(RemnantsInMemory):
    """The part of the spool that knows what is elsewhere."""

    async def due_copies(
        self, destination: str, now: datetime, limit: int, *, but: Collection[str] = ()
    ) -> Sequence[CopyRow]:
        pending = [one for one in self._copies_at(destination, CopyState.PENDING) if one.id not in but]
        return sorted((one for one in pending if is_due(one, now)), key=lambda one: one.id)[:limit]

    async def next_copy(self, destination: str, now: datetime, *, but: Collection[str] = ()) -> datetime | None:
        pending = self._copies_at(destination, CopyState.PENDING)
        return min((due_at(one, now) for one in pending if one.id not in but), default=None)

    async def hasten_copies(self, destination: str, *, but: Collection[str] = ()) -> None:
        self._writable()
        for one in self._copies_at(destination, CopyState.PENDING):
            if one.id not in but:
                self._copies[one.id] = replace(one, next_attempt=None)

    async def copy_gone(self, copy: str, note: str, now: datetime) -> None:
        self._tried(copy, CopyStep.CONFIRM, note, now)

    async def copy_refused(self, copy: str, reason: str, now: datetime) -> None:
        self._tried(copy, CopyStep.REFUSE, reason, now)

    async def copy_deferred(
        self, copy: str, reason: str, now: datetime, next_attempt: datetime, *, counts: bool
    ) -> None:
        self._tried(copy, CopyStep.DEFER, reason, now, next_attempt, counts=counts)

    def _tried(
        self,
        copy: str,
        what: CopyStep,
        reason: str,
        now: datetime,
        next_attempt: datetime | None = None,
        *,
        counts: bool = True,
    ) -> None:
        self._writable()
        one = self._copies[copy]
        if (one.state, what) in COPY_NEXT:
            attempts = one.attempts + counts
            self._copy(copy, what, attempts=attempts, last_error=reason, last_attempt=now, next_attempt=next_attempt)

    def _copy(self, copy: str, what: CopyStep, **changes: object) -> None:
        one = self._copies[copy]
        self._copies[copy] = replace(one, state=copy_step(one.state, what), **changes)  # type: ignore[arg-type]  # fields of a row

    def _copies_of(self, session: str) -> Sequence[CopyRow]:
        these = [one for one in self._copies.values() if one.session == session]
        return sorted(these, key=lambda one: (one.destination, one.report_id, one.idempotency_key))

    def _copies_at(self, destination: str, state: CopyState | None = None) -> Sequence[CopyRow]:
        return [one for one in self._copies.values() if one.destination == destination and state in {None, one.state}]

    def _note_copy(self, session: str, one: KeptDelivery, now: datetime) -> None:
        copy = CopyRow(
            id=self.chance.token()[:16],
            session=SessionId(session),
            destination=one.row.destination,
            report_id=one.receipt.report_id if one.receipt else "",
            idempotency_key="" if one.receipt else one.key,
            report_url=one.row.report_url,
            stopped_at=now,
            state=CopyState.KEPT,
        )
        if not any(_same_copy(copy, other) for other in self._copies.values()):
            self._copies[copy.id] = copy

    def _write_anew(self, one: KeptDelivery, *, cuts: int = 0) -> None:
        if one.written and one.row.last_attempt is not None:
            self._note_copy(one.row.session, one, one.row.last_attempt)
        self._leave_upload(one)
        one.letter, one.written, one.upload, one.key = None, False, Upload(cuts=cuts), self.chance.token()
        one.row = replace(one.row, stuck=0, stuck_since=None)


def _same_copy(one: CopyRow, other: CopyRow) -> bool:
    return all(
        getattr(one, name) == getattr(other, name)
        for name in ("session", "destination", "report_id", "idempotency_key")
    )
