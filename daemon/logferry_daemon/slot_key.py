"""The spool's own key: names in the spool are stood for by slots that are made with it. It never leaves the spool."""

from __future__ import annotations

from logferry_daemon.ports import Chance, Choices

_NOTE = "slot-key"


async def slot_key(notes: Choices, chance: Chance) -> bytes:
    """The key, made up the first time."""
    known = await notes.note(_NOTE)
    if known is None:
        known = chance.token() + chance.token()
        await notes.set_note(_NOTE, known)
    return bytes.fromhex(known)
