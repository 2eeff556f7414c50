"""What was there before anybody looked: it is shown, waits, and goes within a budget and behind what is new."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from logferry_daemon.core.budget import PER_MINUTE
from logferry_daemon.ports import source_note
from logferry_ipc.messages import DaemonState, DeliveryState, UploadAll
from logferry_model.errors import Misconfigured
from tests.contracts.spooling import admit, found
from tests.daemon.shell.house import House
from tests.daemon.shell.office import SECOND, Office, name_of, problem, stored
from tests.factories import artemis_document, encode_document

OLD = 90
BACKLOG = tuple(f"old{number:03}" for number in range(OLD))
FOLLOWED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path, backfill=False)
    async with made.open():
        yield made


async def states(house: House) -> list[str]:
    return [each.state.value for one in (await house.control.sessions()).sessions for each in one.deliveries]


async def play(house: House, seed: int) -> None:
    """A session that is over by now, and that the daemon has looked at."""
    content = encode_document(artemis_document(seed, start=house.clock.now()))
    await house.pass_time(timedelta(hours=2))
    house.files.write(f"session-{seed}.json", content, mtime=datetime(2026, 1, 1, tzinfo=UTC))
    await house.fleet.rescan()
    await house.quiet()


# The first start


async def test_what_was_there_before_is_found_and_shown_and_not_sent(house: House) -> None:
    await house.set_up()
    await house.hunt(1, 2, 3)
    status = await house.control.status()
    assert (status.counts.found, status.counts.held, house.sender.sent) == (3, 3, [])
    assert status.state is DaemonState.IDLE
    (told,) = [one for one in status.attention if one.code == "backlog"]
    assert "3 sessions" in told.message
    for one in (await house.control.sessions()).sessions:
        assert (one.deliveries[0].state, one.deliveries[0].backlog) == (DeliveryState.HELD, True)


async def test_what_is_played_from_then_on_goes_by_itself(house: House) -> None:
    await house.set_up()
    await house.hunt(1, 2, 3)
    await play(house, 4)
    assert len(house.sender.sent) == 1
    assert sorted(await states(house)) == ["held", "held", "held", "uploaded"]


async def test_what_was_played_while_the_daemon_was_off_goes_by_itself(tmp_path: Path) -> None:
    house = House(tmp_path, backfill=False)
    async with house.open():
        await house.set_up()
        await house.hunt(1)
    async with house.open():
        await play(house, 2)
        assert len(house.sender.sent) == 1
        assert sorted(await states(house)) == ["held", "uploaded"]


async def test_all_of_it_goes_when_it_is_asked_for_and_none_of_it_twice(house: House) -> None:
    await house.set_up()
    await house.hunt(1, 2, 3)
    for _ in range(2):
        await house.control.upload_all()
        await house.quiet()
    assert len(house.sender.sent) == 3
    assert await states(house) == ["uploaded"] * 3
    assert not [one for one in (await house.control.status()).attention if one.code == "backlog"]


async def test_one_session_goes_when_it_is_asked_for(house: House) -> None:
    await house.set_up()
    await house.hunt(1, 2, 3)
    chosen = (await house.control.sessions()).sessions[1]
    await house.control.upload(chosen.id)
    await house.quiet()
    assert [each.state for each in (await house.control.session(chosen.id)).session.deliveries] == ["uploaded"]
    assert sorted(await states(house)) == ["held", "held", "uploaded"]


async def test_what_ended_since_a_time_goes_and_nothing_older(house: House) -> None:
    await house.set_up()
    await house.hunt(1, 2, 3)
    youngest, middle, _ = (await house.control.sessions()).sessions
    await house.control.upload_all(UploadAll(since=middle.ended_at))
    await house.quiet()
    assert youngest.ended_at is not None
    assert await states(house) == ["uploaded", "uploaded", "held"]


async def test_a_time_without_a_zone_is_refused(house: House) -> None:
    with pytest.raises(Misconfigured, match="no zone"):
        await house.control.upload_all(UploadAll(since=datetime(2026, 1, 1)))  # noqa: DTZ001 -- what is tested


async def test_it_does_not_go_by_itself_when_consent_is_given_later(house: House) -> None:
    await house.add_source()
    await house.add_destination()
    await house.hunt(1)
    await house.control.upload_all()
    await house.quiet()
    assert await states(house) == ["held"]
    assert (await house.control.consent("home")).waiting == 1
    assert house.sender.sent == []


async def test_a_destination_that_is_set_later_gets_only_what_ends_after_that(house: House) -> None:
    await house.add_source()
    await play(house, 1)
    await house.set_up_destination()
    await play(house, 2)
    assert await states(house) == ["uploaded", "held"]


async def test_another_folder_under_the_name_of_a_source_is_followed_anew(house: House) -> None:
    await house.add_source("hunts")
    first = await house.spool.note(source_note("hunts"))
    await house.pass_time(timedelta(hours=1))
    await house.control.remove_source("hunts")
    assert await house.spool.note(source_note("hunts")) is None
    await house.add_source("hunts")
    assert first is not None
    assert await house.spool.note(source_note("hunts")) != first


async def test_a_restart_does_not_begin_to_follow_anew(tmp_path: Path) -> None:
    house = House(tmp_path, backfill=False)
    async with house.open():
        await house.add_source("hunts")
        first = await house.spool.note(source_note("hunts"))
        await house.pass_time(timedelta(hours=1))
    async with house.open():
        assert await house.spool.note(source_note("hunts")) == first


async def test_the_setting_lets_go_what_has_waited_so_far(tmp_path: Path) -> None:
    house = House(tmp_path, backfill=False)
    async with house.open():
        await house.set_up()
        await house.hunt(1, 2)
    house.backfill = True
    async with house.open():
        await house.quiet()
        assert await states(house) == ["uploaded"] * 2


# The budget


async def backlogged() -> Office:
    """An office with more of the past than may go in a minute, all of it asked for."""
    desk = Office()
    await desk.agree()
    await desk.spool.set_note(source_note("game"), f"{FOLLOWED.isoformat()} folder")
    await admit(desk.spool, *(found(name, age=1000 - place) for place, name in enumerate(BACKLOG)))
    await desk.spool.release(None, None)
    return desk


async def test_a_backfill_is_spent_within_its_budget() -> None:
    desk = await backlogged()
    async with desk.running():
        assert len(desk.sender.sent) == PER_MINUTE
        await desk.clock.advance(10 * SECOND)
        assert len(desk.sender.sent) == PER_MINUTE + 10
        await desk.clock.advance(timedelta(minutes=1))
        assert len(desk.sender.sent) == OLD
    assert sorted(name_of(one) for one in desk.sender.sent) == list(BACKLOG)


async def test_what_is_new_never_waits_behind_a_backfill() -> None:
    desk = await backlogged()
    async with desk.running():
        assert len(desk.sender.sent) == PER_MINUTE
        await admit(desk.spool, found("new", age=0), now=desk.clock.now())
        desk.courier.wake()
        await desk.clock.idle()
        assert name_of(desk.sender.sent[-1]) == "new"
        assert len(desk.sender.sent) == PER_MINUTE + 1


async def test_a_refused_one_in_a_backfill_blocks_nothing() -> None:
    desk = await backlogged()
    desk.sender.script = [problem(422), stored]
    await desk.work(timedelta(minutes=2))
    counts = sorted((await desk.states()).values())
    assert (counts.count("failed"), counts.count("uploaded")) == (1, OLD - 1)
