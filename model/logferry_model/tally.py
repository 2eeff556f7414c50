"""Counts what a hunting session adds up to, one event after the other. Pure; knows event words, no files.

The words are Artemis Tracker's; six of them consume ammunition whether they hit or not. An event costs the same whether
it is the first or the hundred thousandth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

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
SHRAPNEL = "shrapnel"
AMMUNITION = (" ammo", " ammunition")
"""How the names of looted ammunition end: Universal Ammo."""


@dataclass
class _Loadout:
    shots: int = 0
    hits: int = 0
    damage: float = 0.0
    cost: float = 0.0
    loot: float = 0.0


@dataclass(kw_only=True)
class Tally:
    """What the events so far add up to: grows by one event at a time, and may be asked at any time.

    `cost_per_shot` is by loadout id; `fallback_cost` is for shots of no known loadout; `other_cost` is all that the
    player entered by hand, of which `armour_cost` and `healing_cost` are parts. All in the game's currency.
    """

    cost_per_shot: Mapping[str, float]
    fallback_cost: float = 0.0
    other_cost: float = 0.0
    armour_cost: float = 0.0
    healing_cost: float = 0.0
    _words: Counter[str] = field(default_factory=Counter, init=False)
    _criticals: int = field(default=0, init=False)
    _dealt: float = field(default=0.0, init=False)
    _taken: float = field(default=0.0, init=False)
    _healed: float = field(default=0.0, init=False)
    _kills: int = field(default=0, init=False)
    _last_drop: EpochMs | None = field(default=None, init=False)
    _loot: dict[str, LootTotal] = field(default_factory=dict, init=False)
    _skills: dict[tuple[str, str | None], SkillTotal] = field(default_factory=dict, init=False)
    _loadouts: dict[str, _Loadout] = field(default_factory=dict, init=False)
    _finds: dict[Hashable, Counter[bool]] = field(default_factory=dict, init=False)

    def add(self, event: Event) -> None:
        """Count one event."""
        self._words[event.type] += 1
        if event.type in SHOTS:
            self._shot(event)
        elif event.type == "damage_taken":
            self._taken += event.amount or 0.0
        elif event.type in HEALS:
            self._healed += event.amount or 0.0
        elif event.type in LOOT:
            self._drop(event)
        elif event.type in SKILL_GAINS:
            self._gain(event)
        elif event.type in GLOBALS or event.type in HALLS_OF_FAME:
            self._find(event)

    def statistics(self, active: timedelta | None = None) -> Statistics:
        """The figures so far; `active` is how long was played, where that is known. Costs nothing per event."""
        halls = sum(kinds[True] for kinds in self._finds.values())
        return Statistics(
            events=self._words.total(),
            combat=self._combat(),
            defence=self._defence(),
            economy=self._economy(),
            skills=tuple(sorted(self._skills.values(), key=lambda one: (-one.gained, one.name, one.category or ""))),
            loot=tuple(sorted(self._loot.values(), key=lambda loot: (-loot.value, loot.item))),
            loadouts=tuple(_loadout(name, used) for name, used in sorted(self._loadouts.items())),
            # The record's line and the line about the find itself tell of one find.
            globals=sum(max(0, kinds[False] - kinds[True]) for kinds in self._finds.values()),
            halls_of_fame=halls,
            active_ms=None if active is None else active // timedelta(milliseconds=1),
        )

    def _shot(self, event: Event) -> None:
        used = self._loadouts.setdefault(event.loadout or "", _Loadout())
        used.shots += 1
        used.cost += self.cost_per_shot.get(event.loadout or "", self.fallback_cost)
        if event.type == HIT:
            used.hits += 1
            used.damage += event.amount or 0.0
            self._dealt += event.amount or 0.0
            self._criticals += event.critical

    def _drop(self, event: Event) -> None:
        value, name = event.value or 0.0, event.item or "unknown"
        before = self._loot.get(name, LootTotal(item=name))
        self._loot[name] = LootTotal(
            item=name,
            drops=before.drops + 1,
            quantity=before.quantity + (1 if event.quantity is None else event.quantity),
            value=before.value + value,
        )
        self._loadouts.setdefault(event.loadout or "", _Loadout()).loot += value
        if event.type == "loot":
            self._kills += self._last_drop is None or event.at - self._last_drop > ONE_CREATURE_MS
            self._last_drop = event.at

    def _gain(self, event: Event) -> None:
        key = (event.skill or "unknown", event.skill_category)
        before = self._skills.get(key, SkillTotal(name=key[0], category=key[1]))
        self._skills[key] = SkillTotal(
            name=key[0],
            category=key[1],
            gains=before.gains + 1,
            gained=before.gained + (event.amount or 0.0),
            last_at=event.at if before.last_at is None else max(before.last_at, event.at),
        )

    def _find(self, event: Event) -> None:
        find = (event.at, event.participant, event.creature, event.item, event.value)
        self._finds.setdefault(find, Counter())[event.type in HALLS_OF_FAME] += 1

    def _count(self, words: Iterable[str]) -> int:
        return sum(self._words[word] for word in words)

    def _worth(self, wanted: Callable[[str], bool]) -> float:
        return sum(loot.value for loot in self._loot.values() if wanted(loot.item.casefold()))

    def _combat(self) -> Combat:
        kinds = {name: self._words[word] for word, name in MISS.items()}
        return Combat(
            shots=self._count(SHOTS),
            hits=self._words[HIT],
            misses=sum(kinds.values()),
            criticals=self._criticals,
            damage_dealt=self._dealt,
            damage_taken=self._taken,
            deaths=self._words["death"],
            revivals=self._count(REVIVALS),
            kills=self._kills,
            **kinds,
        )

    def _defence(self) -> Defence:
        return Defence(
            dodged=self._words["player_dodged"],
            evaded=self._words["player_evaded"],
            deflected=self._words["deflect"],
            enemy_missed=self._words["enemy_missed"],
            armour_hits=self._words["damage_reduced"],
            hits_taken=self._words["damage_taken"],
            healed=self._healed,
        )

    def _economy(self) -> Economy:
        return Economy(
            loot_value=self._worth(lambda _: True),
            shrapnel_value=self._worth(lambda item: item == SHRAPNEL),
            ammunition_value=self._worth(lambda item: item.endswith(AMMUNITION)),
            ammunition_cost=sum(used.cost for used in self._loadouts.values()),
            other_cost=self.other_cost,
            armour_cost=self.armour_cost,
            healing_cost=self.healing_cost,
        )


def tally(
    events: Iterable[Event],
    *,
    cost_per_shot: Mapping[str, float],
    fallback_cost: float = 0.0,
    other_cost: float = 0.0,
) -> Statistics:
    """What `events` add up to; the costs are those of a Tally."""
    total = Tally(cost_per_shot=cost_per_shot, fallback_cost=fallback_cost, other_cost=other_cost)
    for event in events:
        total.add(event)
    return total.statistics()


def skills_of(statistics: Statistics) -> tuple[Skill, ...]:
    """The gained skills as parts of a session."""
    return tuple(
        Skill(name=gained.name, category=gained.category, uses=gained.gains, total=gained.gained)
        for gained in statistics.skills
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
