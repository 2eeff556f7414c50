"""Which destinations there are and what their owner agreed to, in the spool's database."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from logferry_daemon.adapters import spool_rows as rows
from logferry_daemon.adapters.database_sqlite import Query
from logferry_daemon.adapters.spool_notes import install_note
from logferry_daemon.adapters.spool_removals import Removals, give_up_copies, write_anew
from logferry_daemon.core.consent import Grant
from logferry_daemon.core.policy import Group
from logferry_daemon.core.slots import slot_of
from logferry_daemon.ports import destination_note, earlier, place_note, terms_note, trackers_note


class ChoicesInSqlite(Removals):
    """The part of the spool that knows what its owner wants; what he wants no more is removed."""

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

    async def dismiss(self, destination: str) -> None:
        """Forget what was not sent to a destination that is gone."""

        def work() -> None:
            with self.database.writing() as query:
                self._move(query, destination, None)
                query("drop_grant", destination=destination)

        await self.database.run(work)

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
            for what in ("rename", "rename_copies", "rename_remnants"):
                query(what, destination=destination, to=earlier(destination, before or ""))
            query("drop_note", key=install_note(destination))
            query("drop_note", key=note)
            query("drop_note", key=destination_note(destination))
            query("drop_note", key=trackers_note(destination))
        if place is not None and now is not None and before != place:
            for what in ("rename", "rename_copies", "rename_remnants"):
                query(what, destination=earlier(destination, place), to=destination)
            query("keep_note", key=note, value=place)
            query("keep_note", key=destination_note(destination), value=now.isoformat())


def _is_of(slot: str, groups: Collection[Group]) -> bool:
    found = slot_of(slot)
    return found is not None and found[0] in groups
