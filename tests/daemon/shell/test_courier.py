"""One destination's deliveries: several at a time, broken off at once, and gone on with."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from logferry_daemon.core.exchange import Response
from logferry_daemon.road import AT_ONCE
from logferry_model.errors import Unreachable
from tests.contracts.spooling import HOME
from tests.daemon.shell.office import TEN, name_of, office, problem, stored
from tests.fakes import Sent

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


async def test_a_poison_item_blocks_nobody_and_can_be_tried_again() -> None:
    cured = False

    def picky(sent: Sent) -> Response:
        broken = {"03": 422, "05": 500}.get(name_of(sent))
        return problem(broken) if broken and not cured else stored(sent)

    desk = await office(picky, names=TEN)
    await desk.work(MINUTE)
    states = await desk.states()
    assert {name for name, state in states.items() if state == "uploaded"} == set(TEN) - {"03", "05"}
    assert (states["03"], states["05"]) == ("failed", "pending")
    cured = True
    await desk.spool.retry(["03"], desk.clock.now())
    await desk.work(HOUR)
    assert set((await desk.states()).values()) == {"uploaded"}


async def test_no_more_than_a_few_requests_are_under_way_at_once() -> None:
    desk = await office(names=TEN)
    desk.sender.free.clear()
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        work = group.create_task(desk.courier.run())
        while len(desk.sender.sent) < AT_ONCE:
            await asyncio.sleep(0)
        desk.sender.free.set()
        await desk.clock.idle()
        work.cancel()
    assert desk.sender.at_once == AT_ONCE
    assert set((await desk.states()).values()) == {"uploaded"}


@pytest.mark.parametrize("stop", ["revoke", "pause"])
async def test_what_is_under_way_is_broken_off_when_its_owner_says_so(stop: str) -> None:
    desk = await office()
    desk.sender.free.clear()
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        work = group.create_task(desk.courier.run())
        while not desk.sender.sent:
            await asyncio.sleep(0)
        await (desk.gates.consents.withdrawn(HOME) if stop == "revoke" else desk.gates.holds.pause(None))
        await desk.clock.idle()
        assert await desk.states() == {"aa": "pending"}
        desk.sender.free.set()
        await desk.clock.advance(HOUR)
        assert (await desk.states(), len(desk.sender.sent)) == ({"aa": "pending"}, 1)
        await (desk.agree() if stop == "revoke" else desk.gates.holds.resume())
        await desk.clock.idle()
        work.cancel()
    assert await desk.states() == {"aa": "uploaded"}
    assert len({sent.request.headers["Idempotency-Key"] for sent in desk.sender.sent}) == 1


async def test_what_could_not_be_given_back_while_the_disk_was_full_is_given_back_later() -> None:
    desk = await office()
    desk.sender.free.clear()
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        work = group.create_task(desk.courier.run())
        while not desk.sender.sent:
            await asyncio.sleep(0)
        await desk.gates.holds.pause(None)
        desk.spool.broken = Unreachable("spool-unavailable", "The disk is full.")
        await desk.clock.idle()
        assert await desk.states() == {"aa": "uploading"}
        desk.spool.broken = None
        await desk.clock.advance(HOUR)
        assert await desk.states() == {"aa": "pending"}
        work.cancel()


async def test_consent_that_is_taken_back_holds_what_comes_after() -> None:
    desk = await office()
    async with desk.running():
        await desk.gates.consents.withdrawn(HOME)
        await desk.find("bb")
        await desk.clock.advance(HOUR)
    assert await desk.states() == {"aa": "uploaded", "bb": "pending"}


async def test_a_daemon_that_dies_between_the_answer_and_its_note_asks_again_with_the_same_key() -> None:
    desk = await office()
    desk.sender.free.clear()
    await desk.gates.load()
    task = asyncio.ensure_future(desk.courier.run())
    async with asyncio.timeout(60):
        while not desk.sender.sent:
            await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await desk.states() == {"aa": "uploading"}
    desk.sender.free.set()
    desk.spool.restart()
    desk.open_again()
    await desk.work(HOUR)
    assert await desk.states() == {"aa": "uploaded"}
    before, after = desk.sender.sent
    assert before.request == after.request


async def test_a_spool_that_cannot_be_asked_ends_nothing() -> None:
    desk = await office()
    desk.spool.broken = Unreachable("spool-unavailable", "The disk is full.")
    async with desk.running():
        await desk.clock.advance(HOUR)
        assert desk.sender.sent == []
        desk.spool.broken = None
        await desk.clock.advance(MINUTE)
    assert await desk.states() == {"aa": "uploaded"}
