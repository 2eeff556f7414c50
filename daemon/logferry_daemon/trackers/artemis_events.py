"""Events of Artemis Tracker: its words and its fields as those of the model. Pure.

Each field is in one table; the event's `raw` line is not in it, for it holds chat.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from logferry_daemon.core.figure import figure
from logferry_daemon.core.identity import MOMENTS
from logferry_model.session import EpochMs, Event

_WORDS = """
damage_dealt miss target_dodged target_evaded target_resisted out_of_range
damage_taken damage_reduced deflect player_dodged player_evaded enemy_missed
death death_location revived divine_intervention self_heal heal_other healed_by heal_diminished
loot mining_claim resource_depleted no_find skill_gain skill_rank skill_acquired attribute_gain
buff debuff tier_up low_condition low_condition_limited enhancer_broke repaired
global hof global_mining hof_mining global_craft
vehicle_damage vehicle_destroyed vehicle_repaired player_login player_logout friend_added
trade_complete ped_transfer item_bought transaction_complete session_time afk_on afk_off
robot_attack creature_immune position waypoint_added waypoint_removed
"""
EVENT_WORDS = frozenset(_WORDS.split())
"""Words that may leave; another word could be anything, so it is kept as `other`."""
VEHICLE = "vehicle_"
"""How the words about vehicles begin; one that is not in the list is kept as `vehicle_other`."""
LONGEST = 200
"""Of a text; what is longer is cut."""


def event_of(item: Any, people: dict[str, str]) -> Event | None:  # noqa: ANN401 -- any JSON value
    """The event in `item`, None without a time or a word; `people` numbers who is named, in the order of the file."""
    if not isinstance(item, dict):
        return None
    at, word = item.get("timestamp"), item.get("type")
    if isinstance(at, bool) or not isinstance(at, int | float) or not isinstance(word, str) or int(at) not in MOMENTS:
        return None
    told: dict[str, Any] = {}
    for key, value in item.items():
        if key in _FIELDS:
            field, taken = _FIELDS[key]
            told[field] = taken(value)
    if person := told.get("participant"):
        told["participant"] = people.setdefault(person, f"p{len(people) + 1}")
    return Event(at=EpochMs(int(at)), type=word if word in EVENT_WORDS else _other(word), **told)


def text_of(value: Any) -> str | None:  # noqa: ANN401 -- any JSON value
    """A text that is not empty, cut."""
    return value[:LONGEST] if isinstance(value, str) and value else None


def _whole(value: Any) -> int | None:  # noqa: ANN401 -- any JSON value
    number = figure(value)
    return None if number is None else int(number)


def _is_true(value: Any) -> bool:  # noqa: ANN401 -- any JSON value
    return value is True


def _other(word: str) -> str:
    return f"{VEHICLE}other" if word.startswith(VEHICLE) else "other"


_FIELDS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "amount": ("amount", figure),
    "value": ("value", figure),
    "quantity": ("quantity", _whole),
    "critical": ("critical", _is_true),
    "skillName": ("skill", text_of),
    "skillCategory": ("skill_category", text_of),
    "itemName": ("item", text_of),
    "creature": ("creature", text_of),
    "damageType": ("damage_type", text_of),
    "loadoutId": ("loadout", text_of),
    "player": ("participant", text_of),
}
"""The tracker's name of a field -> the model's, and what counts of it."""
