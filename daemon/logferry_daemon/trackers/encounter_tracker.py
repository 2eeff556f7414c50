"""D&D Encounter Tracker: exports of parties, encounters, creatures and preferences, in one document or one of each.

An encounter is a session: it is over when the tracker says so, and runs as long as it does not. All four kinds are
papers, too, so that it can be told when one was created, changed or deleted. Bytes in, sessions out: opens no file,
reads no clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from logferry_daemon.core.adding import with_measures
from logferry_daemon.core.policy import Listing
from logferry_daemon.core.reading import About, Document, EndRules, Found, Paper, Reading, Trouble
from logferry_daemon.trackers.encounter_figures import recounted, together
from logferry_daemon.trackers.encounter_papers import kind_of, paper
from logferry_daemon.trackers.encounter_sessions import session_of
from logferry_daemon.trackers.shapes import Object, layers, opened, repaired
from logferry_model.errors import Damaged
from logferry_model.figures import Statistics
from logferry_model.session import Session

NAME = "encounter-tracker"
MAX_BYTES = 24 * 2**20
_KINDS = {
    "parties": "party",
    "encounters": "encounter",
    "creatures": "creature",
    "characters": "character",
    "userPreferences": "preferences",
    "preferences": "preferences",
}
"""Key of a collection -> kind of its items."""
_STEMS = {kind: kind for kind in _KINDS.values()} | {key.casefold(): kind for key, kind in _KINDS.items()}

OF_FIGHTERS = ("type", "player", "armor_class", "initiative")


class EncounterTracker:
    """The folder that exports are saved to."""

    name = NAME
    title = "D&D Encounter Tracker"
    patterns: Sequence[str] = (
        "dnd-tracker*.json",
        "*encounter*.json",
        "parties*.json",
        "creatures*.json",
        "characters*.json",
        "*preferences*.json",
    )
    max_bytes = MAX_BYTES
    # A fight is prepared weeks before it is fought, and broken off until the next evening.
    _rules = EndRules(next_start=False)
    names_player = False
    listing = Listing(
        fields=frozenset({"status", "difficulty", "target_level", *OF_FIGHTERS, "condition", "round"}),
    )

    def rules(self, where: str) -> EndRules:
        """None: an encounter is over when the tracker says so, or its owner."""
        return self._rules

    def usual_paths(self, platform: str) -> Sequence[str]:
        """None: a browser saves exports where its owner wants them."""
        return ()

    def companions(self, path: str) -> Sequence[str]:
        """None."""
        return ()

    def read(self, document: Document) -> Reading:
        """The encounters and papers of the document; Damaged when it holds nothing of this tracker."""
        loaded = opened(document.data)
        if isinstance(loaded, Reading):
            return loaded
        items = list(_items(loaded.value, document.about))
        if not items and not _is_export(loaded.value):
            raise Damaged("not-a-session", "the document is no export: it has no parties, encounters or creatures.")
        reading = _reading(items, document.about)
        return replace(reading, troubles=(*reading.troubles, *repaired(loaded.repairs)))

    def recount(self, session: Session, of: Sequence[Session] = ()) -> Statistics:
        """By the events; what an export says of the whole encounter is not split."""
        if of:
            return with_measures(session, together(of))
        return recounted(session.events)


def _reading(items: Sequence[tuple[str, Object]], about: About) -> Reading:
    found: dict[str, Found] = {}
    papers: list[Paper] = []
    untimed = nameless = 0
    for kind, item in items:
        one = paper(kind, item)
        papers += [one] if one else []
        nameless += one is None
        if kind == "encounter" and one is not None:
            fight = session_of(item, one.id, about.zone)
            untimed += fight is None
            if fight is not None:
                found[fight.id] = fight
    # Those that are over first: of a document's sessions only the last counts as growing.
    ordered = sorted(found.values(), key=lambda fight: (fight.end is None, fight.started_at, fight.id))
    return Reading(
        found=tuple(ordered),
        troubles=tuple(_notes(untimed, nameless)),
        papers=tuple(papers),
        first_at=min((fight.started_at for fight in ordered), default=None),
    )


def _notes(untimed: int, nameless: int) -> Iterator[Trouble]:
    if untimed:
        yield Trouble(code="encounters-skipped", message=f"{untimed} encounter(s) have no time and are left out.")
    if nameless:
        yield Trouble(code="papers-skipped", message=f"{nameless} item(s) have no id and are left out.")


def _is_export(value: Any) -> bool:  # noqa: ANN401 -- any JSON value
    """An export in which nothing is left is one all the same: its papers were deleted."""
    parts = layers(value, "data") if isinstance(value, dict) else ()
    return any(isinstance(part.get(key), list) for part in parts for key in _KINDS)


def _items(value: Any, about: About) -> Iterator[tuple[str, Object]]:  # noqa: ANN401 -- any JSON value
    """Kind and content of everything in the document, the sessions of syncing left out."""
    if isinstance(value, list):
        yield from _listed(_STEMS.get(about.name.partition(".")[0].casefold()), value)
        return
    if not isinstance(value, dict):
        return
    collections = [(kind, part[key]) for part in layers(value, "data") for key, kind in _KINDS.items() if key in part]
    for kind, inner in collections:
        yield from _listed(kind, inner if isinstance(inner, list) else [inner])
    alone = None if collections else kind_of(value)
    if alone:
        yield alone, value


def _listed(kind: str | None, items: Sequence[Any]) -> Iterator[tuple[str, Object]]:
    for item in items:
        if isinstance(item, dict) and item.get("userId") != "sync" and (what := kind or kind_of(item)):
            yield what, item
