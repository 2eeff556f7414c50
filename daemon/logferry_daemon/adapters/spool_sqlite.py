"""The spool in SQLite. Each method is one transaction: what it says is done is on the disk when it returns.

SQL stands in sql/spool.sql, the states a delivery may take in core/delivery.py, the database's own manners in
database_sqlite.py; this file only joins them.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from logferry_daemon.adapters import spool_rows as rows
from logferry_daemon.adapters.database_sqlite import Database, Query
from logferry_daemon.adapters.papers_sqlite import forget_papers, note_papers, paper_changes
from logferry_daemon.adapters.spool_asking import AskingInSqlite, unasked_numbers
from logferry_daemon.adapters.spool_due import longest_untried_due, oldest_due
from logferry_daemon.adapters.spool_evenings import EveningsInSqlite
from logferry_daemon.adapters.spool_filing import Filing
from logferry_daemon.adapters.spool_filters import as_json, filters, wanted
from logferry_daemon.adapters.spool_history import HistoryInSqlite, note_attempt, note_broken_off, sent
from logferry_daemon.adapters.spool_partials import PartialsInSqlite
from logferry_daemon.adapters.spool_players import PlayersInSqlite, barred, judged, may_go
from logferry_daemon.adapters.spool_removals import Removals, give_up_copies, write_anew
from logferry_daemon.adapters.spool_room import Room
from logferry_daemon.adapters.spool_rows import ms
from logferry_daemon.adapters.spool_withholding import WithholdingInSqlite
from logferry_daemon.core.backoff import RETRY_AFTER_CAP
from logferry_daemon.core.consent import Grant
from logferry_daemon.core.delivery import State, Step, step
from logferry_daemon.core.exchange import Letter, Upload
from logferry_daemon.core.history import Ending
from logferry_daemon.core.papers import Journaled
from logferry_daemon.core.policy import Group
from logferry_daemon.core.queue_bound import Bound
from logferry_daemon.core.reading import Paper, Trouble
from logferry_daemon.core.recut import Recount, Recut, uncounted
from logferry_daemon.core.slots import slot_of
from logferry_daemon.ports import (
    NO_SUMMARIES,
    Admitted,
    Chance,
    Claimed,
    DeliveryRow,
    FileRow,
    NewSession,
    Recutting,
    SessionRow,
    Totals,
    destination_note,
    earlier,
    place_note,
    terms_note,
    trackers_note,
)
from logferry_daemon.sql.load import load_migrations, load_queries
from logferry_model.envelope import Receipt
from logferry_model.errors import LogferryError
from logferry_model.session import Session

USUAL = Bound()
_PROBE = "probe"


@asynccontextmanager
async def open_spool(
    path: Path,
    chance: Chance,
    sender: rows.SenderFacts,
    recount: Recount = uncounted,
    *,
    bound: Bound = USUAL,
    damaged: Callable[[], None] | None = None,
) -> AsyncIterator[SqliteSpool]:
    """The spool in `path`, made or brought up to date; what was being sent when it was last closed is pending again.

    `recount` counts what is recut; `bound` is how much may wait in it; `damaged` is called, on another thread,
    when its file turns out not to be what was written.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="spool") as thread:
        database = Database(path, thread, named_queries())
        spool = SqliteSpool(database, chance, sender, Filing(chance, recount), bound=bound)
        database.damaged = damaged or database.damaged
        try:
            await database.run(spool.open)
            yield spool
        finally:
            await database.run(database.close)


def named_queries() -> Mapping[str, str]:
    """Every statement the spool runs, by its name."""
    rooms = ("spool", "identities", "removals", "history", "withholding", "evenings", "partials", "filters", "asking")
    files = [f"{room}.sql" for room in rooms]
    return {name: text for file in files for name, text in load_queries(file).items()}


