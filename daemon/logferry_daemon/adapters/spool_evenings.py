"""What a destination has of the sessions around one of them, in the spool's database. SQL is in sql/evenings.sql."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from logferry_daemon.adapters.database_sqlite import Database
from logferry_daemon.adapters.spool_rows import at
from logferry_daemon.core.evening import REACH, Told
from logferry_model.session import SessionId


class EveningsInSqlite:
    """The part of the spool that knows what was played together."""

    database: Database

    async def told_about(self, delivery: str) -> Sequence[Told]:
        """The sessions around that of a delivery."""
        reach = REACH // timedelta(milliseconds=1)
        return [
            Told(
                session=SessionId(row["session"]),
                started_at=at(row["started_at"]),
                ended_at=at(row["ended_at"]),
                report_id=row["report_id"],
            )
            for row in await self.database.read("told_about", id=delivery, reach=reach)
        ]
