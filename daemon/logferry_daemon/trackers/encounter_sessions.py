"""One encounter as a session: who fought, for how many rounds, who fell, which conditions they were under. Pure.

Names of encounters, players and creatures are collected and never sent; of words only the rules' own are kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any

from logferry_daemon.core.boundary import end_by
from logferry_daemon.core.identity import from_ms, session_id, to_ms
from logferry_daemon.core.reading import MAX_EVENTS, Found, found_whole
from logferry_daemon.trackers.encounter_figures import CONDITION, DAMAGE, DOWN, HEAL, KILL, totalled
from logferry_daemon.trackers.encounter_papers import TYPED
from logferry_daemon.trackers.shapes import Object, layers, moment, number, objects, text, values
from logferry_model.session import EndRule, Event, Participant, Scalar, Session

NAME = "encounter-tracker"
OVER = frozenset({"completed", "complete", "finished", "ended", "done", "archived", "resolved"})
STATES = OVER | {"draft", "planning", "planned", "active", "in-progress", "paused"}
DIFFICULTIES = frozenset({"trivial", "easy", "medium", "moderate", "hard", "deadly", "low", "high"})
TYPES = frozenset(
    {"pc", "npc", "monster", "player", "enemy", "ally", "character", "creature", "companion", "hazard", "lair"}
)
_CONDITIONS = """
blinded charmed concentrating concentration deafened dead exhaustion frightened grappled incapacitated invisible
paralyzed petrified poisoned prone restrained stable stunned surprised unconscious
"""
CONDITIONS = frozenset(_CONDITIONS.split())
WORDS = {
    word: word for word in ("damage", "heal", "condition_added", "condition_removed", "turn", "round", "initiative")
} | {
    "healing": HEAL,
    "attack": DAMAGE,
    "death": "death",
    "kill": "death",
}
"""Words of a fight's own log and what becomes of them; another could be anything, so it is kept as `other`."""
LONG_ID = 16
"""Signs of an id that is unique by itself."""
_STARTS, _ENDS = ("startedAt", "started_at", "startTime"), ("endedAt", "ended_at", "completedAt", "endTime")
_CREATED = ("createdAt", "created_at")
_TOUCHED = ("updatedAt", "updated_at", "lastModified")
_TIMES = ("timestamp", "at", "time", "createdAt")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fighter:
    """One participant as the export tells of them."""

    person: Participant
    ids: frozenset[str]
    """What the fight's own log may call them by, as it stands there: typed ids, too, as none of them is sent."""
    player: bool
    down: bool
    conditions: tuple[str, ...]


def session_of(encounter: Object, own: str, zone: tzinfo | None) -> Found | None:
    """The encounter as a session; None when it does not say when it was."""
    parts = layers(encounter, "combatState", "combat")
    times = _times(parts, zone)
    if times is None:
        return None
    start, last, over = times
    fighters = [_fighter(number, one) for number, one in enumerate(_participants(parts), start=1)]
    events = tuple(sorted(_events(parts, fighters, last, zone), key=lambda event: event.at))[:MAX_EVENTS]
    until = max(last, from_ms(events[-1].at)) if events else last
    players = sum(fighter.player for fighter in fighters)
    natural_key = _key(own, moment(parts, *_CREATED, zone=zone) or start)
    session = Session(
        id=session_id(NAME, natural_key),
        tracker=NAME,
        natural_key=natural_key,
        started_at=start,
        ended_at=until,
        participants=tuple(fighter.person for fighter in fighters),
        events=events,
        facts=_facts(parts),
        statistics=totalled(parts, events, players=players, others=len(fighters) - players, length=until - start),
    )
    end = (
        end_by(EndRule.EXPLICIT, f"the tracker says that it was over at {last:%Y-%m-%d %H:%M:%S} UTC") if over else None
    )
    found = found_whole(session, end=end, names=frozenset(_names(encounter)))
    # Whatever is changed moves the time of the last change; that is what makes a later state of it weigh more.
    return replace(found, weight=to_ms(moment(parts, *_TOUCHED, zone=zone) or last) + over)


def _times(parts: Sequence[Object], zone: tzinfo | None) -> tuple[datetime, datetime, bool] | None:
    """When it began, the last that is known of it, and whether it is over."""
    began, ended = moment(parts, *_STARTS, zone=zone), moment(parts, *_ENDS, zone=zone)
    created, touched = moment(parts, *_CREATED, zone=zone), moment(parts, *_TOUCHED, zone=zone)
    over = ended is not None or _status(parts) in OVER
    last = ended or touched or began or created
    if last is None:
        return None
    # A fight is prepared long before: where nobody wrote when it began, only its end is known.
    start = began or (last if over else created or last)
    return start, max(start, last), over


def _key(own: str, created: datetime) -> str:
    """Its id where a database made it; one that was counted up may come again, one that was typed stays here."""
    if own.startswith(TYPED):
        return f"created@{created.isoformat()}"
    return own if len(own) >= LONG_ID else f"{own}@{created.isoformat()}"


