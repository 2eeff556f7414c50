"""What a bot's session adds up to: the figures of its log, and rates of them where the log gives none. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta

from logferry_daemon.core.adding import measures_of
from logferry_daemon.core.policy import Group
from logferry_daemon.trackers.shapes import Object, as_number, layers, number, values
from logferry_daemon.trackers.swg_events import (
    ACTION,
    AFK,
    ALERT,
    COMMUNICATION,
    CREDITS,
    ENCOUNTER,
    LOCATION,
    QUEST,
    STUCK,
    XP,
    planets_of,
)
from logferry_model.figures import Measure
from logferry_model.session import Event, Session

_HOUR = timedelta(hours=1)
_LABELS: Mapping[str, tuple[str, str]] = {
    "xp": ("XP", ""),
    "credits": ("Credits", ""),
    "quests": ("Quests", ""),
    "duration_minutes": ("Duration", "min"),
    "xp_per_hour": ("XP per hour", ""),
    "credits_per_hour": ("Credits per hour", ""),
    "quests_per_hour": ("Quests per hour", ""),
    "efficiency_score": ("Efficiency score", ""),
    "planets": ("Planets", ""),
    "locations": ("Locations", ""),
    "travel_minutes": ("Travelling", "min"),
    "actions": ("Actions", ""),
    "actions_per_hour": ("Actions per hour", ""),
    "communications": ("Messages", ""),
    "player_encounters": ("Players met", ""),
    "unique_players": ("Different players met", ""),
    "guild_alerts": ("Guild alerts", ""),
    "afk_periods": ("Times away", ""),
    "afk_minutes": ("Away", "min"),
    "stuck_events": ("Times stuck", ""),
}
"""Name -> label and unit, in the order in which they are shown."""
_COUNTED = {
    QUEST: "quests",
    LOCATION: "locations",
    ACTION: "actions",
    COMMUNICATION: "communications",
    ENCOUNTER: "player_encounters",
    ALERT: "guild_alerts",
    AFK: "afk_periods",
    STUCK: "stuck_events",
}
_METRICS = {
    "efficiency_score": ("efficiency_score",),
    "xp_per_hour": ("xp_per_hour",),
    "credits_per_hour": ("credits_per_hour",),
    "quests_per_hour": ("quests_per_hour",),
    "actions_per_hour": ("actions_per_hour",),
    "travel_minutes": ("total_travel_time_minutes", "travel_minutes"),
    "unique_players": ("unique_players_encountered",),
}
"""Figures that the log's own metrics give."""
MEASURE_GROUPS: Mapping[str, Group] = {
    "communications": Group.COMMUNICATIONS,
    "player_encounters": Group.ENCOUNTERS,
    "unique_players": Group.ENCOUNTERS,
    "guild_alerts": Group.ALERTS,
    "actions": Group.ACTIONS,
    "actions_per_hour": Group.ACTIONS,
}
"""Those that count what somebody else did, or the bot: a policy decides about them."""
_RATES = ("xp", "credits", "quests", "actions")


def measures(parts: Sequence[Object], events: Sequence[Event], played: timedelta) -> tuple[Measure, ...]:
    """Every figure that the log gives or that follows from it."""
    own = [metrics for part in parts for metrics in layers(part, "performance_metrics", "metrics", "performance")]
    totals = _counts(events)
    totals |= _given({name: number(own, *keys) for name, keys in _METRICS.items()})
    totals |= _given({"xp": _gained(parts, "xp"), "credits": _gained(parts, "credit"), "quests": _quests(parts)})
    if planets := planets_of(parts):
        totals["planets"] = len(planets)
    return _measures(totals, played)


def recounted(events: Sequence[Event], played: timedelta) -> tuple[Measure, ...]:
    """The figures of some events alone."""
    return _measures(_counts(events), played)


def together(some: Sequence[Session]) -> tuple[Measure, ...]:
    """The figures of several sessions; who and where are only known to be different within one."""
    return measures_of(
        some,
        rates={f"{name}_per_hour" for name in _RATES},
        lost={"efficiency_score", "planets", "unique_players"},
        none_is_zero=lambda name: name in {*_COUNTED.values(), "afk_minutes"},
    )


def _measures(totals: dict[str, float], played: timedelta) -> tuple[Measure, ...]:
    if played:
        totals["duration_minutes"] = round(played / timedelta(minutes=1), 2)
        for name in _RATES:
            if name in totals:
                totals.setdefault(f"{name}_per_hour", round(totals[name] / (played / _HOUR), 2))
    return tuple(
        Measure(name=name, label=label, value=float(totals[name]), unit=unit)
        for name, (label, unit) in _LABELS.items()
        if name in totals
    )


def _counts(events: Sequence[Event]) -> dict[str, float]:
    words = Counter(event.type for event in events)
    found: dict[str, float] = {name: words[word] for word, name in _COUNTED.items() if words[word]}
    for name, word in (("xp", XP), ("credits", CREDITS)):
        if words[word]:
            found[name] = sum((event.amount or event.value or 0.0) for event in events if event.type == word)
    away = [event.fields.get("minutes") for event in events if event.type == AFK]
    if minutes := sum(one for one in away if isinstance(one, float)):
        found["afk_minutes"] = minutes
    return found


def _given(found: Mapping[str, float | None]) -> dict[str, float]:
    return {name: value for name, value in found.items() if value is not None}


def _gained(parts: Sequence[Object], what: str) -> float | None:
    """XP or credits: a number, or an object with what was gained, or with what there was before and after."""
    plural = f"{what}s" if what == "credit" else what
    flat = number(parts, f"{plural}_gained", f"total_{plural}_gained", plural)
    if flat is not None:
        return flat
    for inner in values(parts, plural, f"{what}_data"):
        if isinstance(inner, dict):
            gained = number([inner], "gained", f"total_{plural}_gained", f"{plural}_gained", "total")
            before, after = number([inner], "start", f"{plural}_start"), number([inner], "end", f"{plural}_end")
            if gained is None and before is not None and after is not None:
                gained = after - before
            if gained is not None:
                return gained
    return None


def _quests(parts: Sequence[Object]) -> float | None:
    sections = [section for part in parts for section in layers(part, "quest_data", "performance_metrics")]
    keys = ("total_quests_completed", "quests_completed", "quests")
    return next((one for value in values(sections, *keys) if (one := as_number(value)) is not None), None)
