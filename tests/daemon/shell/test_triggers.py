"""When what is over goes: at once, at certain times, when its program has ended, or when its owner asks."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from logferry_daemon.apps import Apps
from logferry_daemon.core.schedule import parse_time
from logferry_daemon.core.sending import Occasion, Sending
from logferry_daemon.settings import UploadSettings
from logferry_daemon.triggers import Trigger
from logferry_ipc.messages import DaemonState, Delivery, DeliveryState, NewSource
from tests.contracts.spooling import admit, found
from tests.daemon.shell.house import House
from tests.daemon.shell.stage import GAME, JOURNAL, NEXT_JOURNAL, begin, jump, shutdown
from tests.fake_spool import MemorySpool
from tests.fakes import FakeProcesses, ManualClock
from tests.packed import unpacked

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


@asynccontextmanager
async def house(folder: Path, **upload: object) -> AsyncIterator[House]:
    """A daemon with a folder of hunts and a destination, set like this."""
    made = House(folder)
    async with made.open():
        made.fleet.upload = UploadSettings.model_validate(upload)
        await made.set_up()
        yield made


def shown(clock: ManualClock, after: timedelta) -> str:
    """What the clock on the wall shows then."""
    return f"{(clock.now() + after).astimezone():%H:%M}"


async def deliveries(made: House) -> list[Delivery]:
    """Newest session first."""
    return [one for session in (await made.control.sessions()).sessions for one in session.deliveries]


async def uploaded(made: House) -> int:
    await made.quiet()
    return (await made.control.status()).counts.uploaded


async def test_what_is_over_waits_for_its_time_and_says_so(tmp_path: Path) -> None:
    clock = ManualClock()
    time = shown(clock, 2 * HOUR)
    async with house(tmp_path, when="schedule", schedule=(time,)) as made:
        await made.hunt(1, 2)
        status = await made.control.status()
        assert (status.counts.pending, status.counts.uploaded, status.state) == (2, 0, DaemonState.IDLE)
        assert status.counts.found == 2
        (place,) = status.destinations
        assert place.reason.startswith(f"2 waiting: each goes at its time ({time}), next ")
        assert place.next_attempt == clock.now() + 2 * HOUR
        (one, _) = await deliveries(made)
        assert one.state is DeliveryState.PENDING
        assert time in one.reason
        assert one.next_attempt == clock.now() + 2 * HOUR
        await made.pass_time(2 * HOUR - SECOND)
        assert await uploaded(made) == 0
        await made.pass_time(2 * SECOND)
        assert await uploaded(made) == 2


async def test_what_comes_after_its_time_waits_for_the_next_one(tmp_path: Path) -> None:
    time = shown(ManualClock(), HOUR)
    async with house(tmp_path, when="schedule", schedule=(time,)) as made:
        await made.pass_time(HOUR + SECOND)
        await made.hunt(1)
        await made.pass_time(HOUR)
        assert await uploaded(made) == 0
        await made.pass_time(23 * HOUR)
        assert await uploaded(made) == 1


async def test_who_asks_waits_for_no_time(tmp_path: Path) -> None:
    async with house(tmp_path, when="demand") as made:
        await made.hunt(1, 2, 3)
        await made.pass_time(HOUR)
        assert await uploaded(made) == 0
        (one, *_) = (await made.control.sessions()).sessions
        assert "logferry upload" in one.deliveries[0].reason
        await made.control.upload(one.id)
        assert await uploaded(made) == 1
        await made.control.upload_all()
        assert await uploaded(made) == 3
        await made.hunt(4)
        assert await uploaded(made) == 3


async def flown(made: House) -> None:
    """A flight is over, its game still runs, and uploads wait for the end of that."""
    made.fleet.upload = UploadSettings(when=Occasion.APP_CLOSE)
    await made.set_up_destination()
    await made.control.add_source(NewSource(tracker="elite-dangerous", path=str(made.logs), name="flights"))
    made.processes.start(GAME)
    now = made.clock.now()
    made.files.append(JOURNAL, begin(now) + jump(now) + shutdown(now))
    await made.pass_time(10 * SECOND)


async def test_a_flight_goes_when_its_game_has_ended(tmp_path: Path) -> None:
    made = House(tmp_path)
    async with made.open():
        await flown(made)
        (one,) = await deliveries(made)
        assert (one.state, "program has ended" in one.reason) == (DeliveryState.PENDING, True)
        await made.pass_time(HOUR)
        assert await uploaded(made) == 0
        made.processes.stop(GAME)
        await made.pass_time(10 * SECOND)
        assert await uploaded(made) == 1


async def test_a_word_that_the_program_was_closed_lets_its_sessions_go(tmp_path: Path) -> None:
    made = House(tmp_path)
    async with made.open():
        await flown(made)
        assert await uploaded(made) == 0
        await made.control.app_closed(GAME)
        await made.pass_time(SECOND)
        assert await uploaded(made) == 1


async def test_sessions_of_a_tracker_without_a_program_go_at_once(tmp_path: Path) -> None:
    async with house(tmp_path, when="app-close") as made:
        await made.hunt(1)
        await made.pass_time(SECOND)
        assert made.fleet.programs_of("artemis") == frozenset()
        assert await uploaded(made) == 1


async def test_a_destination_that_waits_gets_no_partial_sessions(tmp_path: Path) -> None:
    async with house(tmp_path, when="demand") as made:
        assert made.fleet.destinations_of_partials() == []


class Pulled:
    """A trigger over a spool, without a daemon."""

    def __init__(self, *times: str) -> None:
        self.clock = ManualClock()
        self.spool = MemorySpool()
        self.times = times
        self.trigger = self.again()

    def again(self) -> Trigger:
        """Another daemon."""
        sending = Sending(when=Occasion.SCHEDULE, times=tuple(map(parse_time, self.times)))
        apps = Apps(self.clock, FakeProcesses())
        self.trigger = Trigger("home", sending, self.spool, apps, lambda _: ())
        return self.trigger

    async def left(self) -> int:
        """How much still waits after a look."""
        await self.trigger.pull(self.clock.now())
        return (await self.spool.totals()).unasked.get("home", 0)


async def test_a_time_that_passed_while_the_daemon_was_away_is_made_up_for_once() -> None:
    pulled = Pulled(shown(ManualClock(), HOUR))
    await pulled.left()
    await admit(pulled.spool, found("aa"))
    pulled.clock.move(9 * HOUR)
    pulled.again()
    assert await pulled.left() == 0
    await admit(pulled.spool, found("bb"))
    assert await pulled.left() == 1
    pulled.again()
    assert await pulled.left() == 1


async def test_other_times_count_from_when_they_are_set() -> None:
    pulled = Pulled(shown(ManualClock(), HOUR))
    await pulled.left()
    await admit(pulled.spool, found("aa"))
    pulled.clock.move(9 * HOUR)
    pulled.times = (shown(pulled.clock, -HOUR),)
    pulled.again()
    assert await pulled.left() == 1
    pulled.clock.move(23 * HOUR)
    assert await pulled.left() == 0


@pytest.mark.parametrize("between", ["demand", "nowhere", "removed"])
async def test_the_same_times_count_anew_when_they_were_not_set_in_between(tmp_path: Path, between: str) -> None:
    made = House(tmp_path)
    schedule = f'[upload]\nwhen = "schedule"\nschedule = ["{shown(made.clock, HOUR)}"]\n'
    async with made.open():
        await made.set_up()
    before = made.settings_file.read_text()
    made.settings_file.write_text(schedule + before)
    async with made.open():
        await made.pass_time(SECOND)
        if between == "removed":
            await made.control.remove_destination("home")
    without = before[: before.index("[destinations")]
    made.settings_file.write_text('[upload]\nwhen = "demand"\n' + before if between == "demand" else without)
    async with made.open():
        await made.hunt(1)
        await made.pass_time(9 * HOUR)
    made.settings_file.write_text(schedule + before)
    async with made.open():
        await made.pass_time(SECOND)
        assert (await made.spool.totals()).unasked == {"home": 1}
        await made.pass_time(16 * HOUR)
        assert (await made.spool.totals()).unasked == {}


async def test_a_trigger_tells_how_long_it_may_sleep() -> None:
    pulled = Pulled(shown(ManualClock(), HOUR))
    await pulled.left()
    assert pulled.trigger.wait == HOUR


async def test_a_word_of_a_program_ends_a_session_and_one_of_its_owner_sends_it(tmp_path: Path) -> None:
    made = House(tmp_path)
    async with made.open():
        made.fleet.upload = UploadSettings(when=Occasion.DEMAND)
        await made.set_up_destination()
        await made.control.add_source(NewSource(tracker="elite-dangerous", path=str(made.logs), name="flights"))
        now = made.clock.now()
        made.files.append(JOURNAL, begin(now) + jump(now))
        await made.pass_time(5 * SECOND)
        assert (await made.control.app_closed(GAME)).ended == 1
        await made.pass_time(HOUR)
        assert await uploaded(made) == 0
        now = made.clock.now()
        made.files.append(NEXT_JOURNAL, begin(now) + jump(now))
        await made.fleet.rescan()
        await made.pass_time(5 * SECOND)
        (running,) = (await made.control.running()).sessions
        assert (await made.control.end(running.id)).ended == 1
        assert await uploaded(made) == 1


async def test_a_summary_goes_first_where_it_is_wanted_and_pays(tmp_path: Path) -> None:
    async with house(tmp_path, summary_first=True, summary_from=5) as made:
        await made.hunt(1)
        await made.pass_time(SECOND)
        assert [(one.revision, one.state) for one in await deliveries(made)] == [
            (1, DeliveryState.UPLOADED),
            (2, DeliveryState.UPLOADED),
        ]
    bodies = [unpacked(sent.request.body) for sent in made.sender.sent if sent.request.path.endswith("/ingest")]
    told = [json.loads(body) for body in bodies]
    assert [(one["revision"], one.get("partial", False), "events" in one["payload"]) for one in told] == [
        (1, True, False),
        (2, False, True),
    ]
    assert told[0]["ended_at"] == told[1]["ended_at"]
    assert told[0]["payload"]["statistics"] == told[1]["payload"]["statistics"]


async def test_below_that_a_session_goes_whole(tmp_path: Path) -> None:
    async with house(tmp_path, summary_first=True, summary_from=6) as made:
        await made.hunt(1)
        await made.pass_time(SECOND)
        assert [one.revision for one in await deliveries(made)] == [1]
