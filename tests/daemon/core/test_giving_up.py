"""Nothing is given up for a clock that was wrong for a while, and nothing is tried for ever because it was."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.backoff import CAP
from logferry_daemon.core.exchange import Later
from logferry_daemon.core.giving_up import is_given_up, is_stuck
from logferry_daemon.core.waiting import CORRECTION
from tests.fakes import NOON

DAY = timedelta(hours=24)
SECOND = timedelta(seconds=1)
TROUBLE = Later(reason="500", parks_after=20, parks_age=DAY)
spans = st.timedeltas(min_value=timedelta(minutes=1), max_value=timedelta(hours=1))


def given_up(stuck: int, age: timedelta, outcome: Later = TROUBLE, longest: timedelta = CAP) -> bool:
    return is_given_up(outcome, stuck=stuck, since=NOON, now=NOON + age, longest=longest)


@pytest.mark.parametrize(
    ("stuck", "age", "enough"),
    [(19, 99 * DAY, False), (20, DAY - SECOND, False), (20, DAY, True), (500, DAY - SECOND, False)],
)
def test_it_takes_so_many_tries_and_such_an_age(stuck: int, age: timedelta, enough: bool) -> None:
    assert given_up(stuck, age) is enough


def test_what_asks_for_no_age_needs_none_also_where_the_clock_is_corrected() -> None:
    digest = Later(reason="another digest", parks_after=3)
    assert [given_up(tries, age, digest) for tries in (2, 3) for age in (-DAY, -CORRECTION, DAY)] == 3 * [False] + 3 * [
        True
    ]


def test_what_never_parks_never_does() -> None:
    assert not given_up(10**6, 99 * DAY, Later(reason="no connection"))


@given(back=st.timedeltas(min_value=2 * CORRECTION, max_value=timedelta(days=20_000)), longest=spans)
def test_where_no_clock_tells_its_age_so_many_tries_do_as_take_as_long(back: timedelta, longest: timedelta) -> None:
    enough = max(20, -(-2 * DAY // longest))
    assert not given_up(enough - 1, -back, longest=longest)
    assert given_up(enough, -back, longest=longest)


@pytest.mark.parametrize(
    ("outcome", "alone", "others"),
    [
        (TROUBLE, True, True),
        (Later(reason="503"), False, False),
        (Later(reason="packed anew", parks_after=20, free=True), False, False),
        (Later(reason="{}", parks_after=20, parks_alone=True), True, False),
    ],
)
def test_only_what_gets_it_nowhere_counts(outcome: Later, *, alone: bool, others: bool) -> None:
    assert (is_stuck(outcome, alone=True), is_stuck(outcome, alone=False)) == (alone, others)
