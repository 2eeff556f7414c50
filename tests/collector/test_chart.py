"""The timeline counts every event once and never draws outside its frame."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_collector.chart import MOST_BUCKETS, PLOT_HEIGHT, SERIES, TOP, Chart, event_chart
from logferry_model.session import EpochMs, Event

from .factories import START, epoch_ms, hunting_session

ZERO = epoch_ms(START)
HOUR = 3_600_000


def events(*kinds_at: tuple[str, int]) -> list[Event]:
    return [Event(at=EpochMs(ZERO + at), type=kind) for kind, at in kinds_at]


def drawn(chart: Chart | None) -> Chart:
    assert chart is not None
    return chart


def test_without_events_there_is_no_chart() -> None:
    assert event_chart([], ZERO, ZERO + HOUR) is None


@given(
    st.lists(
        st.tuples(st.sampled_from("abcdefgh"), st.integers(-(2**63), 2**63 - 1) | st.integers(ZERO, ZERO + HOUR)),
        min_size=1,
        max_size=60,
    ),
    st.integers(-(2**63), 2**63 - 1) | st.integers(ZERO, ZERO + HOUR),
)
def test_every_event_is_drawn_once_and_inside(kinds_at: list[tuple[str, int]], end: int) -> None:
    chart = drawn(event_chart([Event(at=EpochMs(at), type=kind) for kind, at in kinds_at], ZERO, end))
    assert sum(series.total for series in chart.series) == len(kinds_at)
    assert sum(sum(row.counts) for row in chart.rows) == len(kinds_at)
    assert len(chart.rows) <= MOST_BUCKETS
    assert len(chart.series) <= SERIES + 1
    for bar in chart.bars:
        assert 0 <= bar.x < bar.x + bar.width <= 100.001
        assert TOP - 0.01 <= bar.y < bar.y + bar.height <= TOP + PLOT_HEIGHT + 0.01
    for tick in chart.times:
        assert 0 <= tick.at <= 100


def test_bars_of_one_bucket_stand_on_each_other() -> None:
    chart = drawn(event_chart(events(("a", 0), ("a", 1), ("b", 2)), ZERO, ZERO + HOUR))
    lower, upper = chart.bars
    assert lower.y + lower.height == TOP + PLOT_HEIGHT
    assert upper.y + upper.height == pytest.approx(lower.y)
    assert lower.x == upper.x


def test_the_most_frequent_types_have_a_colour_and_the_rest_share_one() -> None:
    kinds = [(kind, 0) for kind, times in zip("abcdefg", range(9, 1, -1), strict=False) for _ in range(times)]
    chart = drawn(event_chart(events(*kinds), ZERO, ZERO + HOUR))
    assert [series.label for series in chart.series] == ["A", "B", "C", "D", "E", "Other (2 types)"]
    assert chart.series[-1].total == 4 + 3
    assert {bar.series for bar in chart.bars} == {0, 1, 2, 3, 4, 5}


def test_one_more_type_is_one_type() -> None:
    chart = drawn(event_chart(events(*((kind, 0) for kind in "abcdef")), ZERO, ZERO + HOUR))
    assert chart.series[-1].label == "Other (1 type)"


def test_a_few_types_leave_no_rest() -> None:
    chart = drawn(event_chart(events(("damage_dealt", 0), ("loot", 1)), ZERO, ZERO + HOUR))
    assert [series.label for series in chart.series] == ["Damage dealt", "Loot"]


@pytest.mark.parametrize(
    ("length", "labels"),
    [
        (timedelta(minutes=5), ["start", "1 min", "2 min", "3 min", "4 min", "5 min"]),
        (timedelta(hours=2, minutes=14), ["start", "30 min", "1 h", "1 h 30 min", "2 h"]),
        (timedelta(hours=9), ["start", "2 h", "4 h", "6 h", "8 h"]),
        (timedelta(days=10), ["start", "2 d", "4 d", "6 d", "8 d", "10 d"]),
    ],
)
def test_the_time_axis_has_round_labels(length: timedelta, labels: list[str]) -> None:
    end = ZERO + round(length.total_seconds() * 1000)
    assert [tick.label for tick in drawn(event_chart(events(("a", 0)), ZERO, end)).times] == labels


@pytest.mark.parametrize(
    ("highest", "labels"), [(1, ["1", "2"]), (7, ["4", "8"]), (23, ["12", "24"]), (450, ["250", "500"])]
)
def test_the_count_axis_ends_on_a_round_number(highest: int, labels: list[str]) -> None:
    chart = drawn(event_chart(events(*[("a", 0)] * highest), ZERO, ZERO + HOUR))
    assert [tick.label for tick in chart.counts] == labels


def test_the_description_says_what_the_drawing_shows() -> None:
    session = hunting_session()
    chart = drawn(event_chart(session.events, ZERO, ZERO + 8_049_000))
    assert chart.description.startswith("800 events, one bar for every 2 min: 388 \u2068Damage dealt\u2069,")


def test_a_bar_names_its_time_and_count() -> None:
    chart = drawn(event_chart(events(("loot", 61_000), ("loot", 62_000)), ZERO, ZERO + HOUR))
    assert chart.bars[0].title == "0:01:00\N{EN DASH}0:02:00: 2 \u2068Loot\u2069"
