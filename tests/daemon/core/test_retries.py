from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.retries import BURST, EVERY, Retries

NOW = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def after(failures: int, now: datetime = NOW) -> Retries:
    retries = Retries()
    for _ in range(failures):
        retries = retries.failed(now)
    return retries


def test_a_new_destination_may_be_tried_at_once() -> None:
    assert (Retries().left(NOW), Retries().ready(NOW)) == (BURST, NOW)


def test_every_failure_takes_one() -> None:
    assert [after(number).left(NOW) for number in range(BURST + 1)] == list(range(BURST, -1, -1))


def test_the_last_one_gone_the_next_comes_after_a_while() -> None:
    empty = after(BURST)
    assert empty.ready(NOW) == NOW + EVERY
    assert (empty.left(NOW + EVERY / 2), empty.left(NOW + EVERY)) == (0, 1)


def test_from_the_half_on_it_is_scarce() -> None:
    assert [after(number).scarce(NOW) for number in (BURST // 2, BURST // 2 + 1)] == [False, True]
    assert not after(BURST // 2 + 1).succeeded(NOW).scarce(NOW)


def test_a_success_gives_one_back_and_never_more_than_there_were() -> None:
    assert after(BURST).succeeded(NOW).left(NOW) == 1
    assert Retries().succeeded(NOW).left(NOW) == BURST


def test_what_was_under_way_together_costs_no_debt() -> None:
    assert after(BURST + 3).ready(NOW) == NOW + EVERY


@pytest.mark.parametrize("back", [timedelta(seconds=1), timedelta(days=3)])
def test_a_clock_that_was_set_back_stops_nothing(back: timedelta) -> None:
    assert after(BURST).ready(NOW - back) == NOW - back


Tries = Sequence[tuple[float, bool]]
"""Seconds since the one before, and whether it succeeds."""


@given(st.lists(st.tuples(st.floats(0, 600), st.booleans()), max_size=400))
def test_no_more_failures_than_the_burst_the_successes_and_the_time_allow(tries: Tries) -> None:
    retries, now, failures, successes = Retries(), NOW, 0, 0
    for seconds, success in tries:
        now += timedelta(seconds=seconds)
        now = max(now, retries.ready(now))
        if success:
            retries, successes = retries.succeeded(now), successes + 1
        else:
            retries, failures = retries.failed(now), failures + 1
        assert failures <= BURST + successes + (now - NOW) / EVERY + 1e-3


@given(st.floats(0, 1))
def test_the_next_try_is_never_further_away_than_one_interval(used: float) -> None:
    retries = Retries(used=BURST - used, at=NOW)
    assert NOW <= retries.ready(NOW) <= NOW + EVERY


@pytest.mark.parametrize(("every", "most"), [(EVERY, 39), (timedelta(minutes=1), 79)])
def test_a_server_that_only_fails_is_asked_so_often_in_the_first_hour(every: timedelta, most: int) -> None:
    retries, now, asked = Retries(every=every), NOW, 0
    while now < NOW + HOUR:
        retries, asked = retries.failed(now), asked + 1
        now = retries.ready(now)
    assert asked == most
