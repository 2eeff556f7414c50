"""Who looks at requests that are under way, without a socket: what moves goes on, and nobody is woken for nothing."""

from __future__ import annotations

import asyncio
from contextlib import closing

import pytest

from logferry_daemon.adapters.send_progress import LOOKS, Lookout, Pace, Progress

HOUR = 3_600.0
PACE = Pace(still=3.0, allowance=HOUR, longest=HOUR)


async def moving_until(gone: asyncio.Event, lookout: Lookout) -> None:
    async with asyncio.timeout(None) as limit:
        with Progress(limit, lookout) as progress:
            while not gone.is_set():
                progress.received(1)
                await asyncio.sleep(0.01)


async def standing_still(lookout: Lookout) -> None:
    async with asyncio.timeout(None) as limit:
        with Progress(limit, lookout):
            await asyncio.sleep(HOUR)


async def test_one_that_stands_still_is_given_up_and_one_beside_it_that_moves_is_not() -> None:
    gone = asyncio.Event()
    with closing(Lookout(PACE)) as lookout:
        async with asyncio.timeout(30):
            mover = asyncio.create_task(moving_until(gone, lookout))
            with pytest.raises(TimeoutError):
                await standing_still(lookout)
            gone.set()
            await mover


async def test_a_later_one_is_looked_at_as_well() -> None:
    with closing(Lookout(Pace(still=0.15, allowance=HOUR, longest=HOUR))) as lookout:
        for _ in range(2):
            async with asyncio.timeout(30):
                with pytest.raises(TimeoutError):
                    await standing_still(lookout)
                await rest(lookout)


async def test_nobody_looks_when_nothing_is_under_way() -> None:
    with closing(Lookout(Pace(still=LOOKS * 0.01, allowance=HOUR, longest=HOUR))) as lookout:
        assert lookout.rests
        async with asyncio.timeout(None) as limit:
            with Progress(limit, lookout):
                assert not lookout.rests
        await rest(lookout)


async def rest(lookout: Lookout) -> None:
    """It comes to rest at the next look, after which nothing would change any more."""
    async with asyncio.timeout(60):
        while not lookout.rests:
            await asyncio.sleep(0.01)
