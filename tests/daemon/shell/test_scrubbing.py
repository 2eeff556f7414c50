"""What was deleted is overwritten soon, whoever was ended in between, and nobody waits longer than he likes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from logferry_daemon.adapters.spool_sqlite import open_spool
from logferry_daemon.scrubbing import AGAIN, PATIENCE, SHARE, Scrubber
from logferry_ipc.messages import DeleteRequest
from logferry_model.errors import Unreachable
from tests.contracts.spooling import FACTS, NOW, admit, found
from tests.daemon.shell.house import House
from tests.fake_spool import MemorySpool
from tests.fakes import FixedChance, ManualClock

CANARY = b"lantern of brass"


class SlowSpool(MemorySpool):
    """One that takes its time, and may refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.free = asyncio.Event()
        self.scrubs = 0
        self.refuses = False

    async def scrub(self) -> None:
        self.scrubs += 1
        await self.free.wait()
        if self.refuses:
            raise Unreachable("spool-unavailable", "The disk is full.")
        await super().scrub()


@asynccontextmanager
async def running(scrubber: Scrubber) -> AsyncIterator[None]:
    task = asyncio.ensure_future(scrubber.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def turns(number: int = 50) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def test_what_was_deleted_before_a_kill_is_in_no_file_after_the_next_start(tmp_path: Path) -> None:
    async with open_spool(tmp_path / "spool.db", FixedChance(), FACTS) as spool:
        # Some builds of SQLite overwrite what they free by themselves, most do not.
        await spool.database.run(lambda: spool.database.opened().execute("PRAGMA secure_delete = OFF").fetchall())
        await admit(spool, *[found(f"{number:016x}", age=number) for number in range(30)])
        await admit(spool, found("aa", mark=CANARY.decode(), player=CANARY.decode(), names_player=True))
        await spool.delete("aa", "artemis", NOW, ask=())
    there = b"".join(one.read_bytes() for one in tmp_path.glob("spool.db*"))
    assert CANARY in there
    async with open_spool(tmp_path / "spool.db", FixedChance(), FACTS) as spool:
        async with running(Scrubber(spool, ManualClock())):
            while await spool.unscrubbed():
                await asyncio.sleep(0.01)
        left = b"".join(one.read_bytes() for one in tmp_path.glob("spool.db*"))
        assert CANARY not in left
        assert len(await spool.sessions()) == 30


async def test_a_person_waits_for_a_quick_one_and_not_for_a_slow_one() -> None:
    spool, clock = SlowSpool(), ManualClock()
    scrubber = Scrubber(spool, clock)
    async with running(scrubber):
        slow = asyncio.ensure_future(scrubber.soon())
        await turns()
        await clock.advance(PATIENCE, 0)
        assert not await slow
        spool.free.set()
        await turns()
        await clock.advance(SHARE * PATIENCE, 0)
        assert await scrubber.soon()


async def test_many_that_are_asked_for_at_once_are_one() -> None:
    spool, clock = SlowSpool(), ManualClock()
    scrubber = Scrubber(spool, clock)
    async with running(scrubber):
        asked = [asyncio.ensure_future(scrubber.soon()) for _ in range(9)]
        await turns()
        spool.free.set()
        assert all(await asyncio.gather(*asked))
    assert spool.scrubs == 1


async def test_one_that_fails_is_tried_again() -> None:
    spool, clock = SlowSpool(), ManualClock()
    spool.dirty = spool.refuses = True
    spool.free.set()
    async with running(Scrubber(spool, clock)):
        await clock.idle()
        spool.refuses = False
        await clock.advance(AGAIN, 0)
        await turns()
        assert (spool.scrubs, spool.dirty) == (2, False)


@pytest.fixture
async def house(tmp_path: Path) -> House:
    return House(tmp_path)


async def test_the_answer_and_the_status_say_what_is_not_overwritten_yet(house: House) -> None:
    spool = SlowSpool()
    house.spool = spool
    async with house.open() as control:
        await house.add_source()
        await house.hunt()
        (session,) = (await control.sessions()).sessions
        deletion = asyncio.ensure_future(control.delete(session.id, DeleteRequest()))
        await turns()
        await house.pass_time(PATIENCE + timedelta(seconds=1))
        assert "being overwritten" in (await deletion).note
        assert "deletion-unscrubbed" in [one.code for one in (await control.status()).attention]
        spool.free.set()
        while await spool.unscrubbed():
            await asyncio.sleep(0)
        assert "deletion-unscrubbed" not in [one.code for one in (await control.status()).attention]
