from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.backoff import CAP, RETRY_AFTER_CAP, delay, parse_retry_after

NOW = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
SAMPLES = 10_000
KOLMOGOROV_ONE_PERCENT = 1.628
"""Above this over the root of the number of samples, p is below 0.01."""
LONG = timedelta(hours=20)

attempts = st.integers(0, 10**9)
jitters = st.floats(0, 1)


def distance_from_uniform(sample: list[float]) -> float:
    """Kolmogorov's: the widest gap between the sample's steps and the straight line."""
    size = len(sample)
    return max(max((i + 1) / size - x, x - i / size) for i, x in enumerate(sorted(sample)))


@pytest.mark.parametrize("tries", [0, 3, 9, 10, 40])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_waits_are_spread_evenly_up_to_the_ceiling(tries: int, seed: int) -> None:
    random = Random(seed)
    ceiling = min(CAP, timedelta(seconds=2**tries))
    sample = [delay(attempts=tries, jitter=random.random()) / ceiling for _ in range(SAMPLES)]
    assert distance_from_uniform(sample) < KOLMOGOROV_ONE_PERCENT / SAMPLES**0.5


def test_a_fleet_that_lost_its_collector_does_not_come_back_in_one_second() -> None:
    random = Random(4)
    seconds = Counter(int(delay(attempts=10, jitter=random.random()).total_seconds()) for _ in range(100))
    assert max(seconds.values()) <= 5


@given(attempts, jitters)
def test_no_wait_is_longer_than_a_quarter_of_an_hour(tries: int, jitter: float) -> None:
    assert timedelta() <= delay(attempts=tries, jitter=jitter) <= CAP


@given(attempts, jitters, st.timedeltas(timedelta(), RETRY_AFTER_CAP))
def test_no_wait_is_shorter_than_the_other_side_asked(tries: int, jitter: float, floor: timedelta) -> None:
    assert delay(attempts=tries, jitter=jitter, floor=floor) >= floor


def test_a_floor_above_the_ceiling_counts_whole() -> None:
    assert delay(attempts=0, jitter=0.5, floor=LONG) == LONG


@pytest.mark.parametrize(("tries", "ceiling"), [(0, 1), (1, 2), (5, 32), (9, 512), (10, 900), (11, 900)])
def test_the_ceiling_doubles_with_every_attempt(tries: int, ceiling: int) -> None:
    assert delay(attempts=tries, jitter=1.0) == timedelta(seconds=ceiling)


@pytest.mark.parametrize("tries", [10**6, 10**18, 10**400])
def test_an_absurd_number_of_attempts_waits_no_longer_than_the_cap(tries: int) -> None:
    assert delay(attempts=tries, jitter=1.0) == CAP


def test_a_negative_number_of_attempts_is_none() -> None:
    assert delay(attempts=-5, jitter=1.0) == delay(attempts=0, jitter=1.0)


def test_ceilings_never_shrink() -> None:
    ceilings = [delay(attempts=tries, jitter=1.0) for tries in range(100)]
    assert all(before <= after for before, after in pairwise(ceilings))


@pytest.mark.parametrize(("header", "seconds"), [("0", 0), ("120", 120), (" 7 ", 7), ("86400", 86_400)])
def test_retry_after_is_read_as_seconds(header: str, seconds: int) -> None:
    assert parse_retry_after(header, NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "header",
    [
        format_datetime(NOW + timedelta(minutes=5), usegmt=True),
        format_datetime((NOW + timedelta(minutes=5)).astimezone(timezone(timedelta(hours=-4)))),
        "Sunday, 01-Mar-26 20:05:00 GMT",
        "Sun Mar  1 20:05:00 2026",
        "Sun, 01 Mar 2026 20:05:00 -0000",
    ],
)
def test_retry_after_is_read_as_a_date(header: str) -> None:
    assert parse_retry_after(header, NOW) == timedelta(minutes=5)


def test_a_date_that_is_past_asks_for_nothing() -> None:
    assert parse_retry_after(format_datetime(NOW - timedelta(days=1)), NOW) == timedelta()


@pytest.mark.parametrize(
    "header", ["86401", "9" * 5000, format_datetime(NOW + timedelta(days=900)), "Sun, 31 Dec 9999 23:59:59 -2300"]
)
def test_no_more_than_a_day_is_granted(header: str) -> None:
    assert parse_retry_after(header, NOW) == RETRY_AFTER_CAP


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        " ",
        "soon",
        "-1",
        "1.5",
        "1e3",
        "0x10",
        "\u0663",
        "\u00b2",
        "NaN",
        "Sun, 99 Mar 2026 20:05:00 GMT",
        "Sun, 01 Mar 99999999999 20:05:00 GMT",
    ],
)
def test_what_is_unreadable_asks_for_nothing(header: str | None) -> None:
    assert parse_retry_after(header, NOW) == timedelta()


PIECES = st.sampled_from(
    ["Sun", ",", " ", "1", "Mar", "2026", "99999", "20:05:00", "20.05.00", "GMT", "-0000", "+9999", "(", ":", "/", "-"]
)


@given(st.text(max_size=40) | st.lists(PIECES, max_size=9).map("".join) | st.lists(PIECES, max_size=9).map(" ".join))
def test_no_header_breaks_the_parser_or_asks_for_the_impossible(header: str) -> None:
    assert timedelta() <= parse_retry_after(header, NOW) <= RETRY_AFTER_CAP
