"""Uploads that were begun and will not be ended."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from logferry_daemon.core.delivery import LEFT_OUT, State
from logferry_daemon.core.exchange import Upload
from logferry_daemon.core.removal import NEXT as COPY_NEXT
from logferry_daemon.core.removal import CopyState, CopyStep
from logferry_daemon.ports import RemnantRow
from tests.fake_spool.due import due_at, is_due
from tests.fake_spool.players import Players
from tests.fake_spool.shelves import KeptDelivery

NOBODY = "its destination was removed, or has another address now"


class RemnantsInMemory(Players):
    """The part of the spool that has uploads taken back."""

    async def due_remnants(
        self, destination: str, now: datetime, limit: int, *, but: Collection[str] = ()
    ) -> Sequence[RemnantRow]:
        waiting = [one for one in self._remnants_waiting(destination) if one.id not in but]
        due = [one for one in waiting if is_due(one, now)]
        return sorted(due, key=lambda one: one.id)[:limit]

    async def next_remnant(self, destination: str, now: datetime, *, but: Collection[str] = ()) -> datetime | None:
        waiting = self._remnants_waiting(destination)
        return min((due_at(one, now) for one in waiting if one.id not in but), default=None)

    async def hasten_remnants(self, destination: str, *, but: Collection[str] = ()) -> None:
        self._writable()
        for one in self._remnants_waiting(destination):
            if one.id not in but:
                self._remnants[one.id] = replace(one, next_attempt=None)

    async def leave_barred(self, destination: str) -> None:
        self._writable()
        for one in self._all():
            there = one.row.destination == destination and one.row.state is not State.UPLOADING
            if there and self._judged(one).standing in LEFT_OUT:
                self._leave_upload(one)

    async def drop_expired(self, destination: str, now: datetime) -> None:
        self._writable()
        for one in self._remnants_at(destination):
            if one.is_over(now):
                del self._remnants[one.id]

    async def remnant_gone(self, remnant: str) -> None:
        self._writable()
        if remnant in self._remnants and self._remnants[remnant].state is CopyState.PENDING:
            del self._remnants[remnant]

    async def remnant_refused(self, remnant: str, reason: str, now: datetime) -> None:
        self._try_remnant(remnant, CopyStep.REFUSE, reason, now, None, counts=True)

    async def remnant_deferred(
        self, remnant: str, reason: str, now: datetime, next_attempt: datetime, *, counts: bool
    ) -> None:
        self._try_remnant(remnant, CopyStep.DEFER, reason, now, next_attempt, counts=counts)

    def _try_remnant(
        self, remnant: str, what: CopyStep, reason: str, now: datetime, next_attempt: datetime | None, *, counts: bool
    ) -> None:
        self._writable()
        one = self._remnants.get(remnant)
        if one and (state := COPY_NEXT.get((one.state, what))):
            changes = {"last_error": reason, "last_attempt": now, "next_attempt": next_attempt}
            self._remnants[remnant] = replace(one, state=state, attempts=one.attempts + counts, **changes)  # type: ignore[arg-type]  # fields of a row

    def _leave_upload(self, one: KeptDelivery) -> None:
        row, path = one.row, one.upload.path
        whole = one.letter is not None and one.upload.offset >= len(one.letter.body)
        if path and not whole and not any(left.path == path for left in self._remnants_at(row.destination)):
            left = RemnantRow(
                id=self.chance.token()[:16],
                session=row.session,
                destination=row.destination,
                path=path,
                expires_at=one.upload.expires,
                state=CopyState.PENDING,
            )
            self._remnants[left.id] = left
        if path:
            one.upload = Upload(cuts=one.upload.cuts)

    def _ask_for_remnants(self, session: str, destinations: Collection[str]) -> None:
        for one in self._remnants_of(session):
            if one.destination in destinations and (state := COPY_NEXT.get((one.state, CopyStep.ASK))):
                self._remnants[one.id] = replace(one, state=state, attempts=0, last_error="", next_attempt=None)

    def _give_up_remnants(self, destination: str) -> None:
        for one in self._remnants_waiting(destination):
            refused = replace(one, state=CopyState.FAILED, last_error=NOBODY, next_attempt=None)
            self._remnants[one.id] = refused

    def _rename_remnants(self, destination: str, to: str) -> None:
        for one in self._remnants_at(destination):
            self._remnants[one.id] = replace(one, destination=to)

    def _remnants_of(self, session: str) -> Sequence[RemnantRow]:
        these = [one for one in self._remnants.values() if one.session == session]
        return sorted(these, key=lambda one: (one.destination, one.path))

    def _remnants_at(self, destination: str) -> Sequence[RemnantRow]:
        return [one for one in self._remnants.values() if one.destination == destination]

    def _remnants_waiting(self, destination: str) -> Sequence[RemnantRow]:
        return [one for one in self._remnants_at(destination) if one.state is CopyState.PENDING]