class SqliteSpool(
    PlayersInSqlite,
    HistoryInSqlite,
    PartialsInSqlite,
    AskingInSqlite,
    Removals,
    WithholdingInSqlite,
    EveningsInSqlite,
):
    """Intake, outbox, ledger, history, choices, roster, removals and withholding over one database."""

    def __init__(
        self,
        database: Database,
        chance: Chance,
        sender: rows.SenderFacts,
        filing: Filing,
        *,
        bound: Bound = USUAL,
    ) -> None:
        super().__init__(database)
        self._chance = chance
        self._sender = sender
        self._filing = filing
        self._lent: set[str] = set()
        """Deliveries that somebody claimed and has not told the end of."""
        self._room = Room(bound)
        database.unsettled = self._take_back

    def open(self) -> None:
        """Open, migrate, recover. Runs on the database's thread."""
        self.database.open(load_migrations())
        with self.database.writing() as query:
            self._recover(query, query("left_uploading"))

    @property
    def trouble(self) -> LogferryError | None:
        """Why it could not be used the last time; None once something was written since."""
        return self.database.trouble or self._room.trouble

    async def measure(self) -> None:
        """Whether there is room again."""
        await self.database.run(lambda: self._room.measure(self.database.query))

    async def probe(self) -> None:
        """A note that nobody reads."""
        await self.set_note(_PROBE, self._chance.token())

    def _take_back(self) -> None:
        """Claims that nobody heard of: their transaction was said to have failed, and is on the disk all the same."""
        unknown = [row for row in self.database.query("left_uploading") if row["id"] not in self._lent]
        if unknown:
            with self.database.writing() as query:
                self._recover(query, unknown)

    # Intake

    async def files(self, source: str) -> Sequence[FileRow]:
        """Everything remembered about a source's files."""
        return [rows.file_row(row) for row in await self.database.read("files_of_source", source=source)]

    async def forget_file(self, source: str, path: str, now: datetime) -> None:
        """The file is gone, and the papers in it; its sessions stay."""

        def work() -> None:
            with self.database.writing() as query:
                forget_papers(self.database.opened(), source, path, now)
                query("forget_file", source=source, path=path)

        await self.database.run(work)

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
        """Sessions, deliveries, papers and position in one transaction."""

        def work() -> list[Admitted]:
            with self.database.writing() as query:
                self._room.check(query, sessions)
                filing, source, to = self._filing, row.source, destinations
                admitted = [filing.admit(query, source, one, to, now, summaries=summaries) for one in sessions]
                if papers is not None:
                    note_papers(self.database.opened(), row.source, row.path, papers, now)
                query("keep_file", **rows.file_values(row))
            self._room.taken(sessions)
            return [one for some in admitted for one in some]

        return await self.database.run(work)

    # Outbox

    async def claim(
        self,
        destination: str,
        now: datetime,
        limit: int,
        *,
        backfill: int,
        only_asked: bool = False,
        longest_untried: bool = False,
    ) -> Sequence[Claimed]:
        """The oldest deliveries that are due, marked as uploading; at most so many of a backfill, and those last."""

        def work() -> list[Claimed]:
            about: dict[str, Any] = {"destination": destination, "now": ms(now), "latest": ms(now + RETRY_AFTER_CAP)}
            about["only_asked"] = int(only_asked)
            with self.database.writing() as query:
                about["may_go"], about["trackers"] = may_go(query, destination), wanted(query, destination)
                due = (longest_untried_due if longest_untried else oldest_due)(query, about, limit, backfill)
                install = self._install_id(query, destination) if due else ""
                claimed = [one for row in due if (one := self._claim(query, row, install, now))]
            self._lent.update(one.row.id for one in claimed)
            return claimed

        return await self.database.run(work)

    def _claim(self, query: Query, row: sqlite3.Row, install: str, now: datetime) -> Claimed | None:
        """Mark it as being sent; a row that cannot be read is set aside and blocks no other."""
        state = step(State(row["state"]), Step.CLAIM)
        query("claim", id=row["id"], state=state, now=ms(now))
        try:
            return rows.claimed(row, state, install, self._sender)
        except (zlib.error, ValueError) as error:
            reason = f"its document in the spool is damaged: {error}"
            self.database.damaged()
            note_attempt(query, row["id"], Ending.REFUSED, reason, now=ms(now))
            query("parked", id=row["id"], state=step(state, Step.PARK), reason=reason, now=ms(now))
            return None

    def _install_id(self, query: Query, destination: str) -> str:
        """Random, one a destination: two collectors cannot tell that they know the same installation."""
        key = _install_note(destination)
        if not query("note", key=key):
            query("keep_note", key=key, value=self._chance.token())
        return str(query("note", key=key)[0]["value"])

    async def keep_letter(self, delivery: str, letter: Letter) -> None:
        """The bytes, before they are sent for the first time."""
        await self.database.write("keep_letter", id=delivery, **rows.letter_values(letter))

    async def keep_upload(self, delivery: str, upload: Upload) -> None:
        """How far they have come."""
        values = {"path": upload.path, "offset": upload.offset, "cuts": upload.cuts}
        await self.database.write("keep_upload", id=delivery, **values)

    async def acked(self, delivery: str, receipt: Receipt | None, note: str, now: datetime, took: timedelta) -> None:
        """Uploaded, with its receipt."""
        await self._step(
            "acked",
            Step.ACK,
            delivery,
            _Try(Ending.UPLOADED, note, ms(now), took // timedelta(milliseconds=1)),
            now=ms(now),
            note=note,
            took_ms=took // timedelta(milliseconds=1),
            receipt=msgspec.json.encode(receipt).decode() if receipt else None,
            report_url=(receipt.report_url or None) if receipt else None,
        )

    async def deferred(
        self,
        delivery: str,
        reason: str,
        next_attempt: datetime,
        *,
        counts: bool,
        now: datetime | None = None,
        anew: bool = False,
    ) -> None:
        """Back to pending."""
        await self._step(
            "deferred",
            Step.DEFER,
            delivery,
            _Try(Ending.LATER, reason, None if now is None else ms(now), anew=anew),
            reason=reason,
            next_attempt=ms(next_attempt),
            counts=int(counts),
        )

    async def released(self, deliveries: Sequence[str]) -> None:
        """Pending again, those that are still being sent."""

        def work() -> None:
            with self.database.writing() as query:
                self._recover(query, [row for row in query("left_uploading") if row["id"] in deliveries])
            self._lent.difference_update(deliveries)

        await self.database.run(work)

    async def hastened(self, deliveries: Sequence[str]) -> None:
        """Due now."""

        def work() -> None:
            with self.database.writing() as query:
                for delivery in deliveries:
                    query("hasten", id=delivery)

        await self.database.run(work)

    def _recover(self, query: Query, rows: Sequence[sqlite3.Row]) -> None:
        for row in rows:
            note_broken_off(query, row["id"])
            query("set_state", id=row["id"], state=step(State(row["state"]), Step.RECOVER), reason="")
            self._filing.supersede(query, row["session"], row["destination"])

    async def parked(self, delivery: str, reason: str, now: datetime) -> None:
        """Failed, with the text of the other side."""
        tried = _Try(Ending.REFUSED, reason, ms(now))
        await self._step("parked", Step.PARK, delivery, tried, reason=reason, now=ms(now))

    async def _step(self, name: str, what: Step, delivery: str, tried: _Try, **values: Any) -> None:  # noqa: ANN401 -- whatever SQLite stores
        def work() -> None:
            with self.database.writing() as query:
                found = query("one_state", id=delivery)
                if found:  # else its destination was removed meanwhile
                    note_attempt(query, delivery, tried.outcome, tried.reason, now=tried.now, took_ms=tried.took_ms)
                    query(name, id=delivery, state=step(State(found[0]["state"]), what), **values)
                    if tried.anew:
                        write_anew(query, delivery)
                    self._filing.supersede(query, found[0]["session"], found[0]["destination"])
            self._lent.discard(delivery)

        await self.database.run(work)

    async def kept(self, document: bytes) -> Mapping[str, str]:
        """Slot -> text, of those in the document."""

        def work() -> dict[str, str]:
            if not self.database.query("any_kept"):
                return {}
            told = {slot: self.database.query("kept_text", slot=slot) for slot in rows.slots_in(document)}
            return {slot: found[0]["text"] for slot, found in told.items() if found}

        return await self.database.run(work)

    async def next_due(self, destination: str, *, backfill: bool, only_asked: bool = False) -> datetime | None:
        """When the earliest pending delivery is due; long ago means now."""

        def work() -> int | None:
            query = self.database.query
            about = {"destination": destination, "backfill": int(backfill), "may_go": may_go(query, destination)}
            about |= {"trackers": wanted(query, destination), "only_asked": int(only_asked)}
            due: int | None = query("next_due", **about)[0]["due"]
            return due

        due = await self.database.run(work)
        return None if due is None else rows.at(due)

    # Ledger

    async def totals(self) -> Totals:
        """Counts and metrics, of one moment."""

        def work() -> Totals:
            counts = {(row["destination"], State(row["state"])): row["number"] for row in self.database.query("counts")}
            last = self.database.query("last_report")
            told = rows.totals(
                counts,
                self.database.query("found")[0],
                self.database.query("sent")[0],
                last[0]["report_url"] if last else None,
                self.database.query("backlog", filters=as_json(filters(self.database.query)))[0],
            )
            places = {destination for destination, _ in counts}
            return replace(
                told,
                barred=barred(self.database.query, places),
                sent=sent(self.database.query),
                unasked=unasked_numbers(self.database.query),
            )

        return await self.database.run(work)

    async def sessions(self) -> Sequence[tuple[SessionRow, Sequence[DeliveryRow]]]:
        """All sessions, newest first."""

        def work() -> list[tuple[SessionRow, list[DeliveryRow]]]:
            deliveries: dict[str, list[DeliveryRow]] = {}
            found = [rows.delivery_row(row) for row in self.database.query("all_deliveries")]
            for one in judged(self.database.query, found):
                deliveries.setdefault(one.session, []).append(one)
            return [
                (rows.session_row(row), deliveries.get(row["id"], [])) for row in self.database.query("all_sessions")
            ]

        return await self.database.run(work)

    async def session(self, session: str) -> tuple[SessionRow, Sequence[DeliveryRow], Session] | None:
        """One session with its document."""

        def work() -> tuple[SessionRow, list[DeliveryRow], Session] | None:
            found = self.database.query("sessions_like", id=session)
            if len(found) != 1:
                return None
            whole = found[0]["id"]
            deliveries = [rows.delivery_row(row) for row in self.database.query("deliveries_of", session=whole)]
            judgement = judged(self.database.query, deliveries, whole)
            return rows.session_row(found[0]), judgement, rows.document(found[0]["document"])

        return await self.database.run(work) if session else None

    async def delivery(self, delivery: str) -> DeliveryRow | None:
        """One delivery as it stands."""

        def work() -> DeliveryRow | None:
            found = [rows.delivery_row(row) for row in self.database.query("one_delivery", id=delivery)]
            return judged(self.database.query, found, found[0].session)[0] if found else None

        return await self.database.run(work)

    async def paper_changes(self, after: int) -> Sequence[Journaled]:
        """The journal after one of its lines."""
        return await self.database.run(lambda: paper_changes(self.database.opened(), after))

    async def troubles(self) -> Sequence[tuple[str, str, Trouble]]:
        """Every file that has one."""
        return [
            (row["source"], row["path"], trouble)
            for row in await self.database.read("files_in_trouble")
            for trouble in rows.troubles(row["troubles"])
        ]

    async def release(self, session: str | None, since: datetime | None) -> int:
        """Backlog to pending."""
        after, earliest = step(State.BACKLOG, Step.RELEASE), None if since is None else ms(since)

        def work() -> int:
            with self.database.writing() as query:
                return len(query("release", state=after, session=session, since=earliest))

        return await self.database.run(work)

    async def hurry(self, session: str | None, now: datetime, *, asked: bool = True) -> int:
        """Pending deliveries are due now."""

        def work() -> int:
            with self.database.writing() as query:
                query("hurry", session=session, asked=int(asked))
                return int(query("pending_number", session=session)[0]["number"])

        return await self.database.run(work)

    async def retry(self, ids: Sequence[str], now: datetime) -> int:
        """Failed deliveries back to pending."""

        def work() -> int:
            with self.database.writing() as query:
                chosen = [row for row in query("failed") if not ids or _is_meant(row, ids)]
                for row in chosen:
                    query("retried", id=row["id"], state=step(State(row["state"]), Step.RETRY))
                    self._filing.supersede(query, row["session"], row["destination"])
                return len(chosen)

        return await self.database.run(work)

    async def recut(self, order: Recut, destinations: Sequence[str], now: datetime, *, only_look: bool) -> Recutting:
        """Split or join sessions by hand."""

        def work() -> Recutting:
            with self.database.writing() as query:
                return self._filing.recut(query, order, destinations, now, only_look=only_look)

        return await self.database.run(work)

    async def look_at(self, session: str, destination: str) -> Claimed | None:
        """The newest delivery, as it stands."""

        def work() -> Claimed | None:
            with self.database.writing() as query:
                found = query("newest_delivery", session=session, destination=destination)
                install = self._install_id(query, destination) if found else ""
                return rows.claimed(found[0], State(found[0]["state"]), install, self._sender) if found else None

        return await self.database.run(work)

    async def failures(self, limit: int) -> Sequence[DeliveryRow]:
        """Failed deliveries, newest first."""

        def work() -> list[DeliveryRow]:
            rules = as_json(filters(self.database.query))
            found = [rows.delivery_row(row) for row in self.database.query("failures", limit=limit, filters=rules)]
            return judged(self.database.query, found)

        return await self.database.run(work)

    # Choices

    async def grants(self) -> Mapping[str, Grant]:
        """Destination -> agreement."""
        return {row["destination"]: rows.grant(row) for row in await self.database.read("grants")}

    async def grant(self, grant: Grant) -> None:
        """Record an agreement; letters on other terms are written again."""

        def work() -> None:
            with self.database.writing() as query:
                note = terms_note(grant.destination)
                before = query("note", key=note)
                if before and before[0]["value"] != grant.policy_digest:
                    for row in query("unsent_letters", destination=grant.destination):
                        write_anew(query, row["id"])
                query("keep_note", key=note, value=grant.policy_digest)
                query("keep_grant", **rows.grant_values(grant))

        await self.database.run(work)

    async def revoke(self, destination: str) -> None:
        """Take it back."""
        await self.database.write("drop_grant", destination=destination)

    async def keep_only(self, groups: Collection[Group]) -> None:
        """Forget the texts of all other groups."""

        def work() -> int:
            with self.database.writing() as query:
                gone = [row["slot"] for row in query("kept_slots") if not _is_of(row["slot"], groups)]
                for slot in gone:
                    query("forget_text", slot=slot)
                if gone:
                    query("want_scrub")
                return len(gone)

        if await self.database.run(work):
            await self.scrub()

    async def enlist(self, destination: str, place: str, now: datetime) -> int:
        """A delivery of every session to a destination that has none of it yet."""

        def work() -> int:
            with self.database.writing() as query:
                self._move(query, destination, place, now)
                strangers = query("strangers_to", destination=destination)
                for row in strangers:
                    before = self._filing.before(query, destination, row["id"])
                    self._filing.deliver(query, destination, row["id"], row["revision"], now, before=before)
                return len(strangers)

        return await self.database.run(work)

    def _move(self, query: Query, destination: str, place: str | None, now: datetime | None = None) -> None:
        """The destination is at `place` from now on, or nowhere."""
        note = place_note(destination)
        known = query("note", key=note)
        before = known[0]["value"] if known else None
        if place is None or before not in {None, place}:
            query("drop_unsent", destination=destination)
            # Answers were about the place it had: what may go there says nothing about another one.
            query("drop_bindings", destination=destination)
            give_up_copies(query, destination)
            for what in ("rename", "rename_copies"):
                query(what, destination=destination, to=earlier(destination, before or ""))
            query("drop_note", key=_install_note(destination))
            query("drop_note", key=note)
            query("drop_note", key=destination_note(destination))
            query("drop_note", key=trackers_note(destination))
        if place is not None and now is not None and before != place:
            for what in ("rename", "rename_copies"):
                query(what, destination=earlier(destination, place), to=destination)
            query("keep_note", key=note, value=place)
            query("keep_note", key=destination_note(destination), value=now.isoformat())

    async def dismiss(self, destination: str) -> None:
        """Forget what was not sent to a destination that is gone."""

        def work() -> None:
            with self.database.writing() as query:
                self._move(query, destination, None)
                query("drop_grant", destination=destination)

        await self.database.run(work)

    async def note(self, key: str) -> str | None:
        """A small fact that survives a restart."""
        found = await self.database.read("note", key=key)
        return found[0]["value"] if found else None

    async def set_note(self, key: str, value: str | None) -> None:
        """Remember it, or forget it."""
        if value is None:
            await self.database.write("drop_note", key=key)
        else:
            await self.database.write("keep_note", key=key, value=value)


def _is_of(slot: str, groups: Collection[Group]) -> bool:
    found = slot_of(slot)
    return found is not None and found[0] in groups


@dataclass(frozen=True, slots=True)
class _Try:
    """How a try ended, in the spool's units."""

    outcome: Ending
    reason: str
    now: int | None
    took_ms: int | None = None
    anew: bool = False
    """Its bytes are not taken as they are; noted with the try first, for its count of bytes."""


def _install_note(destination: str) -> str:
    return f"install-id:{destination}"


def _is_meant(row: sqlite3.Row, ids: Sequence[str]) -> bool:
    """Whether one of these is the beginning of its id or of its session's."""
    beginnings = tuple(one for one in ids if one)
    return bool(row["id"].startswith(beginnings) or row["session"].startswith(beginnings))
