"""Counts what a hunting session adds up to, in one pass over its events. Pure; knows event words, no files.

The words are Artemis Tracker's; six of them consume ammunition whether they hit or not.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from logferry_model.figures import (
    Combat,
    Defence,
    Economy,
    LoadoutTotal,
    LootTotal,
    SkillTotal,
    Statistics,
)
from logferry_model.session import EpochMs, Event, Skill

HIT = "damage_dealt"
MISS = {
    "miss": "missed",
    "target_dodged": "target_dodged",
    "target_evaded": "target_evaded",
    "target_resisted": "target_resisted",
    "out_of_range": "out_of_range",
}
"""Event word of a miss -> field of Combat."""
SHOTS = frozenset({HIT, *MISS})
LOOT = frozenset({"loot", "mining_claim"})
SKILL_GAINS = frozenset({"skill_gain", "attribute_gain"})
GLOBALS = frozenset({"global", "global_mining", "global_craft"})
HALLS_OF_FAME = frozenset({"hof", "hof_mining"})
REVIVALS = frozenset({"revived", "divine_intervention"})
HEALS = frozenset({"self_heal", "healed_by"})
ONE_CREATURE_MS = 1_000
"""Drops no further apart than this came from one creature: the log names no kill, and its times have whole seconds."""


@dataclass
class _Loadout:
    shots: int = 0
    hits: int = 0
    damage: float = 0.0
    cost: float = 0.0
    loot: float = 0.0


@dataclass
class _Sum:
    """Grows by one event at a time."""

    cost_per_shot: Mapping[str, float]
    fallback_cost: float
    words: Counter[str] = field(default_factory=Counter)
    criticals: int = 0
    dealt: float = 0.0
    taken: float = 0.0
    healed: float = 0.0
    kills: int = 0
    last_drop: EpochMs | None = None
    loot: dict[str, LootTotal] = field(default_factory=dict)
    skills: dict[tuple[str, str | None], SkillTotal] = field(default_factory=dict)
    loadouts: defaultdict[str, _Loadout] = field(default_factory=lambda: defaultdict(_Loadout))

    def add(self, event: Event) -> None:
        """Count one event."""
        self.words[event.type] += 1
        if event.type in SHOTS:
            self._shot(event)
        elif event.type == "damage_taken":
            self.taken += event.amount or 0.0
        elif event.type in HEALS:
            self.healed += event.amount or 0.0
        elif event.type in LOOT:
            self._drop(event)
        elif event.type in SKILL_GAINS:
            self._gain(event)

    def _shot(self, event: Event) -> None:
        used = self.loadouts[event.loadout or ""]
        used.shots += 1
        used.cost += self.cost_per_shot.get(event.loadout or "", self.fallback_cost)
        if event.type == HIT:
            used.hits += 1
            used.damage += event.amount or 0.0
            self.dealt += event.amount or 0.0
            self.criticals += event.critical

    def _drop(self, event: Event) -> None:
        value, name = event.value or 0.0, event.item or "unknown"
        before = self.loot.get(name, LootTotal(item=name))
        self.loot[name] = LootTotal(
            item=name,
            drops=before.drops + 1,
            quantity=before.quantity + (1 if event.quantity is None else event.quantity),
            value=before.value + value,
        )
        self.loadouts[event.loadout or ""].loot += value
        if event.type == "loot":
            self.kills += self.last_drop is None or event.at - self.last_drop > ONE_CREATURE_MS
            self.last_drop = event.at

    def _gain(self, event: Event) -> None:
        key = (event.skill or "unknown", event.skill_category)
        before = self.skills.get(key, SkillTotal(name=key[0], category=key[1]))
        self.skills[key] = SkillTotal(
            name=key[0], category=key[1], gains=before.gains + 1, gained=before.gained + (event.amount or 0.0)
        )

    def count(self, words: Iterable[str]) -> int:
        """How many events had one of these words."""
        return sum(self.words[word] for word in words)


def tally(
    events: Iterable[Event],
    *,
    cost_per_shot: Mapping[str, float],
    fallback_cost: float = 0.0,
    other_cost: float = 0.0,
) -> Statistics:
    """What `events` add up to.

    `cost_per_shot` is by loadout id; `fallback_cost` is for shots of no known loadout; `other_cost` is what the player
    entered by hand. All in the game's currency.
    """
    total = _Sum(cost_per_shot, fallback_cost)
    for event in events:
        total.add(event)
    return Statistics(
        events=total.words.total(),
        combat=_combat(total),
        defence=_defence(total),
        economy=_economy(total, other_cost),
        skills=tuple(sorted(total.skills.values(), key=lambda skill: (-skill.gained, skill.name))),
        loot=tuple(sorted(total.loot.values(), key=lambda loot: (-loot.value, loot.item))),
        loadouts=tuple(_loadout(name, used) for name, used in sorted(total.loadouts.items())),
        globals=total.count(GLOBALS),
        halls_of_fame=total.count(HALLS_OF_FAME),
    )


def skills_of(statistics: Statistics) -> tuple[Skill, ...]:
    """The gained skills as parts of a session."""
    return tuple(
        Skill(name=gained.name, category=gained.category, uses=gained.gains, total=gained.gained)
        for gained in statistics.skills
    )


def _combat(total: _Sum) -> Combat:
    kinds = {name: total.words[word] for word, name in MISS.items()}
    return Combat(
        shots=total.count(SHOTS),
        hits=total.words[HIT],
        misses=sum(kinds.values()),
        criticals=total.criticals,
        damage_dealt=total.dealt,
        damage_taken=total.taken,
        deaths=total.words["death"],
        revivals=total.count(REVIVALS),
        kills=total.kills,
        **kinds,
    )


def _defence(total: _Sum) -> Defence:
    return Defence(
        dodged=total.words["player_dodged"],
        evaded=total.words["player_evaded"],
        deflected=total.words["deflect"],
        enemy_missed=total.words["enemy_missed"],
        armour_hits=total.words["damage_reduced"],
        healed=total.healed,
    )


def _economy(total: _Sum, other_cost: float) -> Economy:
    return Economy(
        loot_value=sum(loot.value for loot in total.loot.values()),
        ammunition_cost=sum(used.cost for used in total.loadouts.values()),
        other_cost=other_cost,
    )


def _loadout(name: str, used: _Loadout) -> LoadoutTotal:
    return LoadoutTotal(
        loadout=name,
        shots=used.shots,
        hits=used.hits,
        damage_dealt=used.damage,
        cost=used.cost,
        loot_value=used.loot,
    )
