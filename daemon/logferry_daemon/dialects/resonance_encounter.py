"""An encounter as Resonance Logs' upload plan has it: its limits, its players, skills and timelines. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from logferry_daemon.dialects import foreign
from logferry_model.errors import Refused
from logferry_model.session import Boss, Hit, Participant, Session, Skill

SCHEMA_VERSION = 1
LONGEST = timedelta(hours=2)
MOST_PLAYERS = 50
MOST_HITS = 10_000
"""Of one skill of one player."""
_IDS = 2**31
"""`encounterId` is a whole number of 32 bits, and not 0."""
_MILLISECOND = timedelta(milliseconds=1)
UNKNOWN_SKILL = -1


def encounter(session: Session, meter: str) -> dict[str, Any]:
    """It, without its checksum; Refused where it is beyond what the API takes."""
    length = session.duration or timedelta()
    _check(session, length)
    numbers = {person.id: number for number, person in enumerate(session.participants, start=1)}
    local = next((numbers[person.id] for person in session.participants if person.local), None)
    totals = {name: session.facts.get(name) for name in ("total_damage", "total_heal")}
    return {
        "schemaVersion": SCHEMA_VERSION,
        "encounterId": number_of(int(session.started_at.timestamp())),
        "startedAtMs": _ms(session.started_at),
        "endedAtMs": _ms(session.started_at) + length // _MILLISECOND,
        "durationMs": length // _MILLISECOND,
        "totalDamage": _whole(totals["total_damage"]),
        "totalHeal": _whole(totals["total_heal"]),
        "bosses": _bosses(session.bosses),
        "players": [_player(session, person, numbers[person.id]) for person in session.participants],
        "meterVersion": meter,
        **foreign.known(localPlayerUid=local),
    }


def number_of(second: int) -> int:
    """What an encounter that began in this second is called."""
    return second % _IDS or 1


def _check(session: Session, length: timedelta) -> None:
    if length < _MILLISECOND:
        raise beyond("it took no time at all")
    if length > LONGEST:
        raise beyond(f"it took {length}, and the limit is {LONGEST}")
    if len(session.participants) > MOST_PLAYERS:
        raise beyond(f"it has {len(session.participants)} players, and the limit is {MOST_PLAYERS}")
    most = max((max(skill.uses, len(skill.timeline)) for skill in session.skills), default=0)
    if most > MOST_HITS:
        raise beyond(f"one of its skills has {most:,} hits, and the limit is {MOST_HITS:,}")


def beyond(why: str) -> Refused:
    """Said of one that is."""
    return Refused("beyond-limits", f"resonance does not take this encounter: {why}")


def _player(session: Session, person: Participant, number: int) -> dict[str, Any]:
    """Their id is their place in this encounter: the game's own id would tell who they are."""
    done = person.figures
    skills = [skill for skill in session.skills if skill.participant == person.id]
    hits, heals = done.get("hits_dealt", 0.0), done.get("hits_heal", 0.0)
    facts = {
        "classId": _fact(person, "class_id"),
        "classSpec": _fact(person, "class_spec"),
        "abilityScore": _fact(person, "ability_score"),
        "level": _fact(person, "level"),
    }
    return {
        "actorId": number,
        "name": foreign.name_of(session, person),
        **foreign.known(**facts),
        "damageDealt": _whole(done.get("damage_dealt")),
        "healDealt": _whole(done.get("heal_dealt")),
        "damageTaken": _whole(done.get("damage_taken")),
        "bossDamageDealt": _whole(done.get("boss_damage_dealt")),
        "hitsDealt": _whole(hits),
        "hitsHeal": _whole(heals),
        "critHitsDealt": _whole(done.get("crit_hits_dealt")),
        "luckyHitsDealt": _whole(done.get("lucky_hits_dealt")),
        "dps": done.get("dps", 0.0),
        "hps": done.get("hps", 0.0),
        "critRate": _share(done.get("crit_hits_dealt", 0.0), hits),
        "luckyRate": _share(done.get("lucky_hits_dealt", 0.0), hits),
        "damageSkills": [_skill(skill) for skill in skills if skill.category == "damage"],
        "healSkills": [_skill(skill) for skill in skills if skill.category == "heal"],
    }


def _skill(skill: Skill) -> dict[str, Any]:
    number = int(skill.name) if skill.name.lstrip("-").isdecimal() else UNKNOWN_SKILL
    return {
        "skillId": number,
        "skillName": "Unknown skill" if number == UNKNOWN_SKILL else f"Skill {number}",
        "totalValue": _whole(skill.total),
        "hits": skill.uses,
        "critHits": _whole(skill.figures.get("critical_hits")),
        "luckyHits": _whole(skill.figures.get("lucky_hits")),
        "critTotal": _whole(skill.figures.get("critical_total")),
        "luckyTotal": _whole(skill.figures.get("lucky_total")),
        "timeline": [_hit(hit) for hit in skill.timeline],
    }


def _hit(hit: Hit) -> dict[str, Any]:
    return {"timestampMs": hit.at, "value": _whole(hit.value), "isCrit": hit.critical, "isLucky": hit.lucky} | (
        foreign.known(
            hpLoss=None if hit.hp_loss is None else _whole(hit.hp_loss),
            shieldLoss=None if hit.shield_loss is None else _whole(hit.shield_loss),
        )
    )


def _bosses(bosses: Sequence[Boss]) -> list[dict[str, Any]]:
    """One of each name: the server has room for no more."""
    found: dict[str, dict[str, Any]] = {}
    for boss in bosses:
        one = found.setdefault(boss.name, {"name": boss.name, "totalDamage": 0, "hits": 0})
        one["totalDamage"] += _whole(boss.damage)
        one["hits"] += boss.hits
    return list(found.values())


def _fact(person: Participant, name: str) -> int | None:
    value = person.facts.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _whole(value: Any) -> int:  # noqa: ANN401 -- a figure, or whatever a fact holds
    """The server counts in whole numbers and refuses 1.0."""
    return round(value) if isinstance(value, int | float) else 0


def _share(part: float, whole: float) -> float:
    return round(100 * part / whole, 2) if whole else 0.0


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
