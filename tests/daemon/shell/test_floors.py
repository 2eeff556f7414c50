"""What a destination asked for of one delivery, whatever the clock on the wall is set to."""

from __future__ import annotations

from datetime import timedelta

from logferry_daemon.floors import Floors
from tests.fakes import ManualClock

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


def test_a_floor_holds_by_the_time_that_passes() -> None:
    clock = ManualClock()
    floors = Floors(clock)
    floors.note("aa", HOUR)
    clock.set(clock.now() + 72 * HOUR)
    assert (floors.holding(), floors.next_over()) == (("aa",), HOUR)
    clock.move(HOUR - SECOND)
    assert (floors.holding(), floors.next_over()) == (("aa",), SECOND)
    clock.move(SECOND)
    assert (floors.holding(), floors.next_over()) == ((), None)


def test_the_newest_answer_counts() -> None:
    floors = Floors(ManualClock())
    floors.note("aa", HOUR)
    floors.note("bb", 2 * HOUR)
    floors.note("aa", timedelta())
    assert (floors.holding(), floors.next_over()) == (("bb",), 2 * HOUR)
