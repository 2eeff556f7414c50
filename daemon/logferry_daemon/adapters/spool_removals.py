"""Deletes sessions from the spool's database, and remembers that it did and where else they are.

What is gone from the tables is gone from the files, too: `scrub` has SQLite write the database anew, without what it
had freed, and empties the log beside it. What may become of a copy elsewhere stands in core/removal.py.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import msgspec

from logferry_daemon.adapters import spool_rows as rows
from logferry_daemon.adapters.database_sqlite import Query
from logferry_daemon.adapters.spool_aside import remove_aside
from logferry_daemon.adapters.spool_due import by_the_clock
from logferry_daemon.adapters.spool_filing import Filing
from logferry_daemon.adapters.spool_history import note_broken_off
from logferry_daemon.adapters.spool_remnants import (
    RemnantsInSqlite,
    ask_for_remnants,
    give_up_remnants,
    leave_upload,
    remnant_row,
)
from logferry_daemon.adapters.spool_rows import ms
from logferry_daemon.core.delivery import State, Step, step
from logferry_daemon.core.removal import NEXT, CopyState, CopyStep, copy_step
from logferry_daemon.core.salvage import REBUILT_NOTE, decode_rebuilt, encode_rebuilt
from logferry_daemon.core.shelved import unshelved
from logferry_daemon.ports import Chance, CopyRow, DeletedRow, RemnantRow, Removed, UnknownSession
from logferry_model.envelope import Receipt
from logferry_model.session import SessionId


class Removals(RemnantsInSqlite):
    """The part of the spool that forgets."""

    _chance: Chance
    _filing: Filing

    async def delete(self, session: str, tracker: str, now: datetime, *, ask: Collection[str]) -> Removed:
        """Everything of the session in one transaction, also where a plan has it; see the port."""

        def work() -> Removed:
            with self.database.writing() as query:
                removed = self._delete(query, session, tracker, now)
                for one in removed.sessions:
                    for copy in query("copies_of", session=one):
                        _ask(query, copy, ask)
                    ask_for_remnants(query, one, ask)
                copies = [_copy_row(copy) for one in removed.sessions for copy in query("copies_of", session=one)]
                left = [remnant_row(row) for one in removed.sessions for row in query("remnants_of", session=one)]
                return replace(removed, copies=tuple(copies), remnants=tuple(left))

        return await self.database.run(work)

    def _delete(self, query: Query, session: str, tracker: str, now: datetime) -> Removed:
        found = query("whole_session", id=session)
        if found and found[0]["merged_into"]:
            raise UnknownSession(session, found[0]["merged_into"])
        plan = found[0]["plan"] if found else None
        siblings = [row for row in query("of_plan", plan=plan) if row["id"] != session] if plan else []
        # What became part of another one still has what was in it then: it goes, too.
        gone = [session, *(row["id"] for row in siblings if row["merged_into"])]
        closed = [row["id"] for row in query("told_by", plan=plan)] if plan else []
        if plan:
            left = [row["id"] for row in siblings if row["merged_into"] is None]
            _file_texts(query, {session, *closed, *(row["id"] for row in siblings)}, left)
        stopped = [one for each in gone for one in self._drop(query, each, now)]
        for one in (*gone, *closed):
            query("add_deleted", id=one, tracker=tracker, now=ms(now))
        outdated = []
        for row in siblings:
            if row["merged_into"] is None:
                held_up, sent = self._detach(query, row["id"])
                stopped += held_up
                outdated += [SessionId(row["id"])] if sent else []
        if plan:
            query("drop_originals", plan=plan)
            query("drop_cuts", plan=plan)
        query("empty_letters")
        query("want_scrub")
        return Removed(
            sessions=tuple(map(SessionId, gone)), stopped=tuple(stopped), copies=(), outdated=tuple(outdated)
        )

    def _drop(self, query: Query, session: str, now: datetime) -> Iterator[str]:
        """Remove its rows; yields its deliveries, any of which may be under way."""
        deliveries = query("letters_of", session=session)
        known: set[str] = set()
        for row in deliveries:
            if row["state"] == State.UPLOADED or (row["destination"] not in known and _may_be_there(row)):
                known.add(row["destination"])
                self._note_copy(query, session, row, now)
            leave_upload(query, row["id"])
        query("restarted_tries", session=session, now=ms(now), state=CopyState.KEPT)
        query("drop_deliveries", session=session)
        query("drop_kept", session=session)
        query("drop_player", session=session)
        query("drop_session", id=session)
        return (row["id"] for row in deliveries)

    def _note_copy(self, query: Query, session: str, row: sqlite3.Row, now: datetime) -> None:
        if row["state"] == State.UPLOADED and row["receipt"] is None:
            return  # its owner deleted it over there
        receipt = msgspec.json.decode(row["receipt"], type=Receipt) if row["receipt"] else None
        query(
            "add_copy",
            id=self._chance.token()[:16],
            session=session,
            destination=row["destination"],
            report=receipt.report_id if receipt else "",
            idempotency_key="" if receipt else row["idempotency_key"],
            report_url=row["report_url"],
            now=ms(now),
            state=CopyState.KEPT,
        )

    def _detach(self, query: Query, session: str) -> tuple[list[str], bool]:
        """A part that stays is a session by itself; its older revisions, which had more in them, are never sent.

        Returns those of them that may be under way, and whether one has arrived.
        """
        query("leave_plan", id=session)
        stopped, arrived = [], False
        for row in query("outdated", session=session):
            arrived |= row["state"] == State.UPLOADED
            if row["state"] == State.UPLOADING:
                note_broken_off(query, row["id"])
                query("set_state", id=row["id"], state=step(State.UPLOADING, Step.RECOVER), reason="")
                self._filing.supersede(query, session, row["destination"])
                stopped.append(row["id"])
        return stopped, arrived

    async def scrub(self) -> None:
        """Nothing that was deleted is left in any of the spool's files."""

        def before() -> str | None:
            with self.database.writing() as query:
                query("empty_letters")
                wanted = query("scrub_wanted")
                return wanted[0]["value"] if wanted else None

        wanted = await self.database.run(before)
        if wanted:
            await self.database.run(self._remove_aside)
        await self.database.rewrite()
        # What was deleted while that went on is wanted still: its note has another value.
        await self.database.write("scrubbed", value=wanted)

    def _remove_aside(self) -> None:
        """What was damaged was read, and has what is to be gone in it still; its first to go makes room, too."""
        remove_aside(self.database.path)
        with self.database.writing() as query:
            note = query("note", key=REBUILT_NOTE)
            rebuilt = decode_rebuilt(note[0]["value"]) if note else None
            if rebuilt and rebuilt.aside:
                query("keep_note", key=REBUILT_NOTE, value=encode_rebuilt(msgspec.structs.replace(rebuilt, aside="")))

    async def unscrubbed(self) -> bool:
        """Whether what was deleted may be left in the files."""
        return bool(await self.database.read("scrub_wanted"))

    async def deleted(self) -> Sequence[DeletedRow]:
        """All deleted sessions, newest first."""

        def work() -> list[DeletedRow]:
            copies: dict[str, list[CopyRow]] = {}
            for row in self.database.query("all_copies"):
                copies.setdefault(row["session"], []).append(_copy_row(row))
            left: dict[str, list[RemnantRow]] = {}
            for row in self.database.query("all_remnants"):
                left.setdefault(row["session"], []).append(remnant_row(row))
            return [
                DeletedRow(
                    session=SessionId(row["id"]),
                    tracker=row["tracker"],
                    deleted_at=rows.at(row["deleted_at"]),
                    copies=tuple(copies.get(row["id"], ())),
                    remnants=tuple(left.get(row["id"], ())),
                )
                for row in self.database.query("all_deleted")
            ]

        return await self.database.run(work)

    async def may_be_at(self, session: str, destination: str) -> bool:
        """Also what was tried under a key that it has no more."""
        return bool(await self.database.read("may_be_at", session=session, destination=destination))

    async def due_copies(
        self, destination: str, now: datetime, limit: int, *, but: Collection[str] = ()
    ) -> Sequence[CopyRow]:
        """Those that its destination is to delete now."""
        about = {"destination": destination, **by_the_clock(now), "but": json.dumps(list(but))}
        due = await self.database.read("copies_due", **about, limit=limit)
        return [_copy_row(row) for row in due]

    async def next_copy(self, destination: str, now: datetime, *, but: Collection[str] = ()) -> datetime | None:
        """When the earliest is due; long ago means now."""
        about = {"destination": destination, **by_the_clock(now), "but": json.dumps(list(but))}
        due = (await self.database.read("next_copy", **about))[0]["due"]
        return None if due is None else rows.at(due)

    async def hasten_copies(self, destination: str, *, but: Collection[str] = ()) -> None:
        """Due now."""
        await self.database.write("hasten_copies", destination=destination, but=json.dumps(list(but)))

    async def copy_gone(self, copy: str, note: str, now: datetime) -> None:
        """Its destination confirmed it."""
        await self._tried(copy, CopyStep.CONFIRM, note, now)

    async def copy_refused(self, copy: str, reason: str, now: datetime) -> None:
        """A person decides."""
        await self._tried(copy, CopyStep.REFUSE, reason, now)

    async def copy_deferred(
        self, copy: str, reason: str, now: datetime, next_attempt: datetime, *, counts: bool
    ) -> None:
        """Again later."""
        await self._tried(copy, CopyStep.DEFER, reason, now, next_attempt, counts=counts)

    async def _tried(
        self,
        copy: str,
        what: CopyStep,
        reason: str,
        now: datetime,
        next_attempt: datetime | None = None,
        *,
        counts: bool = True,
    ) -> None:
        def work() -> None:
            with self.database.writing() as query:
                state = CopyState(query("one_copy", id=copy)[0]["state"])
                if (state, what) not in NEXT:
                    return  # its destination was removed meanwhile
                query(
                    "tried_copy",
                    id=copy,
                    state=copy_step(state, what),
                    counts=int(counts),
                    reason=reason,
                    now=ms(now),
                    next_attempt=None if next_attempt is None else ms(next_attempt),
                )

        await self.database.run(work)


