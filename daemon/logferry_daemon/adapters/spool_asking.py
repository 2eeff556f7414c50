"""What waits until its destination's time has come, in the spool's database. SQL stands in sql/asking.sql."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence

from logferry_daemon.adapters.database_sqlite import Database, Query
from logferry_daemon.adapters.spool_filters import filters
from logferry_daemon.core.filters import is_wanted
from logferry_daemon.ports import HEEDED


class AskingInSqlite:
    """A part of the outbox, over the database that the rest of the spool is in."""

    database: Database

    async def let_go(self, destination: str, tracker: str | None) -> int:
        """Its time has come: what waits for this destination goes, of one tracker or of all; how much that is."""

        def work() -> int:
            with self.database.writing() as query:
                return len(query("let_go", destination=destination, tracker=tracker))

        return await self.database.run(work)

    async def heed_only(self, destinations: Collection[str]) -> None:
        """Forget which times were heeded at all others."""
        await self.database.write("heed_only", heeded=HEEDED, destinations=json.dumps(sorted(destinations)))

    async def unasked(self, destination: str) -> Sequence[str]:
        """The trackers of which something waits."""
        found = await self.database.look(lambda: _unasked(self.database.query, destination))
        return [tracker for _, tracker, _ in found]


def unasked_numbers(query: Query) -> Mapping[str, int]:
    """Destination -> how many of its pending deliveries nobody asked for, and no time has come for."""
    numbers: dict[str, int] = {}
    for destination, _, number in _unasked(query, None):
        numbers[destination] = numbers.get(destination, 0) + number
    return numbers


def _unasked(query: Query, destination: str | None) -> list[tuple[str, str, int]]:
    """Destination, tracker and how many; what a destination does not want at all waits for nothing."""
    rules = filters(query)
    rows = query("unasked", destination=destination)
    return [
        (row["destination"], row["tracker"], row["number"])
        for row in rows
        if is_wanted(rules, row["destination"], row["tracker"])
    ]
