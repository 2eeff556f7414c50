"""What holds all uploads, and what of it lasts."""

from __future__ import annotations

import pytest

from tests.daemon.shell.gatehouse import HOUR, House, agreed
from tests.daemon.shell.office import DESTINATION


@pytest.fixture
async def house() -> House:
    return await agreed()


async def test_an_open_pause_survives_a_restart_and_ends_only_by_hand(house: House) -> None:
    await house.gates.holds.pause(None)
    await house.restart()
    house.clock.move(300 * HOUR)
    assert (house.gates.holds.paused, house.gates.holds.paused_until) == (True, None)
    assert (await house.gates.gate(DESTINATION)).state == "paused"
    await house.gates.holds.resume()
    await house.restart()
    assert not house.gates.holds.paused


async def test_a_pause_ends_by_time_also_over_a_restart(house: House) -> None:
    await house.gates.holds.pause(HOUR)
    end = house.clock.now() + HOUR
    await house.restart()
    assert (house.gates.holds.paused, house.gates.holds.paused_until) == (True, end)
    assert (await house.gates.gate(DESTINATION)).until == end
    house.clock.move(HOUR)
    assert not house.gates.holds.paused
    assert (await house.gates.gate(DESTINATION)).open