NOBODY = "its destination was removed, or has another address now"


def give_up_copies(query: Query, destination: str) -> None:
    """Nobody is left to ask: its destination is gone, or is at another address now."""
    for row in query("pending_copies", destination=destination):
        query(
            "tried_copy",
            id=row["id"],
            state=copy_step(CopyState(row["state"]), CopyStep.REFUSE),
            counts=0,
            reason=NOBODY,
            now=row["last_attempt"],
            next_attempt=None,
        )
    give_up_remnants(query, destination, NOBODY)


def _ask(query: Query, copy: sqlite3.Row, destinations: Collection[str]) -> None:
    state = CopyState(copy["state"])
    if copy["destination"] in destinations and (state, CopyStep.ASK) in NEXT:
        query("ask_copy", id=copy["id"], state=copy_step(state, CopyStep.ASK))
    elif not destinations and (state, CopyStep.LEAVE) in NEXT:
        query("ask_copy", id=copy["id"], state=copy_step(state, CopyStep.LEAVE))


def _file_texts(query: Query, holders: Collection[str], left: Collection[str]) -> None:
    """Texts were filed by the log's session: those of its parts that stay are theirs now, and all others go."""
    texts = {row["slot"]: row["text"] for one in holders for row in query("texts_of", session=one)}
    for one in holders if texts else ():
        query("drop_kept", session=one)
    for one in left if texts else ():
        document = unshelved(query("whole_session", id=one)[0]["document"])
        for slot in rows.slots_in(document) & texts.keys():
            query("keep_text", slot=slot, session=one, text=texts[slot])


def write_anew(query: Query, delivery: str, forget: str = "forget_letter") -> None:
    """Its letter is written anew, under another key: under the one that it had, something may be there already."""
    query("file_try", id=delivery, state=CopyState.KEPT)
    leave_upload(query, delivery)
    query(forget, id=delivery)


def _may_be_there(row: sqlite3.Row) -> bool:
    """It was sent, or begun to be, and no receipt came back."""
    return bool(row["written"]) and row["last_attempt"] is not None


def _copy_row(row: sqlite3.Row) -> CopyRow:
    return CopyRow(
        id=row["id"],
        session=SessionId(row["session"]),
        destination=row["destination"],
        report_id=row["report"],
        idempotency_key=row["idempotency_key"],
        report_url=row["report_url"],
        stopped_at=rows.at(row["stopped_at"]),
        state=CopyState(row["state"]),
        attempts=row["attempts"],
        last_error=row["last_error"],
        last_attempt=None if row["last_attempt"] is None else rows.at(row["last_attempt"]),
        next_attempt=None if row["next_attempt"] is None else rows.at(row["next_attempt"]),
    )
