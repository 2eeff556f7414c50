"""Which deliveries go now, in the spool's database: handed out once, oldest first."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from logferry_daemon.adapters import spool_rows as rows
from logferry_daemon.adapters.database_sqlite import Database, Query
from logferry_daemon.adapters.spool_due import by_the_clock, longest_untried_due, oldest_due
from logferry_daemon.adapters.spool_filters import wanted
from logferry_daemon.adapters.spool_history import note_attempt
from logferry_daemon.adapters.spool_notes import install_id
from logferry_daemon.adapters.spool_players import may_go
from logferry_daemon.adapters.spool_rows import ms
from logferry_daemon.core.delivery import State, Step, step
from logferry_daemon.core.history import Ending
from logferry_daemon.ports import Chance, Claimed


class ClaimingInSqlite:
    """The part of the outbox that hands out."""

    database: Database
    _chance: Chance
    _sender: rows.SenderFacts
    _lent: set[str]

    async def claim(
        self,
        destination: str,
        now: datetime,
        limit: int,
        *,
        backfill: int,
        only_asked: bool = False,
        longest_untried: bool = False,
        but: Collection[str] = (),
    ) -> Sequence[Claimed]:
        """The oldest deliveries that are due, marked as uploading; at most so many of a backfill, and those last."""

        def work() -> list[Claimed]:
            about: dict[str, Any] = {"destination": destination, "only_asked": int(only_asked), **by_the_clock(now)}
            about["but"] = json.dumps(list(but))
            with self.database.writing() as query:
                about["may_go"], about["trackers"] = may_go(query, destination), wanted(query, destination)
                due = (longest_untried_due if longest_untried else oldest_due)(query, about, limit, backfill)
                install = install_id(query, destination, self._chance) if due else ""
                claimed = [one for row in due if (one := self._claim(query, row, install, now))]
            # Not before: what was claimed in vain, and stands on the disk all the same, must come back.
            self.database.afterwards(lambda: self._lent.update(one.row.id for one in claimed))
            return claimed

        return await self.database.run(work)

    def _claim(self, query: Query, row: sqlite3.Row, install: str, now: datetime) -> Claimed | None:
        """Mark it as being sent; a row that cannot be read is set aside and blocks no other."""
        state = step(State(row["state"]), Step.CLAIM)
        query("claim", id=row["id"], state=state, now=ms(now))
        try:
            return rows.claimed(row, state, install, self._sender)
        except ValueError as error:
            reason = f"its document in the spool is damaged: {error}"
            self.database.damaged()
            note_attempt(query, row["id"], Ending.REFUSED, reason, now=ms(now))
            query("parked", id=row["id"], state=step(state, Step.PARK), reason=reason, now=ms(now))
            return None

    async def look_at(self, session: str, destination: str) -> Claimed | None:
        """The newest delivery, as it stands."""

        def work() -> Claimed | None:
            with self.database.writing() as query:
                found = query("newest_delivery", session=session, destination=destination)
                install = install_id(query, destination, self._chance) if found else ""
                return rows.claimed(found[0], State(found[0]["state"]), install, self._sender) if found else None

        return await self.database.run(work)

    async def kept(self, document: bytes) -> Mapping[str, str]:
        """Slot -> text, of those in the document."""

        def work() -> dict[str, str]:
            if not self.database.query("any_kept"):
                return {}
            told = {slot: self.database.query("kept_text", slot=slot) for slot in rows.slots_in(document)}
            return {slot: found[0]["text"] for slot, found in told.items() if found}

        return await self.database.look(work)

    async def next_due(
        self,
        destination: str,
        now: datetime,
        *,
        backfill: bool,
        only_asked: bool = False,
        but: Collection[str] = (),
    ) -> datetime | None:
        """When the earliest pending delivery is due; long ago means now."""

        def work() -> int | None:
            query = self.database.query
            about: dict[str, Any] = {
                "destination": destination,
                "backfill": int(backfill),
                "may_go": may_go(query, destination),
            }
            about |= {"trackers": wanted(query, destination), "only_asked": int(only_asked), **by_the_clock(now)}
            about["but"] = json.dumps(list(but))
            due: int | None = query("next_due", **about)[0]["due"]
            return due

        due = await self.database.look(work)
        return None if due is None else rows.at(due)
