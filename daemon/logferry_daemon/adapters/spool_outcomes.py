"""What became of a delivery that was handed out, in the spool's database: each try noted with what it changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from logferry_daemon.adapters import spool_rows as rows
from logferry_daemon.adapters.database_sqlite import Database, Query
from logferry_daemon.adapters.spool_filing import Filing
from logferry_daemon.adapters.spool_history import note_attempt, note_broken_off
from logferry_daemon.adapters.spool_remnants import leave_upload
from logferry_daemon.adapters.spool_removals import write_anew
from logferry_daemon.adapters.spool_rows import ms
from logferry_daemon.core.delivery import State, Step, step
from logferry_daemon.core.exchange import Letter, Upload
from logferry_daemon.core.history import Ending
from logferry_model.envelope import Receipt


class OutcomesInSqlite:
    """The part of the outbox that is told how it went."""

    database: Database
    _filing: Filing
    _lent: set[str]

    async def keep_letter(self, delivery: str, letter: Letter) -> None:
        """The bytes, before they are sent for the first time."""
        await self.database.write("keep_letter", id=delivery, **rows.letter_values(letter))

    async def keep_upload(self, delivery: str, upload: Upload) -> bool:
        """How far they have come."""

        def work() -> bool:
            with self.database.writing() as query:
                return bool(query("keep_upload", id=delivery, **rows.upload_values(upload)))

        return await self.database.run(work)

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
        stuck: bool = False,
    ) -> None:
        """Back to pending."""
        await self._step(
            "deferred",
            Step.DEFER,
            delivery,
            _Try(Ending.LATER, reason, None if now is None else ms(now), anew=anew),
            reason=reason,
            now=None if now is None else ms(now),
            next_attempt=ms(next_attempt),
            counts=int(counts),
            stuck=int(stuck),
        )

    async def parked(self, delivery: str, reason: str, now: datetime) -> None:
        """Failed, with the text of the other side."""
        tried = _Try(Ending.REFUSED, reason, ms(now))
        await self._step("parked", Step.PARK, delivery, tried, reason=reason, now=ms(now))

    async def released(self, deliveries: Sequence[str]) -> None:
        """Pending again, those that are still being sent."""

        def work() -> None:
            with self.database.writing() as query:
                self._recover(query, [row for row in query("left_uploading") if row["id"] in deliveries])
            self.database.afterwards(lambda: self._lent.difference_update(deliveries))

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

    async def _step(self, name: str, what: Step, delivery: str, tried: _Try, **values: Any) -> None:  # noqa: ANN401 -- whatever SQLite stores
        def work() -> None:
            with self.database.writing() as query:
                found = query("one_state", id=delivery)
                if found:  # else its destination was removed meanwhile
                    note_attempt(query, delivery, tried.outcome, tried.reason, now=tried.now, took_ms=tried.took_ms)
                    if what is Step.ACK and found[0]["upload_path"]:
                        leave_upload(query, delivery)  # begun in pieces, and then it went in one post
                    query(name, id=delivery, state=step(State(found[0]["state"]), what), **values)
                    if tried.anew:
                        write_anew(query, delivery)
                    self._filing.supersede(query, found[0]["session"], found[0]["destination"])
            self.database.afterwards(lambda: self._lent.discard(delivery))

        await self.database.run(work)


@dataclass(frozen=True, slots=True)
class _Try:
    """How a try ended, in the spool's units."""

    outcome: Ending
    reason: str
    now: int | None
    took_ms: int | None = None
    anew: bool = False
    """Its bytes are not taken as they are; noted with the try first, for its count of bytes."""
