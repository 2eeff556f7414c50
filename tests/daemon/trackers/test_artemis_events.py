"""Events that are checked many at a time are those that are looked at one by one."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.figure import LARGEST
from logferry_daemon.core.identity import MOMENTS
from logferry_daemon.trackers.artemis_events import EVENT_WORDS, LONGEST, TOGETHER, USUAL, event_of, events_of
from tests.factories import artemis_document

MS = 1_772_395_200_000
TIMES = st.sampled_from(
    (MS, MS + 1, 0, MOMENTS.stop - 1, MOMENTS.stop, -1, MS + 0.5, float(MS), True, None, "12", 2**63)
)
WORDS = st.sampled_from((*sorted(EVENT_WORDS), "vehicle_exploded", "Oriana", "other", "", None, 3))
BOUNDS = (LARGEST, -LARGEST, LARGEST + 1, int(LARGEST), int(LARGEST) + 1, -int(LARGEST) - 1, 2**63 - 1, -(2**63), -0.0)
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(BOUNDS)
TEXTS = st.text(max_size=3) | st.sampled_from(
    ("Oriana", "Pjotr", "a" * LONGEST, "a" * (LONGEST + 1), "é" * LONGEST, "😀" * (LONGEST + 1), "\ufffd", "\n")
)
ODD: st.SearchStrategy[Any] = NUMBERS | TEXTS | st.none() | st.booleans() | st.just([]) | st.just({"a": 1})
FIGURES = ("amount", "value", "quantity")
NAMES = ("skillName", "skillCategory", "itemName", "creature", "damageType", "loadoutId", "player")
LIKELY: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(FIGURES, st.integers(-5, 5_000) | st.floats(-10, 5_000)),
    **dict.fromkeys(NAMES, st.sampled_from(("Oriana", "Pjotr", "Wisp"))),
    "critical": st.booleans(),
    "raw": st.just("[Private] meet me"),
}
ORDINARY = st.fixed_dictionaries(
    {"timestamp": st.just(MS), "type": st.sampled_from(sorted(EVENT_WORDS))}, optional=dict(LIKELY)
)
STRANGE = st.fixed_dictionaries(
    {}, optional={"timestamp": TIMES, "type": WORDS, **dict.fromkeys(LIKELY, ODD), "else": ODD, "at": ODD, "item": ODD}
)
HOSTILE = STRANGE | ODD


def one_by_one(items: list[Any]) -> tuple[str, dict[str, str]]:
    people: dict[str, str] = {}
    return repr([event for item in items if (event := event_of(item, people)) is not None]), people


def many(items: list[Any]) -> tuple[str, dict[str, str]]:
    people: dict[str, str] = {}
    return repr(list(events_of(items, people))), people


@given(st.lists(ORDINARY, max_size=8))
def test_ordinary_events_are_the_same_either_way(items: list[Any]) -> None:
    assert many(items) == one_by_one(items)


@given(st.lists(ORDINARY | HOSTILE, max_size=8))
def test_odd_events_are_the_same_either_way(items: list[Any]) -> None:
    assert many(items) == one_by_one(items)


@given(st.lists(HOSTILE, max_size=3), st.integers(0, 3), st.integers(-3, 3))
def test_an_odd_event_changes_nothing_about_those_before_and_after_it(odd: list[Any], times: int, more: int) -> None:
    usual: list[Any] = artemis_document(5, events=TOGETHER)["events"]
    items = [*usual * times, *odd, *usual[: TOGETHER + more]]
    assert many(items) == one_by_one(items)


@pytest.mark.parametrize("seed", range(1, 6))
def test_a_tracker_s_own_events_need_no_second_look(seed: int) -> None:
    items = artemis_document(seed, events=300)["events"]
    assert len(msgspec.convert(items, USUAL)) == len(items)
