"""What happened in a bot's session: its lists of events, whatever they are called, as words and times. Pure.

Who it was and what was said are told in fields of their own, so that they can be taken out before anything is kept.
Planets are told only when they are the game's own; cities are not, players found and name them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from logferry_daemon.core.identity import to_ms
from logferry_daemon.trackers.shapes import MAX_TEXT, Object, as_moment, as_number, layers, number, text, values
from logferry_model.session import Event, Scalar

COMMUNICATION, ENCOUNTER, ALERT, ACTION = "communication", "player_encounter", "guild_alert", "action"
LOCATION, QUEST, AFK, STUCK, XP, CREDITS = "location", "quest", "afk", "stuck", "xp", "credits"
PRIVATE = frozenset({COMMUNICATION, ENCOUNTER, ALERT, ACTION})
"""Events that are about other people, or hold what somebody typed."""
_SECTIONS = ("event_data", "location_data", "quest_data", "events", "xp_data", "credit_data", "data")
_LISTS: Mapping[str, str] = {
    "communication_events": COMMUNICATION,
    "communications": COMMUNICATION,
    "player_encounters": ENCOUNTER,
    "encounters": ENCOUNTER,
    "guild_alerts": ALERT,
    "actions": ACTION,
    "action_log": ACTION,
    "locations_visited": LOCATION,
    "locations": LOCATION,
    "quests_completed": QUEST,
    "completed_quests": QUEST,
    "quests": QUEST,
    "afk_periods": AFK,
    "stuck_events": STUCK,
}
"""Key of a list -> what its items are."""
_WORDS = (
    ("guild", ALERT),
    ("whisper|tell|chat|message|communication|mail", COMMUNICATION),
    ("encounter|player", ENCOUNTER),
    ("quest", QUEST),
    ("location|travel|arriv", LOCATION),
    ("afk", AFK),
    ("stuck", STUCK),
    ("xp|experience", XP),
    ("credit", CREDITS),
    ("action", ACTION),
)
"""In a list of mixed events: what its word contains -> what it is."""
_PERSONS = ("sender", "from", "player_name", "player", "character_name", "guild_name", "guild", "target", "name")
_SAID = ("message", "content", "text", "description", "details", "action", "reason", "alert")
_TIMES = ("timestamp", "time", "arrival_time", "completed_at", "start_time", "date", "at")
_KIND = ("event_type", "type", "kind", "category")
_PLANETS = (
    "Chandrila Coruscant Corellia Dantooine Dathomir Endor Hoth Jakku Kaas Kashyyyk Lok Mandalore Moraband Mustafar "
    "Naboo Nal_Hutta Rori Taanab Talus Tatooine Yavin_4 Yavin_IV Space"
)
_KNOWN = {name.replace("_", " ").casefold(): name.replace("_", " ") for name in _PLANETS.split()}
PLANETS = {key.replace(" ", ""): name for key, name in _KNOWN.items()}
_ACTIONS = (
    ("accepted quest", "quest-accepted"),
    ("completed quest", "quest-completed"),
    ("travel", "travel"),
    ("afk", "afk"),
    ("returned from afk", "afk"),
    ("session start", "session-started"),
    ("session end", "session-ended"),
    ("craft", "craft"),
    ("loot", "loot"),
    ("heal", "heal"),
)
"""How the text of an action begins -> our word for it; any other text is not told."""
_NAMED = re.compile(
    r"(?:.*_)?(?:character|char|player|sender|recipient|receiver|target|from|to|guild|leader|member|account|user)s?"
    r"(?:_?name)?|nick(?:name)?|names?|owner|members|friends"
)
_UNNAMED = frozenset({"quest", "quests", "quests_completed", "completed_quests", "locations", "locations_visited"})
"""Lists in which a `name` is the game's word."""


def events_of(parts: Sequence[Object], start: datetime | None, zone: tzinfo | None) -> tuple[tuple[Event, ...], int]:
    """All of them in the order of their times, and how many have no time and could not be told."""
    found: list[Event] = []
    skipped = 0
    for kind, item in _items(parts):
        at = _time(item, zone)
        if at is None and kind in {QUEST, LOCATION}:
            at = start  # where the log gives no time, these still happened
        if at is None:
            skipped += 1
            continue
        found.append(_event(kind, item, at))
    return tuple(sorted(found, key=lambda event: event.at)), skipped


def planets_of(parts: Sequence[Object]) -> Sequence[str]:
    """The game's planets that were visited, by name."""
    places = [item for kind, item in _items(parts) if kind == LOCATION]
    listed = [one for value in values(layers_of(parts), "planets_visited", "planets") for one in _list(value)]
    return sorted({planet for one in (*places, *listed) if (planet := _planet(one))})


def names_in(parts: Sequence[Object]) -> frozenset[str]:
    """Everybody whom the log names, wherever."""
    return frozenset(name.strip() for part in parts for name in _names(part, "") if name.strip())


