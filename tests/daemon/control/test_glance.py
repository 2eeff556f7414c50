"""The status and the sessions of a small daemon over fakes."""

from __future__ import annotations

import pytest

from logferry_daemon.control.answers import DaemonControl
from logferry_ipc.messages import DaemonState, DeliveryState
from tests.daemon.shell.house import House, error_of
from tests.daemon.shell.office import problem, stored


async def test_a_fresh_daemon_is_idle_and_empty(control: DaemonControl) -> None:
    status = await control.status()
    assert (status.state, status.version, status.counts.found, status.paused) == (DaemonState.IDLE, "1.2.3", 0, False)
    assert (await control.sessions()).sessions == ()


async def test_a_session_goes_all_the_way_and_is_told_of(house: House, control: DaemonControl) -> None:
    await house.set_up()
    await house.hunt(1, 2)
    status = await control.status()
    assert (status.counts.found, status.counts.uploaded, status.metrics.uploaded) == (2, 2, 2)
    assert status.last_report_url is not None
    listed = (await control.sessions()).sessions
    assert [one.deliveries[0].state for one in listed] == [DeliveryState.UPLOADED] * 2
    assert listed[0].started_at > listed[1].started_at
    assert (await control.sources()).sources[0].sessions == 2


async def test_a_session_is_shown_by_the_beginning_of_its_id(house: House, control: DaemonControl) -> None:
    await house.add_source()
    await house.hunt()
    (listed,) = (await control.sessions()).sessions
    for name in (listed.id, listed.id[:6]):
        detail = await control.session(name)
        assert detail.session == listed
        assert detail.statistics.events == 5


@pytest.mark.parametrize("name", ["", "zz", "x" * 99, "%"])
async def test_an_unknown_session_is_told_with_a_way_on(control: DaemonControl, name: str) -> None:
    for error in (await error_of(control.session(name)), await error_of(control.upload(name))):
        assert (error.code, error.hint) == ("session-unknown", "See: logferry sessions list")


async def test_an_ambiguous_beginning_is_no_session(house: House, control: DaemonControl) -> None:
    await house.add_source()
    await house.hunt(*range(1, 30))
    first = [one.id[0] for one in (await control.sessions()).sessions]
    twice = next(letter for letter in first if first.count(letter) > 1)
    assert (await error_of(control.session(twice))).code == "session-unknown"


async def test_a_session_without_a_destination_is_held(house: House, control: DaemonControl) -> None:
    await house.add_source()
    await house.hunt()
    status = await control.status()
    assert (status.counts.found, status.counts.held) == (1, 1)


async def test_everything_found_is_accounted_for(house: House, control: DaemonControl) -> None:
    await house.set_up()
    await house.add_destination("away")
    house.sender.script = [problem(422), stored]
    await house.hunt(1, 2, 3)
    counts = (await control.status()).counts
    assert counts.found == 6
    assert (counts.uploaded, counts.failed, counts.held) == (2, 1, 3)
