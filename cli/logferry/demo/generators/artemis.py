"""Makes up sessions of Artemis Tracker (Entropia Universe), with the quirks of its real files. Pure: no clock, no IO.

The quirks: times have whole seconds, so many events share one; chat lines in `raw` and names in `player`; `critical`
is sometimes missing; shots with and without a loadout; costs entered by hand; keys that only newer releases write.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from logferry.demo.generators.cast import Cast

Document = dict[str, Any]
Fields = dict[str, Any]

CREATURES = ("Argonaut", "Maffoid", "Atrox", "Snablesnot")
SKILLS = (("Rifle", "Combat"), ("Anatomy", "General"), ("Evade", "Defense"), ("First Aid", "Medical"))
ITEMS = ("Animal Hide", "Shrapnel", "Universal Ammo", "Muscle Oil", "Vibrant Sweat")
MISSES = {
    "miss": "You missed",
    "target_dodged": "The target Dodged your attack",
    "target_evaded": "The target Evaded your attack",
    "target_resisted": "The target resisted all damage",
    "out_of_range": "Target out of range",
}
LOADOUT_IDS = ("loadout-k3v9a1", "loadout-z7m2q4")


def artemis_session(
    random: Random,
    cast: Cast,
    *,
    started_at: datetime,
    length: timedelta = timedelta(minutes=40),
    events: int = 90,
) -> Document:
    """One finished session; `grown` tells how the tracker wrote it."""
    started_at = started_at.astimezone(UTC).replace(microsecond=random.randrange(1000) * 1000)
    ended_at = started_at + length
    return {
        "id": f"session-{epoch_ms(started_at)}",
        "name": cast.session_name,
        "tags": ["hunting", random.choice(CREATURES).lower()],
        "startedAt": iso(started_at),
        "endedAt": iso(ended_at),
        "events": list(_events(random, cast, events, started_at, ended_at)),
        "loadoutSnapshots": {
            key: {"id": key, "name": name, "costPerShot": round(random.uniform(0.04, 0.3), 4)}
            for key, name in zip(LOADOUT_IDS, cast.loadouts, strict=True)
        },
        "manualCostPerShot": 0.05,
        "manualArmorCost": round(random.uniform(0, 3), 2),
        "manualFapCost": round(random.uniform(0, 1), 2),
        "manualMiscCost": 0,
        "totalPausedTime": random.randrange(0, 90_000),
    }


def grown(document: Document) -> Iterator[Document]:
    """The document after its start, after each event, and at its end: what the tracker writes, one after the other."""
    running = {key: value for key, value in document.items() if key != "endedAt"}
    for count in range(len(document["events"]) + 1):
        yield running | {"events": document["events"][:count]}
    yield document


def encode_document(document: Document) -> bytes:
    """The file's bytes, as the tracker's `JSON.stringify(session, null, 2)` makes them."""
    return json.dumps(document, indent=2, ensure_ascii=False).encode()


def file_name(document: Document) -> str:
    """`session-<epoch ms>.json`"""
    return f"{document['id']}.json"


def epoch_ms(at: datetime) -> int:
    """Milliseconds since 1970."""
    return round(at.timestamp() * 1000)


def iso(at: datetime) -> str:
    """As JavaScript's `toISOString` writes it."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _events(random: Random, cast: Cast, count: int, start: datetime, end: datetime) -> Iterator[Fields]:
    hunter = _Hunter(random, cast)
    for at in _moments(random, count, epoch_ms(start), epoch_ms(end)):
        event = random.choices(tuple(_EVENTS), weights=tuple(_EVENTS.values()))[0]
        yield {"timestamp": at, **event(hunter)}


