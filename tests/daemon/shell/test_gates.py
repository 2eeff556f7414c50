"""What decides whether a destination may be sent to: what it answered itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from logferry_daemon.core.gate import Block
from tests.contracts.spooling import HOME
from tests.daemon.shell.gatehouse import HOUR, House, agreed
from tests.daemon.shell.office import DESTINATION


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


async def test_no_block_outlasts_a_clock_that_was_set_back(house: House) -> None:
    house.gates.block(HOME, Block(reason="limit", until=house.clock.now() + HOUR))
    house.clock.set(house.clock.now() - timedelta(days=3))
    assert await house.reason() == ""


async def test_one_destinations_trouble_closes_no_other(house: House) -> None:
    other = replace(DESTINATION, name="other")
    await house.agree(other)
    await house.credentials.keep("other", "s3cret", insecure=False)
    for _ in range(9):
        house.gates.failed(HOME, "no answer in time", 0.5)
    assert await house.reason() == "does not work at the moment: no answer in time"
    assert await house.reason(other) == ""
    house.gates.succeeded(HOME)
    assert await house.reason() == ""


async def test_whatever_an_owner_decides_is_told(house: House) -> None:
    told = house.told
    await house.gates.holds.pause(HOUR)
    await house.gates.holds.resume()
    await house.gates.consents.withdrawn(HOME)
    house.gates.block(HOME, Block(reason="limit"))
    house.gates.forgive(HOME)
    assert house.told == told + 5
