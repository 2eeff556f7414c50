from __future__ import annotations

import asyncio
import threading
import time

from logferry_daemon.lives import Damage, Lives, first_of


async def test_another_thread_can_tell_of_damage() -> None:
    damage = Damage()
    thread = threading.Thread(target=damage.tell)
    thread.start()
    await asyncio.wait_for(damage.seen.wait(), 60)
    thread.join()


def test_damage_that_is_found_when_all_is_over_hurts_nobody() -> None:
    async def made() -> Damage:
        return Damage()

    asyncio.run(made()).tell()


async def test_the_first_of_some_events_ends_the_wait() -> None:
    one, other = asyncio.Event(), asyncio.Event()
    other.set()
    await asyncio.wait_for(first_of(one, other), 60)
    assert not one.is_set()


async def quickest_first_rest(stop: asyncio.Event) -> float:
    """Of some: any of them may fall into a moment in which the machine does something else."""
    took = []
    for _ in range(5):
        began = time.monotonic()
        await Lives().rest(stop)
        took.append(time.monotonic() - began)
    return min(took)


async def test_the_first_life_is_followed_at_once_and_a_later_one_after_a_rest() -> None:
    lives, stop = Lives(), asyncio.Event()
    assert await quickest_first_rest(stop) < 0.5
    await lives.rest(stop)
    assert lives.over == 1
    began = time.monotonic()
    await lives.rest(stop)
    assert time.monotonic() - began >= 0.9
    assert lives.over == 2


async def test_a_rest_is_over_when_somebody_stops_the_process() -> None:
    lives, stop = Lives(), asyncio.Event()
    lives.over = 20
    resting = asyncio.ensure_future(lives.rest(stop))
    await asyncio.sleep(0)
    stop.set()
    await asyncio.wait_for(resting, 60)


async def test_a_process_that_was_stopped_counts_no_life() -> None:
    lives, stop = Lives(), asyncio.Event()
    stop.set()
    await lives.rest(stop)
    assert lives.over == 0
