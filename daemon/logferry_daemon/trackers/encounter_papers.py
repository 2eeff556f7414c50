"""Things that the encounter tracker keeps: which kind, known by which id, and a digest of what they hold. Pure.

Their content is digested and never kept.
"""

from __future__ import annotations

import hashlib

import msgspec

from logferry_daemon.core.reading import Paper
from logferry_daemon.trackers.shapes import Object, is_safe_id, text

_IDS = ("_id", "id", "uuid")
TYPED = "typed-"
"""How the ids begin that stand for one that somebody typed: these must not leave the machine, not even so."""
_RESTLESS = frozenset({"lastSync", "lastSyncedAt", "__v"})
"""Fields that change although nothing was changed."""
_HINTS = {
    "encounter": frozenset({"combatState", "combatants", "initiativeOrder", "currentRound", "participants"}),
    "party": frozenset({"members", "maxSize"}),
    "preferences": frozenset({"theme", "diceRollMethod", "lastSync"}),
    "creature": frozenset({"isTemplate", "challengeRating", "hitPoints", "armorClass", "maxHitPoints"}),
}
"""Kind -> fields that only it has, the surest first."""


def kind_of(item: Object) -> str | None:
    """What an item is that stands by itself, by its fields."""
    return next((kind for kind, hints in _HINTS.items() if hints & item.keys()), None)


def paper(kind: str, item: Object) -> Paper | None:
    """The item as a paper; None when nothing tells it from another."""
    own = "all" if kind == "preferences" else own_id(item)
    return None if own is None else Paper(kind=kind, id=own, digest=_digest(item))


def own_id(item: Object) -> str | None:
    """Its id in the tracker; of one that somebody typed, a digest."""
    source = [item, *(inner for key in _IDS if isinstance(inner := item.get(key), dict))]
    told = text(source, *_IDS, "$oid")
    if told is None:
        return next((str(item[key]) for key in _IDS if type(item.get(key)) is int), None)
    return told if is_safe_id(told) else f"{TYPED}{hashlib.sha256(told.encode()).hexdigest()[:16]}"


def _digest(item: Object) -> str:
    lasting = {key: value for key, value in item.items() if key not in _RESTLESS}
    return hashlib.sha256(msgspec.json.encode(lasting, order="deterministic")).hexdigest()