def _status(parts: Sequence[Object]) -> str:
    return (text(parts, "status", "state") or "").casefold().replace("_", "-").replace(" ", "-")


def _participants(parts: Sequence[Object]) -> list[Object]:
    return objects(parts, "participants", "combatants", "initiativeOrder", "creatures")


def _fighter(place: int, one: Object) -> _Fighter:
    source = layers(one, "hitPoints", "hp", "stats")
    kind = (text(source, "type", "kind") or "").casefold()
    full = number(source, "maxHitPoints", "maxHp", "maximum", "max")
    left = number(source, "currentHitPoints", "currentHp", "hitPoints", "hp", "current")
    player = one.get("isPlayer") is True or kind in {"pc", "player"}
    figures = {
        "max_hp": full,
        "hp": left,
        "damage_taken": None if full is None or left is None else max(0.0, full - left),
    }
    facts: dict[str, Scalar] = {"type": kind if kind in TYPES else None, "player": player}
    facts |= {"armor_class": number(source, "armorClass", "ac"), "initiative": number(source, "initiative")}
    return _Fighter(
        person=Participant(
            id=f"p{place}",
            name=text([one], "name"),
            facts={key: value for key, value in facts.items() if value is not None},
            figures={key: value for key, value in figures.items() if value is not None},
        ),
        ids=frozenset(_ids(one, "participantId", "id", "_id", "characterId")),
        player=player,
        down=left is not None and left <= 0 and (full is None or full > 0),
        conditions=tuple(_conditions(one)),
    )


def _conditions(one: Object) -> Iterator[str]:
    for inner in values([one], "conditions", "statusEffects"):
        for item in inner if isinstance(inner, list) else ():
            name = text([item], "name", "type") if isinstance(item, dict) else item
            if isinstance(name, str):
                yield _condition(name)


def _condition(name: str) -> str:
    return name.strip().casefold() if name.strip().casefold() in CONDITIONS else "other"


def _events(
    parts: Sequence[Object], fighters: Sequence[_Fighter], last: datetime, zone: tzinfo | None
) -> Iterator[Event]:
    """What the fight's own log tells, then how everybody stood at the end."""
    by_id = _by_id(fighters)
    for item in objects(parts, "combatLog", "log", "history", "events"):
        at = moment([item], *_TIMES, zone=zone)
        if at is not None:
            yield _logged(item, at, by_id)
    for fighter in fighters:
        if fighter.down:
            yield Event(at=to_ms(last), type=DOWN if fighter.player else KILL, participant=fighter.person.id)
        for condition in fighter.conditions:
            fields: dict[str, Scalar] = {"condition": condition}
            yield Event(at=to_ms(last), type=CONDITION, participant=fighter.person.id, fields=fields)


def _by_id(fighters: Sequence[_Fighter]) -> Mapping[str, str]:
    """Id -> participant; one that several have, as creatures of one kind do, tells none of them."""
    times = Counter(one for fighter in fighters for one in fighter.ids)
    return {one: fighter.person.id for fighter in fighters for one in fighter.ids if times[one] == 1}


def _ids(one: Object, *keys: str) -> Iterator[str]:
    """As text: an id may be a number in one place and a text in another."""
    for found in values([one], *keys):
        value = found.get("$oid") if isinstance(found, dict) else found
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            yield str(value).strip()


def _logged(item: Object, at: datetime, by_id: Mapping[str, str]) -> Event:
    word = (text([item], "type", "action", "event") or "").casefold().replace("-", "_").replace(" ", "_")
    condition, turn = text([item], "condition"), number([item], "round")
    fields: dict[str, Scalar] = {} if condition is None else {"condition": _condition(condition)}
    if turn is not None:
        fields["round"] = turn
    return Event(
        at=to_ms(at),
        type=WORDS.get(word, "other"),
        amount=number([item], "amount", "damage", "healing", "value"),
        participant=next(
            (by_id[one] for one in _ids(item, "participantId", "targetId", "characterId") if one in by_id), None
        ),
        fields=fields,
    )


def _facts(parts: Sequence[Object]) -> dict[str, Scalar]:
    status, difficulty = _status(parts), (text(parts, "difficulty") or "").casefold()
    facts: dict[str, Scalar] = {
        "status": status if status in STATES else None,
        "difficulty": difficulty if difficulty in DIFFICULTIES else None,
        "target_level": number(parts, "targetLevel", "level"),
    }
    return {key: value for key, value in facts.items() if value is not None}


def _names(value: Any) -> Iterator[str]:  # noqa: ANN401 -- any JSON value
    """Every name in the encounter, of the encounter, players and creatures alike; conditions are the rules' words."""
    if isinstance(value, list):
        for item in value:
            yield from _names(item)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key.casefold().endswith(("name", "email")) and isinstance(inner, str) and inner.strip():
                yield inner.strip()
            elif key not in {"conditions", "statusEffects"}:
                yield from _names(inner)
