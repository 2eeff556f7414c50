"""Running sessions over the local API: readable at any time, and over when a program or their owner says so."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from logferry_daemon.control.answers import DaemonControl
from logferry_ipc.messages import DeliveryState, EventKind, NewSource
from logferry_model.errors import LogferryError
from logferry_model.session import EndRule
from tests.daemon.shell.house import House
from tests.daemon.shell.stage import GAME, JOURNAL, begin, jump

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """One with a flight under way: its journal was written a minute ago."""
    made = House(tmp_path)
    async with made.open():
        await made.control.add_source(NewSource(tracker="elite-dangerous", path=str(made.logs), name="flights"))
        yield made


@pytest.fixture
def control(house: House) -> DaemonControl:
    return house.control


async def fly(house: House, *, jumps: int = 2) -> str:
    """A flight begins and goes on; returns its id."""
    now = house.clock.now()
    house.files.append(JOURNAL, begin(now) + b"".join(jump(now, number) for number in range(jumps)))
    await look(house)
    return (await house.control.running()).sessions[0].id


async def look(house: House) -> None:
    """It is noticed and becomes quiet."""
    await house.fleet.rescan()
    await house.pass_time(3 * SECOND)
    await house.fleet.rescan()
    await house.quiet()


async def error_of(call: object) -> LogferryError:
    assert inspect.isawaitable(call)
    with pytest.raises(LogferryError) as caught:
        await call
    return caught.value


async def heard(house: House) -> list[EventKind]:
    """What the event stream told since the start, without what is told of sources."""
    stream = house.log.follow("boot.0")
    kinds: list[EventKind] = []
    while True:
        try:
            event = await asyncio.wait_for(anext(stream), 0.05)
        except TimeoutError:
            return [kind for kind in kinds if kind is not EventKind.STATE_CHANGED]
        kinds.append(event.kind)


async def test_a_flight_is_readable_while_its_log_grows(house: House, control: DaemonControl) -> None:
    flight = await fly(house, jumps=2)
    first = await control.running_session(flight)
    house.files.append(JOURNAL, jump(house.clock.now(), 3))
    await look(house)
    second = await control.running_session(flight[:6])
    assert (first.events, second.events) == (3, 4)
    assert {one.name: one.value for one in second.statistics.measures}["jumps"] == 3
    assert second.last_at > first.last_at
    assert (second.tracker, second.source) == ("elite-dangerous", "flights")
    assert (await control.sessions()).sessions == ()
    assert [one.id for one in (await control.sessions()).running] == [flight]
    assert (await control.status()).running[0].events == 4


async def test_who_plays_is_not_told(house: House, control: DaemonControl) -> None:
    await fly(house)
    assert "NOBODY" not in repr(await control.running())


async def test_its_events_are_told_in_order(house: House, control: DaemonControl) -> None:
    flight = await fly(house)
    house.files.append(JOURNAL, jump(house.clock.now(), 3))
    await look(house)
    await control.end(flight)
    assert await heard(house) == [EventKind.SESSION_STARTED, EventKind.SESSION_PROGRESS, EventKind.SESSION_FOUND]


@pytest.mark.parametrize("app", ["elite-dangerous", GAME, GAME.upper()])
async def test_a_program_that_says_it_closed_ends_its_session(house: House, control: DaemonControl, app: str) -> None:
    flight = await fly(house)
    ended = await control.app_closed(app)
    assert (ended.ended, ended.sessions, ended.waiting) == (1, (flight,), 0)
    (kept,) = (await control.sessions()).sessions
    assert kept.id == flight
    assert kept.end is not None
    assert kept.end.rule is EndRule.APP_CLOSED
    assert (await control.running()).sessions == ()


async def test_what_a_program_ended_goes_out_at_once(house: House, control: DaemonControl) -> None:
    await house.set_up()
    await fly(house)
    await control.app_closed(GAME)
    await house.quiet()
    (kept,) = (await control.sessions()).sessions
    assert kept.deliveries[0].state is DeliveryState.UPLOADED


async def test_a_program_without_a_session_ends_none(control: DaemonControl) -> None:
    ended = await control.app_closed(GAME)
    assert (ended.ended, ended.waiting, ended.note) == (0, 0, "")


async def test_a_word_without_an_open_session_costs_no_look_at_everything(house: House, control: DaemonControl) -> None:
    scans = house.files.scans
    for _ in range(20):
        await control.app_closed(GAME)
    assert house.files.scans == scans


async def test_an_unknown_program_is_told_which_are_known(control: DaemonControl) -> None:
    error = await error_of(control.app_closed("Notepad.exe"))
    assert error.code == "app-unknown"
    assert GAME in error.hint
    assert "elite-dangerous" in error.hint


async def test_without_a_source_no_program_is_known(control: DaemonControl) -> None:
    await control.remove_source("flights")
    error = await error_of(control.app_closed(GAME))
    assert (error.code, "logferry sources add" in error.hint) == ("app-unknown", True)


async def test_a_session_ends_when_its_owner_wants_it(house: House, control: DaemonControl) -> None:
    flight = await fly(house)
    assert (await control.end(flight[:6])).sessions == (flight,)
    (kept,) = (await control.sessions()).sessions
    assert kept.end is not None
    assert kept.end.rule is EndRule.DEMAND


async def test_a_session_that_was_ended_and_goes_on_is_kept_again_with_the_rest(
    house: House, control: DaemonControl
) -> None:
    flight = await fly(house)
    await control.end(flight)
    await house.pass_time(MINUTE)
    house.files.append(JOURNAL, jump(house.clock.now(), 3))
    await look(house)
    assert [one.id for one in (await control.running()).sessions] == [flight]
    await control.end(flight)
    (kept,) = (await control.sessions()).sessions
    assert (kept.id, kept.revision, kept.events) == (flight, 2, 4)


async def test_what_is_being_written_ends_when_it_is_quiet(house: House, control: DaemonControl) -> None:
    """The answer waits a few seconds for that, as games write their last lines when they close."""
    flight = await fly(house)
    house.files.append(JOURNAL, jump(house.clock.now(), 3))
    asked = asyncio.ensure_future(control.end(flight))
    await house.quiet()
    assert not asked.done()
    for _ in range(6):
        await house.pass_time(SECOND)
    ended = await asked
    assert (ended.ended, ended.waiting) == (1, 0)
    assert (await control.sessions()).sessions[0].events == 4


async def test_what_is_written_on_and_on_is_told_to_wait(house: House, control: DaemonControl) -> None:
    flight = await fly(house)
    house.files.append(JOURNAL, jump(house.clock.now(), 3))
    asked = asyncio.ensure_future(control.end(flight))
    while not asked.done():
        house.files.append(JOURNAL, jump(house.clock.now(), 9))
        await house.pass_time(SECOND / 2)
    ended = await asked
    assert (ended.ended, ended.waiting) == (0, 1)
    assert "as soon as it is quiet" in ended.note


@pytest.mark.parametrize("name", ["", "zz", "x" * 99])
async def test_an_unknown_session_cannot_be_shown_or_ended(house: House, control: DaemonControl, name: str) -> None:
    await fly(house)
    for error in (await error_of(control.running_session(name)), await error_of(control.end(name))):
        assert (error.code, error.hint) == ("session-unknown", "See: logferry sessions list")


async def test_a_source_that_is_removed_takes_its_running_sessions_along(house: House, control: DaemonControl) -> None:
    await fly(house)
    await control.remove_source("flights")
    assert (await control.running()).sessions == ()
