"""Begins anew in the spool's database what waits by a clock that was set back since."""

from __future__ import annotations

from datetime import datetime

from logferry_daemon.adapters.database_sqlite import Database
from logferry_daemon.adapters.spool_due import by_the_clock
from logferry_daemon.ports import since_at_most

_ALL = ("see_through_deliveries", "see_through_copies", "see_through_remnants")


class ClockInSqlite:
    """The part of the spool that the clock may have been set for."""

    database: Database

    async def see_through(self, now: datetime) -> int:
        """In one transaction: how much waits once more."""

        def work() -> int:
            with self.database.writing() as query:
                for note in query("since_notes"):
                    query("keep_note", key=note["key"], value=since_at_most(note["value"], now))
                return sum(len(query(name, **by_the_clock(now))) for name in _ALL)

        return await self.database.run(work)
