"""Small facts that survive a restart, in the spool's database; one of them is the id of this installation."""

from __future__ import annotations

from logferry_daemon.adapters.database_sqlite import Database, Query
from logferry_daemon.ports import Chance


class NotesInSqlite:
    """The part of the spool that remembers words by a key."""

    database: Database

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


def install_note(destination: str) -> str:
    """The key of the note that `install_id` keeps."""
    return f"install-id:{destination}"


def install_id(query: Query, destination: str, chance: Chance) -> str:
    """Random, one a destination: two collectors cannot tell that they know the same installation."""
    key = install_note(destination)
    if not query("note", key=key):
        query("keep_note", key=key, value=chance.token())
    return str(query("note", key=key)[0]["value"])
