"""Small facts that survive a restart."""

from __future__ import annotations

from tests.fake_spool.shelves import Shelves


class Notes(Shelves):
    """Words by a key."""

    async def note(self, key: str) -> str | None:
        return self._notes.get(key)

    async def set_note(self, key: str, value: str | None) -> None:
        self._writable()
        if value is None:
            self._notes.pop(key, None)
        else:
            self._notes[key] = value
