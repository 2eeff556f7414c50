"""Makes up exports of the D&D Encounter Tracker, with the fields of its models. Seeded, nothing read from disk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from tests.factories import START, cast

MONSTERS = ("Goblin Boss", "Ogre", "Young Green Dragon", "Cultist")
CONDITIONS = ("poisoned", "prone", "Blinded", "hexed by grandmother")
Item = dict[str, Any]


def export(seed: int = 1) -> Item:
    """Everything that one player has in the tracker."""
    random, people = Random(seed), cast(seed)
    return {
        "exportDate": iso(START),
        "user": {"username": people.player, "email": "someone@example.org"},
        "parties": [
            {"_id": oid(random), "name": people.squadron, "members": [{"name": name} for name in people.others]}
        ],
        "encounters": [
            encounter(seed, status="completed", random=random),
            encounter(seed + 1, status="active", random=random),
            encounter(seed + 2, status="draft", random=random),
        ],
        "creatures": [
            {"_id": oid(random), "name": f"{people.others[0]}'s pet", "hitPoints": 12, "isTemplate": True},
            {"_id": oid(random), "name": "Ogre", "hitPoints": 59, "isTemplate": True},
        ],
        "userPreferences": {"userId": people.player, "theme": "dark"},
        "lastSync": iso(START),
    }


def encounter(seed: int = 1, *, status: str = "completed", random: Random | None = None) -> Item:
    """One fight, so far as `status` says."""
    random, people = random or Random(seed), cast(seed)
    created, began = START + timedelta(days=seed), START + timedelta(days=seed, hours=3)
    state: Item = {"isActive": status == "active", "currentRound": 0, "currentTurn": 0, "totalDuration": 0}
    if status != "draft":
        state |= {"currentRound": random.randint(2, 9), "startedAt": iso(began)}
    if status == "completed":
        state |= {"endedAt": iso(began + timedelta(minutes=42)), "totalDuration": 2_520_000}
    return {
        "_id": oid(random),
        "ownerId": oid(random),
        "name": f"Ambush of {people.others[0]}",
        "description": people.gossip[0],
        "tags": [people.squadron],
        "difficulty": "hard",
        "targetLevel": 5,
        "status": status,
        "participants": [
            *(_fighter(random, name, player=True) for name in people.others[:3]),
            *(_fighter(random, name, player=False) for name in MONSTERS),
        ],
        "combatState": state,
        "createdAt": iso(created),
        "updatedAt": iso(began + timedelta(minutes=42)),
    }


def _fighter(random: Random, name: str, *, player: bool) -> Item:
    full = random.randint(7, 60)
    return {
        "characterId": oid(random),
        "name": name,
        "type": "pc" if player else "monster",
        "isPlayer": player,
        "maxHitPoints": full,
        "currentHitPoints": random.choice((0, 0, full // 2, full)),
        "armorClass": random.randint(10, 18),
        "initiative": random.randint(1, 20),
        "conditions": random.sample(CONDITIONS, random.randint(0, 2)),
        "notes": f"played by {name}",
    }


def oid(random: Random) -> str:
    """As MongoDB makes ids."""
    return f"{random.randrange(16**24):024x}"


def iso(at: datetime) -> str:
    """As JavaScript writes it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
