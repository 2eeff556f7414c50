"""A session that was sent while it ran, and whose source is followed no more, is told to be over."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from logferry_daemon.control.answers import DaemonControl
from logferry_ipc.messages import DeliveryState, NewSource, SessionSummary
from tests.daemon.shell.house import House
from tests.daemon.shell.stage import JOURNAL, MINUTE, begin, jump

LONG = 125
"""Minutes: long enough to be sent while it runs."""


async def fly(made: House, minutes: int = LONG) -> None:
    """A flight that goes on, with a jump every minute."""
    made.files.write(JOURNAL, begin(made.clock.now()))
    for number in range(minutes):
        await made.pass_time(MINUTE)
        made.files.append(JOURNAL, jump(made.clock.now(), number))
    await made.fleet.rescan()
    await made.pass_time(MINUTE)


async def follow(made: House, name: str = "flights") -> None:
    await made.control.add_source(NewSource(tracker="elite-dangerous", path=str(made.logs), name=name))


async def the_session(control: DaemonControl) -> SessionSummary:
    (one,) = (await control.sessions()).sessions
    return one


def newest(session: SessionSummary) -> list[tuple[str, DeliveryState]]:
    """Where its newest version stands."""
    last = max(one.revision for one in session.deliveries)
    return [(one.destination, one.state) for one in session.deliveries if one.revision == last]


async def open_ends(made: House) -> list[str]:
    return [one.id for one, _ in await made.spool.sessions() if not one.end_rule]


async def test_a_session_is_over_when_its_source_is_removed_and_goes_everywhere(tmp_path: Path) -> None:
    made = House(tmp_path)
    async with made.open() as control:
        await made.set_up_destination()
        await follow(made)
        await fly(made)
        (running,) = await open_ends(made)
        await made.add_destination("guild")
        assert {one.destination for one in (await the_session(control)).deliveries} == {"home"}
        await control.remove_source("flights")
        await made.quiet()
        assert await open_ends(made) == []
        session = await the_session(control)
        assert session.id == running
        assert sorted(newest(session)) == [("guild", DeliveryState.HELD), ("home", DeliveryState.UPLOADED)]


async def test_one_whose_source_is_in_the_settings_no_more_is_over_at_the_next_start(tmp_path: Path) -> None:
    made = House(tmp_path)
    async with made.open():
        await made.set_up_destination()
        await follow(made)
        await fly(made)
        assert len(await open_ends(made)) == 1
    text = made.settings_file.read_text()
    made.settings_file.write_text(text[: text.index("[sources")])
    async with made.open() as control:
        await made.quiet()
        assert await open_ends(made) == []
        assert newest(await the_session(control)) == [("home", DeliveryState.UPLOADED)]


async def test_one_whose_source_has_another_name_now_runs_on(tmp_path: Path) -> None:
    made = House(tmp_path)
    async with made.open():
        await made.set_up_destination()
        await follow(made)
        await fly(made)
    text = made.settings_file.read_text()
    made.settings_file.write_text(text.replace("[sources.flights]", "[sources.voyages]"))
    async with made.open():
        assert list(made.fleet.runners) == ["voyages"]
        await made.pass_time(timedelta(seconds=5))
        assert len(await open_ends(made)) == 1
        made.files.delete(JOURNAL)
        await made.control.remove_source("voyages")
        assert await open_ends(made) == []
