"""What decides whether a destination may be sent to: what it answered itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from logferry_daemon.core.gate import Block
from logferry_daemon.core.retries import BURST
from tests.contracts.spooling import HOME
from tests.daemon.shell.gatehouse import HOUR, JUMPS, House, agreed
from tests.daemon.shell.office import DESTINATION, SECOND


@pytest.fixture
async def house() -> House:
    return await agreed()


async def test_a_gate_opens_with_consent_and_key(house: House) -> None:
    assert (await house.gates.gate(DESTINATION)).open


async def test_a_block_without_an_end_lasts_until_somebody_does_something(house: House) -> None:
    house.gates.block(HOME, Block(reason="key refused"))
    house.clock.move(300 * HOUR)
    assert await house.reason() == "key refused"
    house.gates.forgive_all()
    assert await house.reason() == ""


async def test_a_block_with_an_end_ends(house: House) -> None:
    house.gates.block(HOME, Block(reason="limit", until=house.clock.now() + HOUR))
    assert await house.reason() == "limit"
    house.clock.move(HOUR)
    assert await house.reason() == ""


@pytest.mark.parametrize("jump", JUMPS)
async def test_a_block_lasts_as_long_as_it_was_to_whatever_the_clock_is_set_to(house: House, jump: timedelta) -> None:
    house.gates.block(HOME, Block(reason="limit", until=house.clock.now() + HOUR))
    house.clock.set(house.clock.now() + jump)
    gate = await house.gates.gate(DESTINATION)
    assert (gate.reason, gate.until) == ("limit", house.clock.now() + HOUR), "told by the clock as it is now"
    house.clock.move(HOUR - SECOND)
    assert await house.reason() == "limit"
    house.clock.move(SECOND)
    assert await house.reason() == ""


@pytest.mark.parametrize("jump", JUMPS)
async def test_a_breaker_and_what_was_asked_for_last_as_long_whatever_the_clock_is_set_to(
    house: House, jump: timedelta
) -> None:
    house.gates.failed(HOME, "busy", 0.5, item="aa", floor=HOUR)
    for _ in range(9):
        house.gates.failed(HOME, "no answer", 0.5, item="aa", unreached=True)
    house.clock.set(house.clock.now() + jump)
    house.clock.move(HOUR - SECOND)
    assert await house.reason() == "does not work at the moment: busy"
    house.clock.move(SECOND)
    assert (await house.gates.gate(DESTINATION)).open


@pytest.mark.parametrize("jump", JUMPS)
async def test_the_budget_of_failures_fills_by_the_time_that_passes(house: House, jump: timedelta) -> None:
    for _ in range(BURST):
        house.gates.failed(HOME, "no answer", 0.5, item="aa", unreached=True)
    house.gates.network_changed()
    for _ in range(BURST):
        house.gates.failed(HOME, "no answer", 0.5, item="aa", unreached=True)
    house.clock.set(house.clock.now() + jump)
    assert house.gates.at_once(HOME, 4) == 1
    assert house.gates.wary(HOME)


async def test_one_destinations_trouble_closes_no_other(house: House) -> None:
    other = replace(DESTINATION, name="other")
    await house.agree(other)
    await house.credentials.keep("other", "s3cret", insecure=False)
    for _ in range(9):
        house.gates.failed(HOME, "no answer in time", 0.5, item="aa")
    assert await house.reason() == "does not work at the moment: no answer in time"
    assert await house.reason(other) == ""
    house.gates.succeeded(HOME, "bb")
    assert await house.reason() == ""


async def test_whatever_an_owner_decides_is_told(house: House) -> None:
    told = house.told
    await house.gates.holds.pause(HOUR)
    await house.gates.holds.resume()
    await house.gates.consents.withdrawn(HOME)
    house.gates.block(HOME, Block(reason="limit"))
    house.gates.forgive(HOME)
    assert house.told == told + 5
