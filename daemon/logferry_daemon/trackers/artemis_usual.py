"""Reads a document of Artemis Tracker that is as the tracker writes it, without an object for each event. Pure.

Of any doubt it says so, and the document is read the way of all others: what is told here is what would be told there.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from typing import Any

import msgspec
from msgspec import Raw
from msgspec.structs import astuple

from logferry_daemon.core.lenient_json import MAX_DEPTH
from logferry_daemon.core.plain_json import DOUBTFUL, UNREADABLE, holds_nul, keys_written, plain
from logferry_daemon.trackers.artemis_events import Told

EVENTS = "events"
_Whole: Any = msgspec.defstruct(
    "_Whole", [("raw", str | None, None)], bases=(Told,), forbid_unknown_fields=True, gc=False
)
"""An event with every key that there is in one: another ends the reading at once.

The line of the log is read as a text, and then let go.
"""
_MANY: Any = list[_Whole]
_HEAD = (
    "id", "name", "tags", "startedAt", "endedAt", "pausedAt", "totalPausedTime", "loadoutSnapshots", "runningStats",
    "manualCostPerShot", "manualArmorCost", "manualFapCost", "manualMiscCost",
)  # fmt: skip
_Document: Any = msgspec.defstruct(
    "_Document",
    [(EVENTS, _MANY), *((name, Raw, None) for name in _HEAD)],
    forbid_unknown_fields=True,
)
"""What a document has at its highest level."""


def usual(data: bytes) -> dict[str, Any] | None:
    """The document, with events for `events_of`; None where it has to be read with more care."""
    try:
        parts, events = _parts(data)
    except UNREADABLE:
        return None
    document: dict[str, Any] = {EVENTS: events}
    keys = len(parts) + 1 + _keys(events)
    for name, part in parts.items():
        document[name] = plain(bytes(part), MAX_DEPTH - 1)
        keys += keys_written(bytes(part))
    if holds_nul(data) or any(value is DOUBTFUL for value in document.values()):
        return None
    # As many as are written: no key is in one object twice.
    return document if keys == keys_written(data) else None


def _parts(data: bytes) -> tuple[dict[str, Raw], Sequence[Any]]:
    try:
        whole = msgspec.json.decode(data, type=_Document)
    except msgspec.ValidationError:
        # A newer release may have more in its head than is known here: it is gone over twice then.
        parts = msgspec.json.decode(data, type=dict[str, Raw])
        return parts, msgspec.json.decode(parts.pop(EVENTS, b""), type=_MANY)
    return {name: part for name in _HEAD if (part := getattr(whole, name)) is not None}, whole.events


def _keys(events: Sequence[Any]) -> int:
    """How many of their fields are there; one that is null makes it too few, which is a doubt."""
    absent = sum(map(tuple.count, map(astuple, events), repeat(None)))
    return len(events) * len(_Whole.__struct_fields__) - absent
