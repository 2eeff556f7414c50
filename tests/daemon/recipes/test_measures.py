from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from logferry_daemon.recipes.measures import Running
from logferry_model.figures import LootTotal, Measure, Statistics
from logferry_model.session import Event
from tests.daemon.recipes.small import TAVERN
from tests.factories import event

RECIPE = TAVERN.recipe


def statistics_of(events: Sequence[Event], duration: timedelta = timedelta(minutes=1)) -> Statistics:
    running = Running(RECIPE)
    for one in events:
        running.add(one)
    return running.statistics(duration)


def test_a_figure_counts_the_events_of_its_types() -> None:
    drinks = statistics_of([event("Drink"), event("Toast"), event("Drink")]).measures[0]
    assert drinks == Measure(name="drinks", label="Drinks", value=2.0)


def test_a_figure_sums_a_number_over_the_events_of_its_types() -> None:
    events = [event("Drink", value=2.5), event("Drink"), event("Toast", value=99)]
    assert statistics_of(events).measures[1] == Measure(name="spent", label="Spent", value=2.5, unit="coins")


def test_a_figure_without_an_event_is_zero() -> None:
    assert [one.value for one in statistics_of([]).measures] == [0.0, 0.0]


def test_loot_is_told_by_item_the_most_frequent_first() -> None:
    events = [
        event("Drink", item="Mead"),
        event("Drink", item="Ale", quantity=3, value=1.5),
        event("Drink", item="Ale"),
    ]
    assert statistics_of(events).loot == (
        LootTotal(item="Ale", drops=2, quantity=4, value=1.5),
        LootTotal(item="Mead", drops=1, quantity=1),
    )


def test_only_types_that_the_recipe_calls_loot_are_loot() -> None:
    assert statistics_of([event("Toast", item="Ale")]).loot == ()


def test_loot_without_an_item_is_left_out() -> None:
    assert statistics_of([event("Drink")]).loot == ()


def test_every_event_is_counted() -> None:
    assert statistics_of([event("Drink"), event("Sing")]).events == 2
