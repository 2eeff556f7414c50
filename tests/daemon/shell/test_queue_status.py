"""What a person is told while the queue cannot be written or holds no more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from logferry_daemon.control.answers import DaemonControl
from logferry_daemon.core.queue_bound import Bound
from logferry_ipc.messages import DaemonState, Login
from logferry_model.errors import Unreachable
from tests.daemon.shell.house import House


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path)
    async with made.open():
        yield made


@pytest.fixture
def control(house: House) -> DaemonControl:
    return house.control


async def test_a_queue_in_trouble_is_one_sentence_however_many_meet_it(house: House, control: DaemonControl) -> None:
    await house.set_up()
    house.spool.broken = Unreachable("spool-unavailable", "The queue spool.db cannot be used.", hint="Free space.")
    await house.hunt(1)
    now = await control.status()
    assert now.state is DaemonState.ATTENTION
    assert [(one.code, one.message, one.hint) for one in now.attention if "queue" in one.message] == [
        ("spool-unavailable", "The queue spool.db cannot be used.", "Free space.")
    ]
    house.spool.broken = None
    await house.fleet.rescan()
    await house.quiet()
    assert not [one for one in (await control.status()).attention if "queue" in one.message]


async def test_a_full_queue_leaves_new_sessions_in_their_files_and_catches_up(
    house: House, control: DaemonControl
) -> None:
    house.spool.bound = Bound(sessions=2)
    await house.add_source()
    await house.add_destination()
    await house.hunt(1, 2, 3, 4)
    full = await control.status()
    assert (full.counts.found, [one.code for one in full.attention if "full" in one.code]) == (2, ["queue-full"])
    await control.login("home", Login(secret="s3cret"))
    await house.agree()
    await house.decide("*")
    await house.pass_time(timedelta(minutes=1))
    now = await control.status()
    assert (now.counts.uploaded, now.counts.found) == (4, 4)
    assert not [one for one in now.attention if "full" in one.code]
