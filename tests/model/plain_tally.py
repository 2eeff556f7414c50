"""Counts a session as one would on paper: every event by itself, every total made anew. What tally.py has to come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from logferry_model.figures import LoadoutTotal, LootTotal, SkillTotal
from logferry_model.session import EpochMs, Event
from logferry_model.tally import GLOBALS, HALLS_OF_FAME, HEALS, HIT, LOOT, ONE_CREATURE_MS, SHOTS, SKILL_GAINS


@dataclass
class _Loadout:
    shots: int = 0
    hits: int = 0
    damage: float = 0.0
    cost: float = 0.0
    loot: float = 0.0


@dataclass(kw_only=True)
class PlainTally:
    """What the events so far add up to."""

    cost_per_shot: Mapping[str, float]
    fallback_cost: float = 0.0
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

    def told(self) -> dict[str, object]:
        """Its sums and totals, as Statistics has them."""
        by_gain = sorted(self._skills.values(), key=lambda one: (-one.gained, one.name, one.category or ""))
        return {
            "events": self._words.total(),
            "skills": tuple(by_gain),
            "loot": tuple(sorted(self._loot.values(), key=lambda one: (-one.value, one.item))),
            "loadouts": tuple(_total(name, used) for name, used in sorted(self._loadouts.items())),
            "globals": sum(max(0, kinds[False] - kinds[True]) for kinds in self._finds.values()),
            "halls_of_fame": sum(kinds[True] for kinds in self._finds.values()),
            "shots": sum(self._words[word] for word in SHOTS),
            "criticals": self._criticals,
            "damage_dealt": self._dealt,
            "damage_taken": self._taken,
            "kills": self._kills,
            "healed": self._healed,
            "loot_value": sum(one.value for one in self._loot.values()),
            "ammunition_cost": sum(used.cost for used in self._loadouts.values()),
        }

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


def _total(name: str, used: _Loadout) -> LoadoutTotal:
    return LoadoutTotal(
        loadout=name,
        shots=used.shots,
        hits=used.hits,
        damage_dealt=used.damage,
        cost=used.cost,
        loot_value=used.loot,
    )
