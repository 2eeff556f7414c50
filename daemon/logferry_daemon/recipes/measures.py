"""Counts the figures and the loot that a recipe asks for, one event at a time. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import timedelta

from logferry_daemon.recipes.recipe import MeasureRule, Recipe
from logferry_model.figures import LootTotal, Measure, Statistics
from logferry_model.session import Event
from logferry_model.tally import Tally

_PER = {"second": timedelta(seconds=1), "minute": timedelta(minutes=1), "hour": timedelta(hours=1)}
_SUMS = ("amount", "value", "quantity")


class Running:
    """What the events so far add up to. An event more costs the same however many there were."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._loot_words = {word for word, take in recipe.take.items() if take.loot}
        self._events = 0
        self._counts: Counter[str] = Counter()
        self._sums: defaultdict[tuple[str, str], float] = defaultdict(float)
        self._loot: dict[str, LootTotal] = {}
        self._by_person: defaultdict[str, defaultdict[str, float]] = defaultdict(_zeros)
        self._tally = Tally(cost_per_shot={}) if recipe.counting == "hunting" else None

    def add(self, event: Event, *, kept: bool = True) -> None:
        """Count one event; `kept` says whether the session has it, or only its figures."""
        self._events += kept
        self._counts[event.type] += 1
        for name in _SUMS:
            if (number := getattr(event, name)) is not None:
                self._sums[event.type, name] += number
        if event.type in self._loot_words and event.item:
            self._drop(event, event.item)
        if event.participant is not None:
            self._did(event, self._by_person[event.participant])
        if self._tally is not None:
            self._tally.add(event)

    def statistics(self, duration: timedelta) -> Statistics:
        """All of it, for a session that took so long."""
        whole = self._tally.statistics() if self._tally is not None else Statistics()
        return Statistics(
            events=self._events,
            combat=whole.combat,
            defence=whole.defence,
            economy=whole.economy,
            skills=whole.skills,
            loadouts=whole.loadouts,
            globals=whole.globals,
            halls_of_fame=whole.halls_of_fame,
            loot=whole.loot or tuple(sorted(self._loot.values(), key=lambda loot: (-loot.quantity, loot.item))),
            measures=tuple(self._measure(rule, duration) for rule in self._recipe.measure),
        )

    def figures(self) -> Mapping[str, dict[str, float]]:
        """Participant -> figure -> number, zeros left out."""
        return {person: {name: n for name, n in sums.items() if n} for person, sums in self._by_person.items()}

    def _did(self, event: Event, sums: defaultdict[str, float]) -> None:
        for rule in self._recipe.figure:
            if event.type in rule.count:
                sums[rule.name] += 1
            if event.type in rule.sum:
                sums[rule.name] += event.amount or 0.0

    def _drop(self, event: Event, item: str) -> None:
        before = self._loot.get(item, LootTotal(item=item))
        self._loot[item] = LootTotal(
            item=item,
            drops=before.drops + 1,
            quantity=before.quantity + (1 if event.quantity is None else event.quantity),
            value=before.value + (event.value or 0.0),
        )

    def _measure(self, rule: MeasureRule, duration: timedelta) -> Measure:
        if rule.sum is None:
            value = float(sum(self._counts[word] for word in rule.count))
        else:
            value = float(sum(self._sums[word, rule.sum] for word in rule.of))
        if rule.per is not None:
            value = value / (duration / _PER[rule.per]) if duration else 0.0
        return Measure(name=rule.name, label=rule.label, value=value, unit=rule.unit)


def _zeros() -> defaultdict[str, float]:
    return defaultdict(float)
