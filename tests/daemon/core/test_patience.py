"""When a worker is given up that is at one letter: by what it does, not by the clock alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from logferry_daemon.core.offer import MIB
from logferry_daemon.core.patience import COMPUTING, SOON, STILL, Effort, Patience, patience_for

SECOND = timedelta(seconds=1)
BEFORE = timedelta(minutes=7)
"""What the worker has computed for other letters."""


def effort(size: int = 1_000) -> Effort:
    return Effort.beginning(patience_for(size), BEFORE, timedelta())


def test_an_ordinary_letter_has_seconds_and_a_large_one_more_in_proportion() -> None:
    small, large = patience_for(1_000), patience_for(10 * MIB)
    assert small.soon < 2 * SOON
    assert COMPUTING < small.computing < 2 * COMPUTING
    assert large.soon > 10 * SOON
    assert large.computing > 10 * COMPUTING


def test_nothing_is_asked_for_longer_than_that() -> None:
    one = effort()
    assert one.why_given_up(BEFORE + COMPUTING, COMPUTING) == ""
    assert one.why_given_up(BEFORE + 2 * COMPUTING, 2 * COMPUTING) == "it came to no end"


def test_whoever_waits_long_for_his_turn_and_gets_on_is_not_given_up() -> None:
    one = effort()
    for number in range(1, 1_000):
        assert one.why_given_up(BEFORE + number * SECOND / 1_000, number * SECOND) == ""


@pytest.mark.parametrize("size", [0, 100 * MIB])
def test_whoever_does_nothing_any_more_is_given_up_soon(size: int) -> None:
    one = effort(size)
    said = [one.why_given_up(BEFORE, number * SECOND) for number in range(1, STILL // SECOND + 2)]
    assert said[-1] == "it did nothing any more"
    assert set(said[:-1]) == {""}


def test_a_computer_that_slept_in_between_is_no_reason() -> None:
    one = effort()
    assert one.why_given_up(BEFORE, 1_000 * STILL) == ""
    assert one.why_given_up(BEFORE, 1_000 * STILL + SECOND) == ""


def test_a_clock_of_it_that_cannot_be_read_is_no_progress() -> None:
    one = Effort.beginning(Patience(), BEFORE, timedelta())
    said = [one.why_given_up(timedelta(), number * SECOND) for number in range(STILL // SECOND + 2)]
    assert said[-1] == "it did nothing any more"
