"""Remembers in the spool's database what destinations have of uploads that were begun and will not be ended."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from datetime import datetime

from logferry_daemon.adapters import spool_rows as rows
from logferry_daemon.adapters.database_sqlite import Database, Query
from logferry_daemon.adapters.spool_due import by_the_clock
from logferry_daemon.adapters.spool_players import judged
from logferry_daemon.adapters.spool_rows import ms
from logferry_daemon.core.delivery import LEFT_OUT
from logferry_daemon.core.removal import NEXT, CopyState, CopyStep, copy_step
from logferry_daemon.ports import RemnantRow
from logferry_model.session import SessionId


class RemnantsInSqlite:
    """The part of the spool that has uploads taken back."""

    database: Database

    async def due_remnants(
        self, destination: str, now: datetime, limit: int, *, but: Collection[str] = ()
    ) -> Sequence[RemnantRow]:
        """Those that its destination is to delete now."""
        about = {"destination": destination, **by_the_clock(now), "but": json.dumps(list(but))}
        due = await self.database.read("remnants_due", **about, limit=limit)
        return [remnant_row(row) for row in due]

    async def next_remnant(self, destination: str, now: datetime, *, but: Collection[str] = ()) -> datetime | None:
        """When the earliest is due; long ago means now."""
        about = {"destination": destination, **by_the_clock(now), "but": json.dumps(list(but))}
        due = (await self.database.read("next_remnant", **about))[0]["due"]
        return None if due is None else rows.at(due)

    async def hasten_remnants(self, destination: str, *, but: Collection[str] = ()) -> None:
        """Due now."""
        await self.database.write("hasten_remnants", destination=destination, but=json.dumps(list(but)))

    async def leave_barred(self, destination: str) -> None:
        """By the owner's answers about players, and his choice of trackers."""

        def work() -> None:
            with self.database.writing() as query:
                begun = [rows.delivery_row(row) for row in query("begun_uploads", destination=destination)]
                for one in judged(query, begun) if begun else ():
                    if one.standing in LEFT_OUT:
                        leave_upload(query, one.id)

        await self.database.run(work)

    async def drop_expired(self, destination: str, now: datetime) -> None:
        """Forget what expired."""
        await self.database.write("drop_expired", destination=destination, now=ms(now))

    async def remnant_gone(self, remnant: str) -> None:
        """Its destination confirmed it."""

        def work() -> None:
            with self.database.writing() as query:
                if _state_after(query, remnant, CopyStep.CONFIRM) is not None:
                    query("drop_remnant", id=remnant)

        await self.database.run(work)

    async def remnant_refused(self, remnant: str, reason: str, now: datetime) -> None:
        """It stays until it expires."""
        await self._try_remnant(remnant, CopyStep.REFUSE, reason, now)

    async def remnant_deferred(
        self, remnant: str, reason: str, now: datetime, next_attempt: datetime, *, counts: bool
    ) -> None:
        """Again later."""
        await self._try_remnant(remnant, CopyStep.DEFER, reason, now, next_attempt, counts=counts)

    async def _try_remnant(
        self,
        remnant: str,
        what: CopyStep,
        reason: str,
        now: datetime,
        next_attempt: datetime | None = None,
        *,
        counts: bool = True,
    ) -> None:
        def work() -> None:
            with self.database.writing() as query:
                if (state := _state_after(query, remnant, what)) is not None:
                    query(
                        "tried_remnant",
                        id=remnant,
                        state=state,
                        counts=int(counts),
                        reason=reason,
                        now=ms(now),
                        next_attempt=None if next_attempt is None else ms(next_attempt),
                    )

        await self.database.run(work)


def _state_after(query: Query, remnant: str, what: CopyStep) -> CopyState | None:
    """None where it is gone, or its destination was removed meanwhile."""
    found = query("one_remnant", id=remnant)
    return NEXT.get((CopyState(found[0]["state"]), what)) if found else None


def leave_upload(query: Query, delivery: str) -> None:
    """Its delivery will not go on with it: what its destination has of it is to be taken back.

    One that is whole over there is not: that is a report, or becomes one, and is deleted as one.
    """
    query("file_remnant", id=delivery, state=CopyState.PENDING)
    query("leave_upload", id=delivery)


def ask_for_remnants(query: Query, session: str, destinations: Collection[str]) -> None:
    """What was refused is asked for once more."""
    for row in query("remnants_of", session=session):
        state = CopyState(row["state"])
        if row["destination"] in destinations and (state, CopyStep.ASK) in NEXT:
            query("ask_remnant", id=row["id"], state=copy_step(state, CopyStep.ASK))


def give_up_remnants(query: Query, destination: str, reason: str) -> None:
    """Nobody is left to ask."""
    for row in query("pending_remnants", destination=destination):
        query(
            "tried_remnant",
            id=row["id"],
            state=copy_step(CopyState(row["state"]), CopyStep.REFUSE),
            counts=0,
            reason=reason,
            now=row["last_attempt"],
            next_attempt=None,
        )


def remnant_row(row: sqlite3.Row) -> RemnantRow:
    """From `remnants`."""
    return RemnantRow(
        id=row["id"],
        session=SessionId(row["session"]),
        destination=row["destination"],
        path=row["path"],
        expires_at=None if row["expires_at"] is None else rows.at(row["expires_at"]),
        state=CopyState(row["state"]),
        attempts=row["attempts"],
        last_error=row["last_error"],
        last_attempt=None if row["last_attempt"] is None else rows.at(row["last_attempt"]),
        next_attempt=None if row["next_attempt"] is None else rows.at(row["next_attempt"]),
    )
