"""Letters that end the process that makes them, or stop it: real ones, and the letters beside them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import psutil
import pytest

from logferry_daemon.adapters.work_process import ASIDE, ProcessWorkshop, open_workshop
from logferry_daemon.core.exchange import Dialect
from logferry_daemon.core.patience import Patience
from logferry_daemon.core.writing import Written
from logferry_model.errors import Damaged
from tests import bad_letters
from tests.acceptance.running import until
from tests.bad_letters import Dies, Sleeps, Spins, Swells
from tests.contracts.test_workshop import DIALECT, ERRAND, OWNER, is_gone, made_here, of

BRIEF = timedelta(milliseconds=50)
NEVER = timedelta(days=1)
ENDLESS = Patience(soon=timedelta(seconds=2), computing=NEVER, still=NEVER)
"""What takes long goes on aside, and is given up by nobody."""


@asynccontextmanager
async def workshop(patience: Patience) -> AsyncIterator[ProcessWorkshop]:
    async with open_workshop(OWNER, command=bad_letters.COMMAND, patience=lambda _: patience) as one:
        yield one


def workers() -> set[int]:
    """Of this process, those that run."""
    return {one.pid for one in psutil.Process().children() if not is_gone(one)}


LOST: dict[str, tuple[Dialect, Patience, str]] = {
    "dies": (Dies(), ENDLESS, "ended by signal 9|ended with code"),
    "comes to no end": (Spins(), Patience(computing=BRIEF, still=NEVER), "came to no end"),
    "does nothing": (Sleeps(), Patience(computing=NEVER, still=BRIEF), "did nothing any more"),
    "takes all memory": (Swells(), ENDLESS, "too little memory"),
}


@pytest.mark.parametrize("how", LOST)
async def test_a_letter_that_costs_a_worker_costs_one_and_says_how_and_nothing_of_it_goes_on(how: str) -> None:
    dialect, patience, said = LOST[how]
    before = workers()
    async with workshop(patience) as one:
        with pytest.raises(Damaged, match=said) as told:
            await one.write(ERRAND, dialect)
        assert told.value.code == "worker-lost"
        assert len(workers() - before) <= 1
    async with workshop(ENDLESS) as one:
        assert await one.write(ERRAND, DIALECT) == await made_here(ERRAND)
    assert workers() <= before


async def hang(one: ProcessWorkshop, *bad: Dialect) -> list[asyncio.Task[Written]]:
    """Letters that are at a worker each when this returns."""
    before = workers()
    tasks = [asyncio.create_task(one.write(ERRAND, each)) for each in bad]
    expected = min(len(bad), ASIDE + 1)
    await asyncio.to_thread(until, lambda: len(workers() - before) == expected, "each has a worker")
    return tasks


async def test_the_others_go_on_while_some_hang() -> None:
    before = workers()
    async with workshop(ENDLESS) as one:
        hanging = await hang(one, Sleeps(), Spins())
        assert len(hanging) == ASIDE
        for number in range(5):
            assert await one.write(of(number), DIALECT) == await made_here(of(number))
        assert not any(task.done() for task in hanging)
        assert len(workers() - before) == ASIDE + 1
        for task in hanging:
            task.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)
        assert len(workers() - before) == 1
        assert await one.write(ERRAND, DIALECT) == await made_here(ERRAND)


async def test_the_others_go_on_also_while_more_hang_than_have_a_place() -> None:
    before = workers()
    async with workshop(ENDLESS) as one:
        hanging = await hang(one, *[Sleeps()] * (ASIDE + 2))
        for number in range(3):
            assert await one.write(of(number), DIALECT) == await made_here(of(number))
        assert not any(task.done() for task in hanging)
        assert len(workers() - before) == ASIDE + 1
        for task in hanging:
            task.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)
    assert workers() <= before


async def test_what_found_no_place_is_made_when_there_is_one() -> None:
    patience = [ENDLESS, ENDLESS, Patience(soon=timedelta(), computing=NEVER, still=NEVER)]
    async with open_workshop(OWNER, command=bad_letters.COMMAND, patience=lambda _: patience.pop(0)) as one:
        hanging = await hang(one, *[Sleeps()] * ASIDE)
        slow = asyncio.create_task(one.write(ERRAND, DIALECT))
        await asyncio.to_thread(until, lambda: not patience, "it is asked for")
        assert not slow.done()
        hanging[0].cancel()
        assert await slow == await made_here(ERRAND)
        hanging[1].cancel()
        await asyncio.gather(*hanging, return_exceptions=True)


async def test_a_workshop_that_is_left_in_the_middle_leaves_no_worker() -> None:
    before = workers()
    async with workshop(ENDLESS) as one:
        (hanging,) = await hang(one, Sleeps())
        assert await one.write(ERRAND, DIALECT) == await made_here(ERRAND)
        hanging.cancel()
        await asyncio.gather(hanging, return_exceptions=True)
    assert workers() <= before
