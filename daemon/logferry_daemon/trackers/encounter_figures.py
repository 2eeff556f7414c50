"""What an encounter adds up to. Pure; labels are made here, they leave the machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from logferry_daemon.core.adding import measures_of
from logferry_daemon.trackers.shapes import Object, number
from logferry_model.figures import Measure, Statistics
from logferry_model.session import Event, Session

KILL, DOWN, CONDITION, DAMAGE, HEAL = "kill", "down", "condition", "damage", "heal"
_LABELS: Mapping[str, tuple[str, str]] = {
    "rounds": ("Rounds", ""),
    "duration_minutes": ("Duration", "min"),
    "combatants": ("Combatants", ""),
    "players": ("Players", ""),
    "enemies": ("Enemies", ""),
    "kills": ("Enemies down", ""),
    "players_down": ("Players down", ""),
    "conditions": ("Conditions", ""),
    "damage": ("Damage", ""),
    "healing": ("Healing", ""),
}
"""Name -> label and unit, in the order in which they are shown."""
COUNTED = frozenset({"kills", "players_down", "conditions", "damage", "healing"})
"""Those that are counted from events, and left out where there are none."""


def totalled(
    parts: Sequence[Object], events: Sequence[Event], *, players: int, others: int, length: timedelta
) -> Statistics:
    """The figures of an encounter."""
    totals = _counted(events)
    rounds = number(parts, "currentRound", "round", "rounds", "totalRounds")
    if rounds is not None:
        totals["rounds"] = rounds
    milliseconds = number(parts, "totalDuration")
    minutes = milliseconds / 60_000 if milliseconds and milliseconds > 0 else length / timedelta(minutes=1)
    if minutes:
        totals["duration_minutes"] = round(minutes, 2)
    totals |= {"combatants": players + others, "players": players, "enemies": others}
    return Statistics(events=len(events), measures=_measures(totals))


def recounted(events: Sequence[Event]) -> Statistics:
    """The figures of some events alone."""
    return Statistics(events=len(events), measures=_measures(_counted(events)))


def together(some: Sequence[Session]) -> tuple[Measure, ...]:
    """The figures of several encounters."""
    return measures_of(some, none_is_zero=lambda name: name in COUNTED)


def _counted(events: Sequence[Event]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, word in (("kills", KILL), ("players_down", DOWN), ("conditions", CONDITION)):
        found[name] = sum(event.type == word for event in events)
    for name, word in (("damage", DAMAGE), ("healing", HEAL)):
        found[name] = sum(event.amount or 0.0 for event in events if event.type == word)
    return {name: value for name, value in found.items() if value}


def _measures(totals: Mapping[str, float]) -> tuple[Measure, ...]:
    return tuple(
        Measure(name=name, label=label, value=float(totals[name]), unit=unit)
        for name, (label, unit) in _LABELS.items()
        if name in totals
    )