def _moments(random: Random, count: int, start: int, end: int) -> list[int]:
    """Times of events: in bursts, and cut to whole seconds as the game's chat log has them."""
    first = start // 1000 + 1
    last = max(first, end // 1000 - 1)
    bursts = [random.randint(first, last) for _ in range(max(1, count // 4))]
    return sorted(min(last, random.choice(bursts) + random.choice((0, 0, 0, 1, 2))) * 1000 for _ in range(count))


@dataclass(frozen=True, slots=True)
class _Hunter:
    """Plays the game, and the tracker reads its chat log."""

    random: Random
    cast: Cast

    def hit(self) -> Fields:
        amount = round(self.random.uniform(8, 90), 1)
        critical = {"critical": True} if self.random.random() < 0.05 else self.random.choice(({"critical": False}, {}))
        mark = "Critical hit - Additional damage! " if critical.get("critical") else ""
        raw = f"{mark}You inflicted {amount} points of damage"
        return {"raw": raw, "type": "damage_dealt", "amount": amount, **critical, **self.loadout()}

    def missed(self) -> Fields:
        word = self.random.choice(tuple(MISSES))
        return {"raw": MISSES[word], "type": word, **self.loadout()}

    def taken(self) -> Fields:
        amount = round(self.random.uniform(1, 25), 1)
        return {"raw": f"You took {amount} points of damage", "type": "damage_taken", "amount": amount}

    def defended(self) -> Fields:
        word, raw = self.random.choice((("player_evaded", "You Evaded the attack"), ("deflect", "Damage deflected!")))
        return {"raw": raw, "type": word}

    def healed(self) -> Fields:
        amount = round(self.random.uniform(5, 30), 1)
        if self.random.random() < 0.3:
            name = self.random.choice(self.cast.others)
            return {"raw": f"You were healed by {name}", "type": "healed_by", "amount": amount, "player": name}
        return {"raw": f"You healed yourself {amount} points", "type": "self_heal", "amount": amount}

    def loot(self) -> Fields:
        item, quantity = self.random.choice(ITEMS), self.random.randint(1, 400)
        value = round(quantity * self.random.choice((0.0001, 0.01, 0.03)), 4)
        return {
            "raw": f"You received {item} x ({quantity}) Value: {value:.4f} PED",
            "type": "loot",
            "itemName": item,
            "quantity": quantity,
            "value": value,
            **self.loadout(),
        }

    def skill(self) -> Fields:
        name, category = self.random.choice(SKILLS)
        amount = round(self.random.uniform(0.01, 0.9), 4)
        return {
            "raw": f"You have gained {amount} experience in your {name} skill",
            "type": "skill_gain",
            "skillName": name,
            "skillCategory": category,
            "amount": amount,
        }

    def fame(self) -> Fields:
        name, creature = self.random.choice((self.cast.player, *self.cast.others)), self.random.choice(CREATURES)
        value, word = self.random.randint(50, 900), self.random.choice(("global", "global", "hof"))
        cheer = " A record has been added to the Hall of Fame!" if word == "hof" else ""
        raw = f"{name} killed a creature ({creature} Old) with a value of {value} PED!{cheer}"
        return {"raw": raw, "type": word, "player": name, "creature": creature, "value": value}

    def chat(self) -> Fields:
        """A friend comes or goes, and the tracker keeps the whole line, with what they said."""
        name, word = self.random.choice(self.cast.others), self.random.choice(("player_login", "player_logout"))
        return {"raw": f"[Private] [{name}] {self.random.choice(self.cast.gossip)}", "type": word, "player": name}

    def loadout(self) -> Fields:
        return {"loadoutId": self.random.choice(LOADOUT_IDS)} if self.random.random() < 0.85 else {}


_EVENTS: dict[Callable[[_Hunter], Fields], int] = {
    _Hunter.hit: 40,
    _Hunter.missed: 14,
    _Hunter.taken: 12,
    _Hunter.defended: 6,
    _Hunter.healed: 4,
    _Hunter.loot: 12,
    _Hunter.skill: 8,
    _Hunter.fame: 3,
    _Hunter.chat: 3,
}
"""How often each kind of event comes."""
