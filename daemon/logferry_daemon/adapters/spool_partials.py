"""Sessions that were kept while they ran, in the spool's database. SQL stands in sql/partials.sql."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from logferry_daemon.adapters.database_sqlite import Database
from logferry_daemon.adapters.spool_filing import Filing
from logferry_daemon.adapters.spool_rows import at
from logferry_daemon.ports import Admitted
from logferry_model.session import SessionId


class PartialsInSqlite:
    """A part of the intake, over the database that the rest of the spool is in."""

    database: Database
    _filing: Filing

    async def partials(self, source: str) -> Mapping[SessionId, datetime]:
        """The sessions of a source of which the newest version is partial, and when that came."""
        found = await self.database.read("partials", source=source)
        return {SessionId(row["id"]): at(row["came_at"]) for row in found}

    async def sources_of_partials(self) -> Sequence[str]:
        """The sources that have such sessions."""
        return [row["source"] for row in await self.database.read("sources_of_partials")]

    async def complete(self, session: SessionId, destinations: Sequence[str], now: datetime) -> Admitted | None:
        """What was kept of it is the whole."""

        def work() -> Admitted | None:
            with self.database.writing() as query:
                return self._filing.complete(query, session, destinations, now)

        return await self.database.run(work)