def layers_of(parts: Sequence[Object]) -> Sequence[Object]:
    """The parts of the log and the sections in them."""
    return [layer for part in parts for layer in layers(part, *_SECTIONS)]


def _items(parts: Sequence[Object]) -> Iterator[tuple[str, Any]]:
    seen: set[int] = set()
    for layer in layers_of(parts):
        for key, kind in (*_LISTS.items(), ("events", "")):
            inner = layer.get(key)
            if isinstance(inner, list) and id(inner) not in seen:
                seen.add(id(inner))
                yield from ((kind or _kind(item), item) for item in inner)


def _kind(item: Any) -> str:  # noqa: ANN401 -- any JSON value
    word = (text([item], *_KIND) or "") if isinstance(item, dict) else ""
    return next((kind for pattern, kind in _WORDS if re.search(pattern, word.casefold())), "other")


def _time(item: Any, zone: tzinfo | None) -> datetime | None:  # noqa: ANN401 -- any JSON value
    if not isinstance(item, dict):
        return None
    return next((at for value in values([item], *_TIMES) if (at := as_moment(value, zone))), None)


def _event(kind: str, item: Any, at: datetime) -> Event:  # noqa: ANN401 -- any JSON value
    fields = _FIELDS[kind](item) if kind in _FIELDS else {}
    if kind in PRIVATE:
        fields = {**fields, "who": _who(item), "text": _said(item)}
    amount = number([item], "amount", "gained", "value") if kind in {XP, CREDITS} and isinstance(item, dict) else None
    return Event(
        at=to_ms(at),
        type=kind,
        amount=amount if kind == XP else None,
        value=amount if kind == CREDITS else None,
        item=_quest(item) if kind == QUEST else None,
        fields={key: value for key, value in fields.items() if value is not None},
    )


def _who(item: Any) -> str | None:  # noqa: ANN401 -- any JSON value
    return text([item], *_PERSONS) if isinstance(item, dict) else None


def _said(item: Any) -> str | None:  # noqa: ANN401 -- any JSON value
    return text([item], *_SAID) if isinstance(item, dict) else item[:MAX_TEXT] if isinstance(item, str) else None


def _quest(item: Any) -> str | None:  # noqa: ANN401 -- any JSON value
    name = text([item], "name", "quest_name", "quest", "title") if isinstance(item, dict) else item
    return name.strip()[:MAX_TEXT] or None if isinstance(name, str) else None


def _action(item: Any) -> dict[str, Scalar]:  # noqa: ANN401 -- any JSON value
    said = (text([item], "action", "description", "name") or "").casefold() if isinstance(item, dict) else ""
    return {"action": next((word for start, word in _ACTIONS if said.startswith(start)), None)}


def _place(item: Any) -> dict[str, Scalar]:  # noqa: ANN401 -- any JSON value
    if not isinstance(item, dict):
        return {"planet": _planet(item)}
    x, y, z = _coordinates(item)
    return {"planet": _planet(item), "x": x, "y": y, "z": z, "minutes": number([item], "duration_minutes")}


def _coordinates(item: Object) -> tuple[float | None, float | None, float | None]:
    given = next(values([item], "coordinates", "position", "coords"), None)
    if isinstance(given, list):
        x, y, z, *_ = (*(as_number(one) for one in given[:3]), None, None, None)
        return x, y, z
    source = [given if isinstance(given, dict) else item]
    return number(source, "x"), number(source, "y"), number(source, "z")


def _lasted(item: Any) -> dict[str, Scalar]:  # noqa: ANN401 -- any JSON value
    source = [item] if isinstance(item, dict) else []
    minutes, seconds = number(source, "duration_minutes"), number(source, "duration_seconds", "duration")
    return {"minutes": round(seconds / 60, 3) if minutes is None and seconds is not None else minutes}


_FIELDS: Mapping[str, Callable[[Any], dict[str, Scalar]]] = {
    ACTION: _action,
    LOCATION: _place,
    AFK: _lasted,
    STUCK: _lasted,
}


def _planet(item: Any) -> str | None:  # noqa: ANN401 -- any JSON value
    told = text([item], "planet", "location", "name") if isinstance(item, dict) else item
    if not isinstance(told, str):
        return None
    return PLANETS.get(re.split(r" - |,|:|/", told)[0].replace(" ", "").replace("_", "").casefold())


def _list(value: Any) -> Sequence[Any]:  # noqa: ANN401 -- any JSON value
    return value if isinstance(value, list) else ()


def _names(value: Any, within: str) -> Iterator[str]:  # noqa: ANN401 -- any JSON value
    if isinstance(value, list):
        for item in value:
            yield from _names(item, within)
    elif isinstance(value, dict):
        for key, inner in value.items():
            word = key.casefold()
            if _NAMED.fullmatch(word) and not (word in {"name", "names"} and within in _UNNAMED):
                yield from _strings(inner)
            yield from _names(inner, word)


def _strings(value: Any) -> Iterator[str]:  # noqa: ANN401 -- any JSON value
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield from (one for one in value if isinstance(one, str))
