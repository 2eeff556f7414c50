"""What its owner wants to go now, once more, or not for a while."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from logferry_daemon.control.answers import DaemonControl
from logferry_ipc.messages import DaemonState, DeliveryState, PauseRequest, RetryRequest
from tests.daemon.shell.house import House, error_of
from tests.daemon.shell.office import problem, stored

MINUTE = timedelta(minutes=1)


async def test_an_upload_skips_the_wait(house: House, control: DaemonControl) -> None:
    await house.set_up()
    house.sender.script = [problem(503), stored]
    await house.hunt()
    (listed,) = (await control.sessions()).sessions
    assert listed.deliveries[0].state is DeliveryState.PENDING
    assert (await control.upload(listed.id[:5])).changed == 1
    await house.quiet()
    assert (await control.status()).counts.uploaded == 1


async def test_an_upload_of_what_is_held_says_what_holds_it(house: House, control: DaemonControl) -> None:
    await house.add_source()
    await house.add_destination()
    await house.hunt()
    (listed,) = (await control.sessions()).sessions
    changed = await control.upload(listed.id)
    assert (changed.changed, "no consent" in changed.note) == (1, True)
    assert house.sender.sent == []


async def test_upload_all_looks_at_every_source_first(house: House, control: DaemonControl) -> None:
    await house.set_up()
    await house.quiet()
    long_ago = house.clock.now() - timedelta(days=30)
    from tests.daemon.shell.stage import hunt

    house.files.write("session-1.json", hunt(), mtime=long_ago)
    async with asyncio.timeout(60):
        changed = await control.upload_all()
    await house.quiet()
    assert changed.note == ""
    assert (await control.status()).counts.uploaded == 1


@pytest.mark.parametrize("by", ["session", "prefix", "delivery", "all"])
async def test_what_was_refused_is_tried_again_on_demand(house: House, control: DaemonControl, by: str) -> None:
    await house.set_up()
    house.sender.script = [problem(422, title="Too new"), stored]
    await house.hunt()
    status = await control.status()
    assert status.state is DaemonState.ATTENTION
    assert any("Too new" in one.message and one.hint for one in status.attention)
    (listed,) = (await control.sessions()).sessions
    ids = {"session": (listed.id,), "prefix": (listed.id[:4],), "delivery": (listed.deliveries[0].id,), "all": ()}
    assert (await control.retry(RetryRequest(ids=ids[by]))).changed == 1
    await house.quiet()
    assert (await control.status()).counts.uploaded == 1


async def test_a_retry_of_nothing_changes_nothing(house: House, control: DaemonControl) -> None:
    await house.set_up()
    house.sender.script = [problem(422)]
    await house.hunt()
    assert (await control.retry(RetryRequest(ids=("",)))).changed == 0
    assert (await control.retry(RetryRequest(ids=("nope",)))).changed == 0


async def test_a_pause_holds_and_tells_until_when(house: House, control: DaemonControl) -> None:
    await house.set_up()
    await control.pause(PauseRequest(seconds=600))
    await house.hunt()
    status = await control.status()
    assert (status.state, status.paused) == (DaemonState.PAUSED, True)
    assert status.paused_until == house.clock.now() + timedelta(seconds=600)
    assert house.sender.sent == []
    await house.pass_time(11 * MINUTE)
    status = await control.status()
    assert (status.paused, status.paused_until, status.counts.uploaded) == (False, None, 1)


async def test_resume_goes_on_at_once(house: House, control: DaemonControl) -> None:
    await house.set_up()
    await control.pause(PauseRequest())
    await house.hunt()
    await control.resume()
    await house.quiet()
    assert (await control.status()).counts.uploaded == 1


@pytest.mark.parametrize("seconds", [0, -1, 31 * 86_400])
async def test_a_pause_of_no_length_or_of_months_is_none(control: DaemonControl, seconds: float) -> None:
    assert (await error_of(control.pause(PauseRequest(seconds=seconds)))).code == "pause-length"
    assert not (await control.status()).paused


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), 1e300])
async def test_a_pause_without_a_number_is_none(control: DaemonControl, seconds: float) -> None:
    assert (await error_of(control.pause(PauseRequest(seconds=seconds)))).code == "pause-length"
