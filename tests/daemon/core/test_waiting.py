"""What was written down by a clock that was set since holds nothing for longer than it was to."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.backoff import RETRY_AFTER_CAP
from logferry_daemon.core.waiting import (
    CORRECTION,
    UNSET,
    as_written,
    at_least,
    holds,
    is_ahead,
    on_the_wall,
    once_more,
)
from tests.fakes import NOON, STEADY

SECOND = timedelta(seconds=1)
lengths = st.timedeltas(min_value=SECOND, max_value=RETRY_AFTER_CAP)
jumps = st.timedeltas(min_value=timedelta(days=-20_000), max_value=timedelta(days=20_000))
moments = st.timedeltas(min_value=timedelta(days=-3), max_value=timedelta(days=3)).map(lambda away: NOON + away)


@given(length=lengths, jump=jumps)
def test_no_wait_outlasts_its_own_length_by_more_than_a_correction(length: timedelta, jump: timedelta) -> None:
    """However far the clock was set right after it began: counted from then."""
    now = NOON + jump
    assert not holds(NOON, NOON + length, now + length + CORRECTION)


@given(length=lengths, correction=st.timedeltas(min_value=-CORRECTION, max_value=timedelta()))
def test_no_correction_cuts_a_wait_short(length: timedelta, correction: timedelta) -> None:
    assert holds(NOON, NOON + length, NOON + correction)


@given(length=lengths, passed=lengths)
def test_without_a_jump_a_wait_lasts_as_long_as_it_is_to(length: timedelta, passed: timedelta) -> None:
    assert holds(NOON, NOON + length, NOON + passed) is (passed < length)


def test_what_is_ahead_by_more_than_a_correction_was_never_seen_by_this_clock() -> None:
    assert not is_ahead(NOON + CORRECTION, NOON)
    assert is_ahead(NOON + CORRECTION + timedelta(microseconds=1), NOON)


@given(st.lists(st.none() | moments), moments)
def test_what_came_before_is_at_least_as_old_as_what_came_after(told: list[datetime | None], now: datetime) -> None:
    age = at_least(now, *told)
    assert age >= timedelta()
    assert all(one is None or one > now or now - one <= age for one in told)


def test_a_time_on_the_wall_is_as_far_away_as_the_steady_one() -> None:
    assert on_the_wall(STEADY + SECOND, steady=STEADY, now=NOON) == NOON + SECOND
    assert on_the_wall(None, steady=STEADY, now=NOON) is None


@given(apart=st.timedeltas(min_value=-UNSET, max_value=UNSET))
def test_a_time_is_told_as_it_is_written_down_while_nobody_sets_the_clock(apart: timedelta) -> None:
    assert as_written(NOON, NOON + apart) == NOON


@given(jump=jumps.filter(lambda jump: abs(jump) > UNSET))
def test_once_the_clock_was_set_a_time_is_told_by_how_far_away_it_is(jump: timedelta) -> None:
    assert as_written(NOON, NOON + jump) == NOON + jump


def test_what_is_not_written_down_is_told_as_it_is_and_what_is_not_there_not_at_all() -> None:
    assert as_written(None, NOON) == NOON
    assert as_written(NOON, None) is None


@given(length=st.timedeltas(min_value=-RETRY_AFTER_CAP, max_value=5 * RETRY_AFTER_CAP), jump=jumps)
def test_a_wait_that_begins_once_more_is_as_long_as_it_was_to_be_but_no_longer_than_any(
    length: timedelta, jump: timedelta
) -> None:
    now = NOON + jump
    assert once_more(NOON, NOON + length, now) - now == sorted([timedelta(), length, RETRY_AFTER_CAP])[1]
