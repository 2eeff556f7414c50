"""Counts what a hunting session adds up to, one event after the other. Pure; knows event words, no files.

The words are Artemis Tracker's; six of them consume ammunition whether they hit or not. An event costs the same whether
it is the first or the hundred thousandth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from operator import attrgetter
from typing import ClassVar

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
_WORD = attrgetter("type")


@dataclass(slots=True)
class _Loadout:
    price: float
    """Of a shot."""
    shots: int = 0
    hits: int = 0
    damage: float = 0.0
    cost: float = 0.0
    loot: float = 0.0


@dataclass(slots=True)
class _Looted:
    drops: int = 0
    quantity: int = 0
    value: float = 0.0


@dataclass(slots=True)
class _Gained:
    last_at: EpochMs
    gains: int = 0
    gained: float = 0.0


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
    _loot: dict[str, _Looted] = field(default_factory=dict, init=False)
    _skills: dict[tuple[str, str | None], _Gained] = field(default_factory=dict, init=False)
    _loadouts: dict[str, _Loadout] = field(default_factory=dict, init=False)
    _finds: dict[Hashable, Counter[bool]] = field(default_factory=dict, init=False)

    def add(self, event: Event) -> None:
        """Count one event."""
        self._words[event.type] += 1
        self._count_more((event,))

    def add_all(self, events: Sequence[Event]) -> None:
        """Count some events, one after the other."""
        self._words.update(map(_WORD, events))
        self._count_more(events)

    def _count_more(self, events: Sequence[Event]) -> None:
        of = self._counting.get
        for event in events:
            if (counts := of(event.type)) is not None:
                counts(self, event)

    def statistics(self, active: timedelta | None = None) -> Statistics:
        """The figures so far; `active` is how long was played, where that is known. Costs nothing per event."""
        halls = sum(kinds[True] for kinds in self._finds.values())
        return Statistics(
            events=self._words.total(),
            combat=self._combat(),
            defence=self._defence(),
            economy=self._economy(),
            skills=tuple(sorted(self._skill_totals(), key=lambda one: (-one.gained, one.name, one.category or ""))),
            loot=tuple(sorted(self._loot_totals(), key=lambda loot: (-loot.value, loot.item))),
            loadouts=tuple(_loadout_total(name, self._loadouts[name]) for name in sorted(self._loadouts)),
            # The record's line and the line about the find itself tell of one find.
            globals=sum(max(0, kinds[False] - kinds[True]) for kinds in self._finds.values()),
            halls_of_fame=halls,
            active_ms=None if active is None else active // timedelta(milliseconds=1),
        )

    def _shot(self, event: Event) -> None:
        used = self._loadouts.get(event.loadout or "") or self._loadout(event)
        used.shots += 1
        used.cost += used.price

    def _hit(self, event: Event) -> None:
        # The shot is counted here, too: of all events, most are hits.
        used = self._loadouts.get(event.loadout or "") or self._loadout(event)
        amount = event.amount or 0.0
        used.shots += 1
        used.cost += used.price
        used.hits += 1
        used.damage += amount
        self._dealt += amount
        self._criticals += event.critical

    def _loadout(self, event: Event) -> _Loadout:
        name = event.loadout or ""
        return self._loadouts.setdefault(name, _Loadout(self.cost_per_shot.get(name, self.fallback_cost)))

    def _hurt(self, event: Event) -> None:
        self._taken += event.amount or 0.0

    def _heal(self, event: Event) -> None:
        self._healed += event.amount or 0.0

    def _drop(self, event: Event) -> None:
        value, name = event.value or 0.0, event.item or "unknown"
        looted = self._loot.get(name) or self._loot.setdefault(name, _Looted())
        looted.drops += 1
        looted.quantity += 1 if event.quantity is None else event.quantity
        looted.value += value
        used = self._loadouts.get(event.loadout or "") or self._loadout(event)
        used.loot += value
        if event.type == "loot":
            self._kills += self._last_drop is None or event.at - self._last_drop > ONE_CREATURE_MS
            self._last_drop = event.at

    def _gain(self, event: Event) -> None:
        key = (event.skill or "unknown", event.skill_category)
        gained = self._skills.get(key) or self._skills.setdefault(key, _Gained(event.at))
        gained.gains += 1
        gained.gained += event.amount or 0.0
        gained.last_at = max(gained.last_at, event.at)

    def _find(self, event: Event) -> None:
        find = (event.at, event.participant, event.creature, event.item, event.value)
        self._finds.setdefault(find, Counter())[event.type in HALLS_OF_FAME] += 1

    def _skill_totals(self) -> Iterator[SkillTotal]:
        for (name, category), one in self._skills.items():
            yield SkillTotal(name=name, category=category, gains=one.gains, gained=one.gained, last_at=one.last_at)

    def _loot_totals(self) -> Iterator[LootTotal]:
        for item, one in self._loot.items():
            yield LootTotal(item=item, drops=one.drops, quantity=one.quantity, value=one.value)

    _counting: ClassVar[Mapping[str, Callable[[Tally, Event], None]]] = {
        **dict.fromkeys(SHOTS, _shot),
        HIT: _hit,
        "damage_taken": _hurt,
        **dict.fromkeys(HEALS, _heal),
        **dict.fromkeys(LOOT, _drop),
        **dict.fromkeys(SKILL_GAINS, _gain),
        **dict.fromkeys(GLOBALS | HALLS_OF_FAME, _find),
    }
    """Event word -> what counts more of it than that it was there."""

    def _count(self, words: Iterable[str]) -> int:
        return sum(self._words[word] for word in words)

    def _worth(self, wanted: Callable[[str], bool]) -> float:
        return sum(loot.value for item, loot in self._loot.items() if wanted(item.casefold()))

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
    total.add_all(tuple(events))
    return total.statistics()


def skills_of(statistics: Statistics) -> tuple[Skill, ...]:
    """The gained skills as parts of a session."""
    return tuple(
        Skill(name=gained.name, category=gained.category, uses=gained.gains, total=gained.gained)
        for gained in statistics.skills
    )


def _loadout_total(name: str, used: _Loadout) -> LoadoutTotal:
    return LoadoutTotal(
        loadout=name,
        shots=used.shots,
        hits=used.hits,
        damage_dealt=used.damage,
        cost=used.cost,
        loot_value=used.loot,
    )
