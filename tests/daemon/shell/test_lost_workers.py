"""A session whose letter costs the process that makes it: it is set aside alone, and nobody waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from logferry_daemon.adapters.work_process import open_workshop
from logferry_daemon.adapters.work_thread import ThreadWorkshop
from logferry_daemon.core.detectors import Surroundings
from logferry_daemon.core.exchange import Dialect
from logferry_daemon.core.losses import TRIES, worker_lost
from logferry_daemon.core.patience import Patience
from logferry_daemon.core.writing import Errand, Written
from logferry_daemon.ports import Workshop
from tests import bad_letters
from tests.bad_letters import Dies, Sleeps
from tests.contracts.spooling import HOME
from tests.daemon.shell.office import TEN, Office
from tests.privacy import DETECTORS

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
NEVER = timedelta(days=1)
BAD = "03"


class Mortal:
    """Loses a worker over some sessions, so often; the others are made in a thread."""

    def __init__(self, **lost: int) -> None:
        self.left = lost
        self.asked: list[str] = []
        self._thread = ThreadWorkshop(DETECTORS)

    async def write(self, errand: Errand, dialect: Dialect) -> Written:
        session = errand.parcel.session
        self.asked.append(session)
        if self.left.get(session, 0):
            self.left[session] -= 1
            raise worker_lost("it was ended by signal 9")
        return await self._thread.write(errand, dialect)


async def office(workshop: Workshop, *names: str, dialect: Dialect | None = None) -> Office:
    desk = Office(dialect=dialect)
    desk.workshop = workshop
    desk.open_again()
    await desk.find(*names)
    await desk.agree()
    return desk


async def test_it_is_set_aside_alone_after_three_and_its_owner_reads_what_to_do() -> None:
    workshop = Mortal(**{BAD: 1_000})
    desk = await office(workshop, *TEN)
    await desk.work(DAY)
    assert await desk.states() == dict.fromkeys(TEN, "uploaded") | {BAD: "failed"}
    assert workshop.asked.count(BAD) == TRIES
    row = (await desk.rows())[BAD]
    assert row.attempts == TRIES
    assert "signal 9" in row.last_error
    assert f"logferry retry {BAD}" in row.last_error


async def test_between_its_tries_it_waits_like_any_other() -> None:
    workshop = Mortal(**{BAD: 1_000})
    desk = await office(workshop, BAD)
    await desk.work()
    assert workshop.asked.count(BAD) == 1
    row = (await desk.rows())[BAD]
    assert row.state.value == "pending"
    assert row.next_attempt is not None
    assert row.next_attempt > desk.clock.now()


async def test_every_delivery_is_somewhere_all_the_while() -> None:
    desk = await office(Mortal(**{BAD: 2, "05": 1_000}), *TEN)
    async with desk.running():
        for _ in range(120):
            await desk.clock.advance(timedelta(seconds=1))
            states = await desk.states()
            assert sorted(states) == sorted(TEN)
            assert set(states.values()) <= {"pending", "uploading", "uploaded", "failed"}
    assert await desk.states() == dict.fromkeys(TEN, "uploaded") | {"05": "failed"}


async def test_a_computer_without_memory_for_a_moment_sets_nothing_aside() -> None:
    desk = await office(Mortal(**dict.fromkeys(TEN, TRIES - 1)), *TEN)
    await desk.work(DAY)
    assert set((await desk.states()).values()) == {"uploaded"}


async def test_what_was_tried_before_for_other_reasons_is_not_held_against_it() -> None:
    desk = await office(Mortal(**{BAD: 1}), BAD)
    for _ in range(2 * TRIES):
        now = desk.clock.now()
        (one,) = await desk.spool.claim(HOME, now, 1, backfill=1)
        await desk.spool.deferred(one.row.id, "another reason", now, counts=True, now=now)
    assert (await desk.rows())[BAD].attempts == 2 * TRIES
    await desk.work(DAY)
    assert await desk.states() == {BAD: "uploaded"}


async def test_asked_for_again_it_has_its_tries_again_and_arrives_when_all_is_well() -> None:
    workshop = Mortal(**{BAD: TRIES + 1})
    desk = await office(workshop, BAD)
    await desk.work(DAY)
    assert await desk.states() == {BAD: "failed"}
    await desk.spool.retry([BAD], desk.clock.now())
    await desk.work(DAY)
    assert await desk.states() == {BAD: "uploaded"}


@asynccontextmanager
async def at_work(desk: Office) -> AsyncIterator[None]:
    """Its courier is, whatever else is going on."""
    await desk.gates.load()
    task = asyncio.create_task(desk.courier.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_destination_goes_on_while_a_letter_of_another_one_hangs_and_one_of_a_third_ends_its_workers() -> None:
    endless = Patience(soon=timedelta(milliseconds=50), computing=NEVER, still=NEVER)
    async with open_workshop(Surroundings(), command=bad_letters.COMMAND, patience=lambda _: endless) as workshop:
        hung = await office(workshop, "hung", dialect=Sleeps())
        killed = await office(workshop, "killed", dialect=Dies())
        good = await office(workshop, *TEN)
        # One thread waits for the one that hangs, so nobody here can wait until all threads rest.
        async with asyncio.timeout(60), at_work(hung), at_work(killed), at_work(good):
            while {"pending", "uploading"}.intersection((await good.states()).values()):
                await asyncio.sleep(0.01)
            while (await killed.states())["killed"] != "failed":
                killed.clock.move(MINUTE)
                await asyncio.sleep(0.01)
            assert await hung.states() == {"hung": "uploading"}
            assert set((await good.states()).values()) == {"uploaded"}
        assert good.sender.sent
        assert not hung.sender.sent
        assert not killed.sender.sent
