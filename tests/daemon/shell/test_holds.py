"""What holds all uploads, and what of it lasts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.daemon.shell.gatehouse import HOUR, JUMPS, House, agreed
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


async def test_the_end_that_is_told_is_the_same_though_no_two_clocks_are_read_at_once(house: House) -> None:
    await house.gates.holds.pause(HOUR)
    end = house.clock.now() + HOUR
    for late in (3, -2, 5):
        house.clock.move(HOUR / 10)
        house.clock.set(house.clock.now() + timedelta(microseconds=late))
        assert house.gates.holds.paused_until == end
        assert (await house.gates.gate(DESTINATION)).until == end
        await house.restart()


async def test_a_pause_ends_by_time_also_over_a_restart(house: House) -> None:
    await house.gates.holds.pause(HOUR)
    end = house.clock.now() + HOUR
    await house.restart()
    assert (house.gates.holds.paused, house.gates.holds.paused_until) == (True, end)
    assert (await house.gates.gate(DESTINATION)).until == end
    house.clock.move(HOUR)
    assert not house.gates.holds.paused
    assert (await house.gates.gate(DESTINATION)).open


@pytest.mark.parametrize("jump", JUMPS)
async def test_a_pause_lasts_as_long_as_it_was_to_whatever_the_clock_is_set_to(house: House, jump: timedelta) -> None:
    await house.gates.holds.pause(HOUR)
    house.clock.set(house.clock.now() + jump)
    assert house.gates.holds.paused_until == house.clock.now() + HOUR
    assert (await house.gates.gate(DESTINATION)).until == house.clock.now() + HOUR
    house.clock.move(HOUR / 2)
    assert house.gates.holds.paused
    house.clock.move(HOUR / 2)
    assert not house.gates.holds.paused
    assert (await house.gates.gate(DESTINATION)).open


async def test_a_pause_from_before_the_clock_was_set_back_is_no_longer_after_a_restart(house: House) -> None:
    await house.gates.holds.pause(HOUR)
    house.clock.set(house.clock.now() - 12 * HOUR)
    await house.restart()
    assert house.gates.holds.paused_until == house.clock.now() + HOUR
    house.clock.move(HOUR / 2)
    await house.restart()
    assert house.gates.holds.paused, "its owner wanted it to last"
    house.clock.move(HOUR / 2)
    assert not house.gates.holds.paused
    await house.restart()
    assert not house.gates.holds.paused


async def test_a_pause_that_a_clock_overtook_is_over_after_a_restart(house: House) -> None:
    await house.gates.holds.pause(HOUR)
    house.clock.set(house.clock.now() + timedelta(days=3))
    await house.restart()
    assert not house.gates.holds.paused


async def test_a_pause_that_an_earlier_version_wrote_down_is_kept(house: House) -> None:
    end = house.clock.now() + HOUR
    await house.spool.set_note("paused-until", end.isoformat())
    await house.restart()
    assert (house.gates.holds.paused, house.gates.holds.paused_until) == (True, end)
