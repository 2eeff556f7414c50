"""That the clock was set back is noticed once, and only then is the spool asked to see through what waits by it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from logferry_daemon.clock_watch import ClockWatch
from logferry_daemon.core.waiting import CORRECTION
from logferry_model.errors import Unreachable
from tests.fakes import ManualClock

HOUR = timedelta(hours=1)


class Shelf:
    """Counts how often it is asked; so much is due then."""

    def __init__(self) -> None:
        self.asked: list[datetime] = []
        self.due = 1
        self.broken = False

    async def see_through(self, now: datetime) -> int:
        if self.broken:
            raise Unreachable("spool-full", "no room")
        self.asked.append(now)
        return self.due


class Watched:
    def __init__(self) -> None:
        self.clock, self.shelf, self.woken = ManualClock(), Shelf(), 0
        self.watch = ClockWatch(self.clock, self.shelf, self._wake)

    def _wake(self) -> None:
        self.woken += 1

    async def jump(self, by: timedelta) -> int:
        """How often the spool was asked because of it."""
        before = len(self.shelf.asked)
        self.clock.set(self.clock.now() + by)
        await self.watch.look()
        return len(self.shelf.asked) - before


@pytest.fixture
async def watched() -> Watched:
    made = Watched()
    await made.watch.look()
    return made


async def test_the_first_look_is_for_what_was_set_while_no_daemon_ran(watched: Watched) -> None:
    assert (len(watched.shelf.asked), watched.woken) == (1, 1)


@pytest.mark.parametrize(
    ("by", "asked"), [(-12 * HOUR, 1), (-2 * CORRECTION, 1), (-CORRECTION, 0), (timedelta(), 0), (72 * HOUR, 0)]
)
async def test_the_spool_is_asked_when_the_clock_was_set_back(watched: Watched, by: timedelta, asked: int) -> None:
    assert await watched.jump(by) == asked
    watched.clock.move(HOUR)
    assert await watched.jump(timedelta()) == 0, "that was all"


async def test_many_small_steps_back_are_a_large_one(watched: Watched) -> None:
    assert sum([await watched.jump(-CORRECTION / 2) for _ in range(3)]) == 1


async def test_a_spool_that_cannot_be_written_is_asked_again(watched: Watched) -> None:
    watched.shelf.broken = True
    assert await watched.jump(-12 * HOUR) == 0
    watched.shelf.broken = False
    assert await watched.jump(timedelta()) == 1


async def test_nobody_is_woken_where_nothing_is_due(watched: Watched) -> None:
    watched.shelf.due, before = 0, watched.woken
    await watched.jump(-12 * HOUR)
    assert watched.woken == before
