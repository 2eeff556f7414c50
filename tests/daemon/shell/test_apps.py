"""Which programs run: found with few looks, missed at once, and nothing is looked at while no session is open."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from datetime import timedelta
from itertools import pairwise

import pytest

from logferry_daemon.apps import LATEST, SOONEST, Apps
from logferry_daemon.ports import Program
from tests.fakes import FakeProcesses, ManualClock

GAME, OTHER = "Game.exe", "Other.exe"
SECOND = timedelta(seconds=1)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def processes() -> FakeProcesses:
    return FakeProcesses()


@pytest.fixture
def apps(clock: ManualClock, processes: FakeProcesses) -> Apps:
    return Apps(clock, processes)


async def looks_within(
    apps: Apps, clock: ManualClock, processes: FakeProcesses, duration: timedelta
) -> list[timedelta]:
    """When every process was looked at, asked every second, counted from now."""
    began, before, times = clock.now(), processes.looks, []
    while clock.now() - began < duration:
        await apps.running([GAME])
        if processes.looks > before:
            before = processes.looks
            times.append(clock.now() - began)
        clock.move(SECOND)
    return times


async def test_while_no_session_is_open_nothing_is_looked_at(apps: Apps, processes: FakeProcesses) -> None:
    processes.start(GAME)
    for _ in range(100):
        assert await apps.running([]) == frozenset()
    assert processes.looks == 0


async def test_one_look_finds_a_program(apps: Apps, processes: FakeProcesses) -> None:
    processes.start(GAME)
    assert await apps.running([GAME, OTHER]) == {GAME}
    assert processes.looks == 1


async def test_a_program_that_was_found_is_asked_about_alone(
    apps: Apps, clock: ManualClock, processes: FakeProcesses
) -> None:
    processes.start(GAME)
    for _ in range(3600):
        assert await apps.running([GAME]) == {GAME}
        clock.move(SECOND)
    assert processes.looks == 1


async def test_a_program_that_is_not_found_is_looked_for_less_and_less_often(
    apps: Apps, clock: ManualClock, processes: FakeProcesses
) -> None:
    times = await looks_within(apps, clock, processes, timedelta(minutes=10))
    between = [later - earlier for earlier, later in pairwise(times)]
    assert times[0] == timedelta()
    assert between == sorted(between)
    assert SOONEST <= between[0] <= 2 * SOONEST
    assert between[-1] == LATEST


async def test_one_that_is_not_there_is_looked_for_seldom_also_while_another_one_runs(
    apps: Apps, clock: ManualClock, processes: FakeProcesses
) -> None:
    processes.start(OTHER)
    for _ in range(600):
        assert await apps.running([OTHER]) == {OTHER}
        assert await apps.running([GAME]) == frozenset()
        clock.move(SECOND)
    assert processes.looks < 20


async def test_a_program_that_is_gone_is_missed_at_once(
    apps: Apps, clock: ManualClock, processes: FakeProcesses
) -> None:
    processes.start(GAME)
    await apps.running([GAME])
    clock.move(SECOND)
    processes.stop(GAME)
    assert await apps.running([GAME]) == frozenset()


async def test_one_that_was_started_again_is_found_at_once(
    apps: Apps, clock: ManualClock, processes: FakeProcesses
) -> None:
    """A launcher that ends and starts the game is not the end of the game."""
    processes.start(GAME)
    await apps.running([GAME])
    clock.move(SECOND)
    processes.stop(GAME)
    processes.start(GAME)
    assert await apps.running([GAME]) == {GAME}


async def test_a_second_program_does_not_wait_for_the_next_look(
    apps: Apps, clock: ManualClock, processes: FakeProcesses
) -> None:
    await looks_within(apps, clock, processes, timedelta(minutes=5))
    processes.start(OTHER)
    assert await apps.running([GAME, OTHER]) == {OTHER}


async def test_a_clock_that_is_set_back_stops_no_look(apps: Apps, clock: ManualClock, processes: FakeProcesses) -> None:
    await apps.running([GAME])
    clock.set(clock.now() - timedelta(days=1))
    processes.start(GAME)
    clock.move(2 * SECOND)
    assert await apps.running([GAME]) == {GAME}


async def test_a_name_is_told_as_it_was_asked_for(apps: Apps, processes: FakeProcesses) -> None:
    processes.start(GAME.upper())
    assert await apps.running([GAME]) == {GAME}


async def test_what_was_told_while_the_clock_was_ahead_is_forgotten(apps: Apps, clock: ManualClock) -> None:
    clock.move(3600 * SECOND)
    apps.close(GAME)
    clock.set(clock.now() - 3600 * SECOND)
    assert apps.closed([GAME]) is None
    clock.move(7200 * SECOND)
    assert apps.closed([GAME]) is None


async def test_what_was_told_to_be_closed_is_remembered_with_its_time(apps: Apps, clock: ManualClock) -> None:
    assert apps.closed([GAME]) is None
    apps.close(GAME.upper())
    first = clock.now()
    clock.move(SECOND)
    apps.close(OTHER)
    assert apps.closed([GAME]) == first
    assert apps.closed([GAME, OTHER]) == first + SECOND, "the last word counts"


class SlowProcesses(FakeProcesses):
    """Every second question about programs that were found takes until it is let go on."""

    def __init__(self, *running: str) -> None:
        super().__init__(*running)
        self.asked = 0
        self.go_on = asyncio.Event()

    async def alive(self, programs: Collection[Program]) -> Sequence[Program]:
        self.asked += 1
        found = await super().alive(programs)
        if self.asked == 1:
            await self.go_on.wait()
        return found


async def test_a_slow_answer_to_one_does_not_undo_what_another_found() -> None:
    processes = SlowProcesses("one.exe", "other.exe")
    apps = Apps(ManualClock(), processes)
    assert await apps.running(["one.exe"]) == {"one.exe"}
    slow = asyncio.ensure_future(apps.running(["one.exe"]))
    await asyncio.sleep(0)
    quick = asyncio.ensure_future(apps.running(["other.exe"]))
    await asyncio.sleep(0)
    processes.go_on.set()
    assert await slow == {"one.exe"}
    assert await quick == {"other.exe"}
    assert await apps.running(["other.exe"]) == {"other.exe"}
