"""What an owner has done with sessions that are in the spool: let go, hurried, tried again, cut in another way."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from logferry_daemon.adapters.database_sqlite import Database
from logferry_daemon.adapters.spool_filing import Filing
from logferry_daemon.adapters.spool_rows import ms
from logferry_daemon.core.delivery import State, Step, step
from logferry_daemon.core.recut import Recut
from logferry_daemon.ports import Recutting


class OrdersInSqlite:
    """The part of the spool that does as it is told."""

    database: Database
    _filing: Filing

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


def _is_meant(row: sqlite3.Row, ids: Sequence[str]) -> bool:
    """Whether one of these is the beginning of its id or of its session's."""
    beginnings = tuple(one for one in ids if one)
    return bool(row["id"].startswith(beginnings) or row["session"].startswith(beginnings))
