"""Letters that are written while those before them are on their way: none of them goes that may not go any more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from logferry_daemon.adapters.work_thread import ThreadWorkshop
from logferry_daemon.core.exchange import Dialect
from logferry_daemon.core.writing import Errand, Written
from logferry_daemon.ports import Claimed
from logferry_daemon.road import AT_ONCE
from logferry_model.errors import Refused, Unreachable
from tests.contracts.spooling import HOME
from tests.daemon.shell.office import DESTINATION, Office, name_of, problem
from tests.fake_spool import MemorySpool
from tests.fakes import Answer
from tests.privacy import DETECTORS

HOUR = timedelta(hours=1)
DOZEN = tuple(f"{number:02}" for number in range(3 * AT_ONCE))
ROUND, NEXT, REST = DOZEN[:AT_ONCE], DOZEN[AT_ONCE : 2 * AT_ONCE], DOZEN[2 * AT_ONCE :]


class Counted:
    """A workshop that remembers whose letters it wrote; what is told to fail does."""

    def __init__(self, *refused: str) -> None:
        self._inner = ThreadWorkshop(DETECTORS)
        self._refused = refused
        self.written: list[str] = []

    async def write(self, errand: Errand, dialect: Dialect) -> Written:
        try:
            if errand.parcel.session in self._refused:
                raise Refused("would-leak", "Something private is left.")
            return await self._inner.write(errand, dialect)
        finally:
            self.written.append(errand.parcel.session)


class Pausing(MemorySpool):
    """A spool whose answer to the second claim is a long time coming."""

    def __init__(self) -> None:
        super().__init__()
        self.claims = 0
        self.free = asyncio.Event()

    async def claim(self, *args: Any, **more: Any) -> Sequence[Claimed]:  # noqa: ANN401 -- whatever it is asked
        claimed = await super().claim(*args, **more)
        self.claims += 1
        if self.claims == 2:
            await self.free.wait()
        return claimed


async def desk_of(*script: Answer, refused: Sequence[str] = ()) -> tuple[Office, Counted]:
    desk, shop = Office(*script), Counted(*refused)
    desk.workshop = shop
    desk.open_again()
    await desk.find(*DOZEN)
    await desk.agree()
    return desk, shop


@asynccontextmanager
async def waiting_for_answers(desk: Office, shop: Counted, ahead: int = AT_ONCE) -> AsyncIterator[None]:
    """The requests of the first round are out, so many letters are written ahead, and nobody answers yet."""
    desk.sender.free.clear()
    await desk.gates.load()
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        work = group.create_task(desk.courier.run())
        while len(desk.sender.sent) < AT_ONCE or len(shop.written) < AT_ONCE + ahead:
            await asyncio.sleep(0)
        yield
        work.cancel()


def uploading(states: Mapping[str, str]) -> list[str]:
    return sorted(name for name, state in states.items() if state == "uploading")


def sent(desk: Office) -> list[str]:
    return [name_of(one) for one in desk.sender.sent if one.request.body]


async def test_the_next_letters_are_written_while_nobody_answers_and_none_of_them_is_sent() -> None:
    desk, shop = await desk_of()
    async with waiting_for_answers(desk, shop):
        assert uploading(await desk.states()) == [*ROUND, *NEXT]
        assert (sorted(shop.written), sorted(sent(desk))) == ([*ROUND, *NEXT], [*ROUND])
        desk.sender.free.set()
        await desk.clock.idle()
    assert set((await desk.states()).values()) == {"uploaded"}
    assert sorted(shop.written) == sorted(sent(desk)) == [*DOZEN]
    assert desk.sender.at_once == AT_ONCE


@pytest.mark.parametrize("stop", ["revoke", "pause"])
async def test_its_owner_stops_them_at_once(stop: str) -> None:
    desk, shop = await desk_of()
    async with waiting_for_answers(desk, shop):
        await (desk.gates.consents.withdrawn(HOME) if stop == "revoke" else desk.gates.holds.pause(None))
        await desk.clock.idle()
        assert set((await desk.states()).values()) == {"pending"}
        desk.sender.free.set()
        await desk.clock.advance(HOUR)
        assert sorted(sent(desk)) == [*ROUND]
        await (desk.agree() if stop == "revoke" else desk.gates.holds.resume())
        await desk.clock.advance(HOUR)
    assert set((await desk.states()).values()) == {"uploaded"}
    assert sorted(sent(desk)) == sorted([*ROUND, *DOZEN])


async def test_what_the_destination_says_of_those_before_counts_for_them() -> None:
    desk, shop = await desk_of(problem(401))
    async with waiting_for_answers(desk, shop):
        desk.sender.free.set()
        await desk.clock.idle()
        assert set((await desk.states()).values()) == {"pending"}
    assert sorted(sent(desk)) == [*ROUND]


async def test_they_do_not_go_into_an_outage() -> None:
    desk, shop = await desk_of(Unreachable("refused", "no connection"))
    async with waiting_for_answers(desk, shop):
        desk.sender.free.set()
        await desk.clock.idle()
        assert uploading(await desk.states()) == []
    assert sorted(sent(desk)) == [*ROUND]


@pytest.mark.parametrize("name", [NEXT[0], NEXT[-1], REST[0]])
async def test_one_that_was_deleted_meanwhile_is_not_sent(name: str) -> None:
    desk, shop = await desk_of()
    async with waiting_for_answers(desk, shop):
        await desk.courier.drop((await desk.spool.delete(name, "artemis", desk.clock.now(), ask=())).stopped)
        desk.sender.free.set()
        await desk.clock.idle()
    assert sorted(sent(desk)) == sorted({*DOZEN} - {name})
    assert set((await desk.states()).values()) == {"uploaded"}


async def test_one_that_was_held_is_written_anew_before_it_goes() -> None:
    desk, shop = await desk_of()
    async with waiting_for_answers(desk, shop):
        held = (await desk.rows())[NEXT[1]].id
        assert held in desk.courier.under_way
        await desk.courier.hold([held])
        assert (await desk.states())[NEXT[1]] == "pending"
        await desk.spool.forget_letters([held])
        desk.sender.free.set()
        await desk.clock.idle()
    assert set((await desk.states()).values()) == {"uploaded"}
    assert sorted(sent(desk)) == [*DOZEN]
    assert shop.written.count(NEXT[1]) == 2


async def test_one_that_is_held_in_the_moment_of_its_claim_is_not_sent_by_that() -> None:
    desk, spool = Office(), Pausing()
    desk.spool = spool
    desk.open_again()
    await desk.find(*DOZEN)
    await desk.agree()
    await desk.gates.load()
    desk.sender.free.clear()
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        work = group.create_task(desk.courier.run())
        while len(desk.sender.sent) < AT_ONCE or spool.claims < 2:
            await asyncio.sleep(0)
        held = (await desk.rows())[NEXT[1]].id
        holding = group.create_task(desk.courier.hold([held]))
        await asyncio.sleep(0)
        spool.free.set()
        await holding
        assert (await desk.states())[NEXT[1]] == "pending"
        assert held not in desk.courier.under_way
        desk.sender.free.set()
        await desk.clock.idle()
        work.cancel()
    assert set((await desk.states()).values()) == {"uploaded"}
    assert sorted(sent(desk)) == [*DOZEN]


async def test_under_other_terms_all_of_them_are_given_back_first() -> None:
    desk, shop = await desk_of()
    async with waiting_for_answers(desk, shop):
        desk.courier.destination = replace(DESTINATION, trackers=("artemis",))
        desk.sender.free.set()
        await desk.clock.idle()
    attempts = [one.outcome.value for one in (await desk.spool.attempts(NEXT[0]))[(await desk.rows())[NEXT[0]].id]]
    assert attempts[0] == "broken-off"
    assert sorted(set(shop.written)) == [*DOZEN]


async def test_a_daemon_that_ends_then_sends_each_of_them_once() -> None:
    desk, shop = await desk_of()
    async with waiting_for_answers(desk, shop):
        pass
    assert uploading(await desk.states()) == [*ROUND, *NEXT]
    keys = {name_of(one): one.request.headers["Idempotency-Key"] for one in desk.sender.sent}
    desk.sender.free.set()
    desk.spool.restart()
    desk.open_again()
    await desk.work(HOUR)
    assert set((await desk.states()).values()) == {"uploaded"}
    assert sorted(sent(desk)[AT_ONCE:]) == [*DOZEN]
    again = {name_of(one): one.request.headers["Idempotency-Key"] for one in desk.sender.sent[AT_ONCE:]}
    assert {name: again[name] for name in keys} == keys


async def test_one_that_cannot_be_written_is_told_once_and_stops_no_other() -> None:
    desk, shop = await desk_of(refused=[NEXT[0]])
    async with waiting_for_answers(desk, shop):
        assert (await desk.states())[NEXT[0]] == "uploading"
        desk.sender.free.set()
        await desk.clock.idle()
    states = dict(await desk.states())
    assert (states.pop(NEXT[0]), set(states.values())) == ("failed", {"uploaded"})
    assert shop.written.count(NEXT[0]) == 1


async def test_what_could_not_be_given_back_while_the_disk_was_full_is_given_back_later() -> None:
    desk, shop = await desk_of()
    async with waiting_for_answers(desk, shop):
        await desk.gates.holds.pause(None)
        desk.spool.broken = Unreachable("spool-unavailable", "The disk is full.")
        await desk.clock.idle()
        desk.spool.broken = None
        await desk.clock.advance(HOUR)
        assert set((await desk.states()).values()) == {"pending"}
        desk.sender.free.set()
        await desk.gates.holds.resume()
        await desk.clock.advance(HOUR)
    assert set((await desk.states()).values()) == {"uploaded"}


async def test_where_few_wait_nothing_is_claimed_ahead() -> None:
    desk = Office()
    await desk.find(*ROUND[1:])
    await desk.agree()
    desk.sender.free.clear()
    await desk.gates.load()
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        work = group.create_task(desk.courier.run())
        while len(desk.sender.sent) < len(ROUND) - 1:
            await asyncio.sleep(0)
        await desk.find("zz")
        assert uploading(await desk.states()) == [*ROUND[1:]]
        desk.sender.free.set()
        await desk.clock.idle()
        work.cancel()
    assert set((await desk.states()).values()) == {"uploaded"}
