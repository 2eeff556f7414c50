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


class Running:
    """What the events so far add up to. An event more costs the same however many there were."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._figures: defaultdict[str, list[tuple[str, bool]]] = defaultdict(list)
        """Line type -> figures of whoever did it, and whether they sum amounts or count."""
        for rule in recipe.figure:
            for is_sum, words in ((False, rule.count), (True, rule.sum)):
                for word in words:
                    self._figures[word].append((rule.name, is_sum))
        self._loot_words = {word for word, take in recipe.take.items() if take.loot}
        self._counted_only = {word for word, take in recipe.take.items() if take.count_only}
        self._events = 0
        self._counts: Counter[str] = Counter()
        self._sums: defaultdict[tuple[str, str], float] = defaultdict(float)
        self._loot: dict[str, LootTotal] = {}
        self._by_person: defaultdict[str, defaultdict[str, float]] = defaultdict(_zeros)
        self._tally = Tally(cost_per_shot={}) if recipe.counting == "hunting" else None

    def add(self, event: Event) -> None:
        """Count one event of the session."""
        self._events += 1
        self.count(event.type, event.amount, event.participant, value=event.value)
        if event.quantity is not None:
            self._sums[event.type, "quantity"] += event.quantity
        if event.type in self._loot_words and event.item:
            self._drop(event, event.item)
        if self._tally is not None:
            self._tally.add(event)

    def count(
        self, word: str, amount: float | None, person: str | None, *, times: int = 1, value: float | None = None
    ) -> None:
        """Count so many lines of which the session keeps the figures alone; `amount` and `value` are of all of them."""
        self._counts[word] += times
        if amount is not None:
            self._sums[word, "amount"] += amount
        if value is not None:
            self._sums[word, "value"] += value
        if person is not None and word in self._figures:
            sums = self._by_person[person]
            for name, is_sum in self._figures[word]:
                sums[name] += (amount or 0.0) if is_sum else times

    def statistics(self, duration: timedelta, *, only_events: bool = False) -> Statistics:
        """All of it, for a session that took so long; `only_events` leaves out what counts lines that are none."""
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
            measures=tuple(
                self._measure(rule, duration)
                for rule in self._recipe.measure
                if not (only_events and self._counted_only.intersection((*rule.count, *rule.of)))
            ),
        )

    def figures(self) -> Mapping[str, dict[str, float]]:
        """Participant -> figure -> number, zeros left out."""
        return {person: {name: n for name, n in sums.items() if n} for person, sums in self._by_person.items()}

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
