"""What there is and how it stands, in the spool's database: counts, sessions, deliveries, troubles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from logferry_daemon.adapters import spool_rows as rows
from logferry_daemon.adapters.database_sqlite import Database
from logferry_daemon.adapters.papers_sqlite import paper_changes
from logferry_daemon.adapters.spool_asking import unasked_numbers
from logferry_daemon.adapters.spool_filters import as_json, filters
from logferry_daemon.adapters.spool_history import sent
from logferry_daemon.adapters.spool_players import barred, judged
from logferry_daemon.core.delivery import State
from logferry_daemon.core.papers import Journaled
from logferry_daemon.core.reading import Trouble
from logferry_daemon.ports import DeliveryRow, SessionRow, Totals
from logferry_model.session import Session


class LedgerInSqlite:
    """The part of the spool that is looked at and changes nothing."""

    database: Database

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

        return await self.database.look(work)

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

        return await self.database.look(work)

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

        return await self.database.look(work) if session else None

    async def delivery(self, delivery: str) -> DeliveryRow | None:
        """One delivery as it stands."""

        def work() -> DeliveryRow | None:
            found = [rows.delivery_row(row) for row in self.database.query("one_delivery", id=delivery)]
            return judged(self.database.query, found, found[0].session)[0] if found else None

        return await self.database.look(work)

    async def failures(self, limit: int) -> Sequence[DeliveryRow]:
        """Failed deliveries, newest first."""

        def work() -> list[DeliveryRow]:
            rules = as_json(filters(self.database.query))
            found = [rows.delivery_row(row) for row in self.database.query("failures", limit=limit, filters=rules)]
            return judged(self.database.query, found)

        return await self.database.look(work)

    async def troubles(self) -> Sequence[tuple[str, str, Trouble]]:
        """Every file that has one."""
        return [
            (row["source"], row["path"], trouble)
            for row in await self.database.read("files_in_trouble")
            for trouble in rows.troubles(row["troubles"])
        ]

    async def paper_changes(self, after: int) -> Sequence[Journaled]:
        """The journal after one of its lines."""
        return await self.database.look(lambda: paper_changes(self.database.opened(), after))
