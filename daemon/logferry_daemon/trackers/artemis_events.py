"""Events of Artemis Tracker: its words and its fields as those of the model. Pure.

Each field is in one table; the event's `raw` line is not in it, for it holds chat. Events that are as the tracker
writes them are checked some hundred at a time, by msgspec; where one is odd, those around it are looked at one by one,
and both ways come to the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from logferry_daemon.core.figure import LARGEST, figure
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
TOGETHER = 256
"""Events that are checked at once: so many are looked at one by one when one of them is odd."""


def events_of(items: Sequence[Any], people: dict[str, str]) -> Iterator[Event]:
    """What `event_of` makes of each of `items`, in their order; those of `artemis_usual` were looked at already."""
    if items and isinstance(items[0], Told):
        yield from _plainly(items, people)
        return
    for first in range(0, len(items), TOGETHER):
        some = items[first : first + TOGETHER]
        try:
            told = msgspec.convert(some, USUAL)
        except msgspec.ValidationError:
            yield from (event for item in some if (event := event_of(item, people)) is not None)
        else:
            yield from _plainly(told, people)


def _plainly(told: Sequence[Any], people: dict[str, str]) -> list[Event]:
    known, labelled = _KNOWN.get, people.setdefault
    # One call an event, and every name spelled out: this is most of the time that a file takes.
    return [
        Event(
            at=one.at,
            type=known(one.type) or _other(one.type),
            amount=one.amount,
            value=one.value,
            quantity=one.quantity,
            critical=one.critical is True,
            skill=one.skill,
            skill_category=one.skill_category,
            item=one.item,
            creature=one.creature,
            damage_type=one.damage_type,
            loadout=one.loadout,
            participant=one.participant and labelled(one.participant, f"p{len(people) + 1}"),
        )
        for one in told
    ]


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
            field = _FIELDS[key]
            told[field.name] = field.taken(value)
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


_Figure = Annotated[float, Meta(ge=-LARGEST, le=LARGEST)] | None
_Whole = Annotated[int, Meta(ge=-int(LARGEST), le=int(LARGEST))] | None
_Text = Annotated[str, Meta(min_length=1, max_length=LONGEST)] | None


class _Field(NamedTuple):
    name: str
    """The model's."""
    taken: Callable[[Any], Any]
    """What counts of it."""
    usual: Any
    """The type of what counts as it stands there; None is what does not."""


_FIELDS: Mapping[str, _Field] = {
    "amount": _Field("amount", figure, _Figure),
    "value": _Field("value", figure, _Figure),
    "quantity": _Field("quantity", _whole, _Whole),
    "critical": _Field("critical", _is_true, bool | None),
    "skillName": _Field("skill", text_of, _Text),
    "skillCategory": _Field("skill_category", text_of, _Text),
    "itemName": _Field("item", text_of, _Text),
    "creature": _Field("creature", text_of, _Text),
    "damageType": _Field("damage_type", text_of, _Text),
    "loadoutId": _Field("loadout", text_of, _Text),
    "player": _Field("participant", text_of, _Text),
}
"""By the tracker's name."""
_KNOWN = {word: word for word in EVENT_WORDS}
Told: Any = msgspec.defstruct(
    "Told",
    [
        ("at", Annotated[int, Meta(ge=MOMENTS.start, lt=MOMENTS.stop)]),
        ("type", str),
        *((field.name, field.usual, None) for field in _FIELDS.values()),
    ],
    rename={"at": "timestamp"} | {field.name: key for key, field in _FIELDS.items()},
    gc=False,
)
"""An event with nothing odd in it, under the model's names; what is not in the table is passed over."""
USUAL: Any = list[Told]
"""Events that need no second look."""
