"""Who waits for whom: for the other side's time, for a network, for a key, for an owner."""

from __future__ import annotations

from datetime import timedelta

import pytest

from logferry_daemon.core.breaker import OPENS_AFTER
from logferry_daemon.core.gate import Access
from logferry_daemon.road import AT_ONCE
from tests.contracts.spooling import HOME
from tests.daemon.shell.office import DESTINATION, OUTAGE, SECOND, TEN, office, problem, stored

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


async def test_nobody_asks_sooner_than_the_other_side_wants() -> None:
    desk = await office(problem(503, retry_after="120"), stored)
    async with desk.running():
        await desk.clock.advance(119 * SECOND)
        assert len(desk.sender.sent) == 1
        await desk.clock.advance(2 * SECOND)
        assert len(desk.sender.sent) == 2
    assert await desk.states() == {"aa": "uploaded"}


async def test_nor_with_another_letter() -> None:
    desk = await office(problem(503, retry_after="3600"), names=TEN)
    async with desk.running():
        asked = len(desk.sender.sent)
        await desk.clock.advance(HOUR - SECOND)
        assert len(desk.sender.sent) == asked <= AT_ONCE
        desk.sender.script = [stored]
        await desk.clock.advance(HOUR)
    assert set((await desk.states()).values()) == {"uploaded"}


async def test_a_limit_holds_for_the_whole_destination() -> None:
    desk = await office(problem(429, retry_after="300"), stored, names=TEN)
    async with desk.running():
        asked = len(desk.sender.sent)
        assert asked <= AT_ONCE
        await desk.clock.advance(299 * SECOND)
        assert len(desk.sender.sent) == asked
        await desk.clock.advance(30 * SECOND)
    assert set((await desk.states()).values()) == {"uploaded"}


async def test_five_failures_stop_the_knocking_and_one_at_a_time_tries_the_door() -> None:
    desk = await office(OUTAGE, names=TEN)
    async with desk.running():
        await desk.clock.advance(HOUR)
        first_hour = len(desk.sender.sent)
        assert OPENS_AFTER <= first_hour <= 40
        assert (await desk.gates.gate(DESTINATION)).state == "offline"
        desk.sender.at_once = 0
        await desk.clock.advance(HOUR)
        assert desk.sender.at_once == 1
        desk.sender.script = [stored]
        await desk.clock.advance(20 * MINUTE)
    assert set((await desk.states()).values()) == {"uploaded"}
    assert (await desk.gates.gate(DESTINATION)).open


async def test_a_door_that_opens_is_gone_through_with_all_hands() -> None:
    desk = await office(*[OUTAGE] * 6, stored, names=TEN)
    await desk.work(HOUR)
    assert set((await desk.states()).values()) == {"uploaded"}
    assert not desk.gates.probing(HOME)


async def test_success_that_was_on_its_way_does_not_lift_a_stop() -> None:
    desk = await office(problem(429, retry_after="300"), stored, stored, stored, names=TEN[:4])
    await desk.work()
    assert (await desk.gates.gate(DESTINATION)).state == "waiting"


async def test_without_consent_nothing_is_sent_and_the_keyring_is_not_asked() -> None:
    desk = await office(agreed=False)
    async with desk.running():
        await desk.clock.advance(HOUR)
        assert desk.sender.sent == []
        assert desk.credentials.asked == 0
        await desk.agree()
        await desk.clock.idle()
    assert len(desk.sender.sent) == 1


@pytest.mark.parametrize(
    ("state", "reason"),
    [(Access.ABSENT, "no key"), (Access.LOCKED, "keyring locked"), (Access.STUCK, "does not answer")],
)
async def test_without_a_key_everything_waits_and_goes_on_by_itself(state: Access, reason: str) -> None:
    desk = await office()
    desk.credentials.state = state
    async with desk.running():
        await desk.clock.advance(HOUR)
        gate = await desk.gates.gate(DESTINATION)
        assert (gate.held, desk.sender.sent) == (True, [])
        assert reason in gate.reason
        desk.credentials.state = None
        await desk.clock.advance(2 * MINUTE)
    assert await desk.states() == {"aa": "uploaded"}


async def test_a_keyring_that_is_locked_under_way_holds_with_that_reason_and_goes_on_within_seconds() -> None:
    desk = await office()
    await desk.gates.load()
    await desk.gates.gate(DESTINATION)
    desk.credentials.state = Access.LOCKED
    async with desk.running():
        await desk.clock.advance(3 * SECOND)
        gate = await desk.gates.gate(DESTINATION)
        assert (gate.held, gate.reason, desk.sender.sent) == (True, "keyring locked", [])
        desk.credentials.state = None
        await desk.clock.advance(10 * SECOND)
    assert await desk.states() == {"aa": "uploaded"}


async def test_a_refused_key_holds_with_its_reason_until_there_is_another() -> None:
    desk = await office(problem(401), names=TEN)
    async with desk.running():
        asked = len(desk.sender.sent)
        assert asked <= AT_ONCE
        await desk.clock.advance(24 * HOUR)
        assert len(desk.sender.sent) == asked
        gate = await desk.gates.gate(DESTINATION)
        assert gate.held
        assert "key refused" in gate.reason
        assert f"logferry login {HOME}" in gate.hint
        desk.sender.script = [stored]
        await desk.credentials.keep(HOME, "fresh", insecure=False)
        desk.gates.forgive(HOME)
        await desk.clock.advance(MINUTE)
    assert set((await desk.states()).values()) == {"uploaded"}
    assert desk.sender.sent[-1].secret == {"Authorization": "Bearer fresh"}


async def test_a_pause_holds_and_resume_goes_on_at_once() -> None:
    desk = await office(agreed=False)
    await desk.gates.holds.pause(None)
    await desk.agree()
    async with desk.running():
        await desk.clock.advance(HOUR)
        assert desk.sender.sent == []
        await desk.gates.holds.resume()
        await desk.clock.idle()
        assert len(desk.sender.sent) == 1
