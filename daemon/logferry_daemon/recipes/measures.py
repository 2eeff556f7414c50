"""Counts the figures and the loot that a recipe asks for. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from logferry_daemon.recipes.recipe import MeasureRule, Recipe
from logferry_model.figures import LootTotal, Measure, Statistics
from logferry_model.session import Event


def statistics_of(events: Sequence[Event], recipe: Recipe) -> Statistics:
    """What `events` add up to by the recipe's own measures."""
    return Statistics(
        events=len(events),
        loot=_loot(events, {word for word, take in recipe.take.items() if take.loot}),
        measures=tuple(_measure(rule, events) for rule in recipe.measure),
    )


def _measure(rule: MeasureRule, events: Sequence[Event]) -> Measure:
    if rule.sum is None:
        value = float(sum(event.type in rule.count for event in events))
    else:
        value = float(sum(getattr(event, rule.sum) or 0 for event in events if event.type in rule.of))
    return Measure(name=rule.name, label=rule.label, value=value, unit=rule.unit)


def _loot(events: Sequence[Event], words: set[str]) -> tuple[LootTotal, ...]:
    found: dict[str, LootTotal] = {}
    for event in events:
        if event.type not in words or not event.item:
            continue
        before = found.get(event.item, LootTotal(item=event.item))
        found[event.item] = LootTotal(
            item=event.item,
            drops=before.drops + 1,
            quantity=before.quantity + (1 if event.quantity is None else event.quantity),
            value=before.value + (event.value or 0.0),
        )
    return tuple(sorted(found.values(), key=lambda loot: (-loot.quantity, loot.item)))
