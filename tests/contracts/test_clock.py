from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, timedelta
from threading import Event

import pytest

from logferry_daemon.adapters.clock_system import SystemChance, SystemClock
from logferry_daemon.ports import Chance, Clock
from tests.fakes import FixedChance, ManualClock

MOMENT = timedelta(milliseconds=30)


async def slept(clock: Clock, duration: timedelta) -> timedelta:
    """How much the clock moved while somebody slept by it."""
    before = clock.now()
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(clock.sleep(duration))
        if isinstance(clock, ManualClock):
            await clock.idle()
            clock.move(duration)
    return clock.now() - before


@pytest.fixture(params=[SystemClock, ManualClock])
def clock(request: pytest.FixtureRequest) -> Clock:
    make: Callable[[], Clock] = request.param
    return make()


@pytest.fixture(params=[SystemChance, FixedChance])
def chance(request: pytest.FixtureRequest) -> Chance:
    make: Callable[[], Chance] = request.param
    return make()


def test_now_is_aware_and_utc(clock: Clock) -> None:
    assert clock.now().tzinfo is UTC


async def test_a_sleep_takes_its_time(clock: Clock) -> None:
    # A loop's own clock ticks more coarsely than the one on the wall.
    assert await slept(clock, MOMENT) >= MOMENT - timedelta(milliseconds=5)


@pytest.mark.parametrize("duration", [timedelta(), timedelta(days=-3)])
async def test_a_sleep_of_nothing_or_less_returns_at_once(clock: Clock, duration: timedelta) -> None:
    async with asyncio.timeout(60):
        await clock.sleep(duration)


async def test_a_sleep_can_be_cancelled(clock: Clock) -> None:
    sleeper = asyncio.ensure_future(clock.sleep(timedelta(days=1)))
    await asyncio.sleep(0)
    sleeper.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sleeper


async def test_the_steady_clock_goes_on_while_somebody_sleeps(clock: Clock) -> None:
    before = clock.steady()
    assert before.tzinfo is UTC
    await slept(clock, MOMENT)
    assert MOMENT - timedelta(milliseconds=5) <= clock.steady() - before <= timedelta(seconds=60)


def test_nobody_sets_the_steady_clock() -> None:
    clock = ManualClock()
    before = clock.steady()
    clock.set(clock.now() - timedelta(days=3))
    assert clock.steady() == before


async def test_setting_the_clock_shortens_no_sleep() -> None:
    clock = ManualClock()
    sleeper = asyncio.ensure_future(clock.sleep(timedelta(hours=1)))
    await clock.idle()
    clock.set(clock.now() + timedelta(days=3))
    await asyncio.sleep(0)
    assert not sleeper.done()
    await clock.advance(timedelta(hours=1), sleepers=0)
    assert sleeper.done()


async def test_nobody_is_idle_while_a_thread_works_however_many_sleep() -> None:
    clock, free, done = ManualClock(), Event(), list[str]()

    async def work() -> None:
        for name in ("first", "second"):
            await asyncio.to_thread(free.wait)
            done.append(name)

    async with asyncio.TaskGroup() as group:
        sleeper = group.create_task(clock.sleep(MOMENT))
        group.create_task(work())
        asyncio.get_running_loop().call_later(MOMENT.total_seconds(), free.set)
        await clock.idle()
        assert done == ["first", "second"]
        sleeper.cancel()


def test_jitter_stays_between_nothing_and_one(chance: Chance) -> None:
    assert all(0 <= chance.jitter() <= 1 for _ in range(1000))


def test_tokens_are_thirty_two_hex_digits_and_never_the_same(chance: Chance) -> None:
    tokens = [chance.token() for _ in range(100)]
    assert len({token[:16] for token in tokens}) == 100
    assert all(len(token) == 32 and not set(token) - set("0123456789abcdef") for token in tokens)


def test_real_jitter_spreads() -> None:
    chance = SystemChance()
    assert len({round(chance.jitter(), 1) for _ in range(1000)}) >= 10
