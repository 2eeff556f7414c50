"""A mistake of ours, or an error that nobody thought of, costs one look, one round, one piece of news: nothing ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from logferry_daemon.control.news import News
from logferry_daemon.core.gate import OPEN, Gate
from logferry_daemon.core.reading import Found
from logferry_daemon.crew import Crew
from logferry_daemon.intake.source import Source
from logferry_daemon.intake.watching import UNWATCHED_RETRY
from logferry_ipc.events import EventLog
from logferry_ipc.messages import NewSource
from tests.daemon.shell.house import House
from tests.daemon.shell.office import Office
from tests.daemon.shell.stage import DOCUMENT, MINUTE, SECOND, Stage, hunt, running
from tests.fakes import MemoryFiles

OLD = datetime(2024, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def raise_once(files: MemoryFiles) -> None:
    """The next scan brings an error that no adapter should let out."""

    def fail() -> None:
        files.after_scan = lambda: None
        raise RuntimeError("nobody thought of it")

    files.after_scan = fail


async def test_a_look_that_fails_is_told_and_the_next_one_finds_everything() -> None:
    stage = Stage()
    stage.files.write(DOCUMENT, hunt(), mtime=OLD)
    raise_once(stage.files)
    async with running(stage) as task:
        assert stage.runner.state == "A mistake in Logferry: RuntimeError; it is tried again."
        await stage.clock.advance(6 * SECOND)
        assert stage.runner.state == "watching"
        assert not task.done()
    assert len(await stage.kept()) == 1


async def test_whoever_waits_for_a_look_that_fails_waits_no_longer() -> None:
    stage = Stage()
    async with running(stage):
        raise_once(stage.files)
        async with asyncio.timeout(60):
            await stage.runner.rescan()
        assert "RuntimeError" in stage.runner.state


class FailingWatcher:
    """Ends with an error of the system's that it should have named."""

    def __init__(self) -> None:
        self.watches = 0

    async def hints(self, root: Path) -> AsyncIterator[None]:
        self.watches += 1
        raise OSError(36, "File name too long")
        yield


async def test_a_watcher_that_fails_leaves_the_scans_and_is_tried_again() -> None:
    stage, watcher = Stage(), FailingWatcher()
    stage.follow(replace(stage.world, watcher=watcher))
    async with running(stage) as task:
        await stage.clock.idle(2)
        assert stage.runner.unwatched is not None
        assert stage.runner.unwatched.code == "watch-failed"
        stage.files.write(DOCUMENT, hunt(), mtime=OLD)
        await stage.clock.advance(MINUTE, 2)
        await stage.clock.advance(UNWATCHED_RETRY, 2)
        assert watcher.watches == 2
        assert not task.done()
    assert len(await stage.kept()) == 1


async def test_a_source_that_fails_leaves_the_others_alone(tmp_path: Path) -> None:
    house = House(tmp_path)
    async with house.open() as control:
        await control.add_source(NewSource(tracker="artemis", path=str(house.logs), name="hunts"))
        raise_once(house.files)
        await control.add_source(NewSource(tracker="elite-dangerous", path=str(house.logs), name="flights"))
        await house.clock.idle(2)
        house.files.write(DOCUMENT, hunt(), mtime=OLD)
        await house.fleet.rescan()
        assert [row.source for row, _ in await house.spool.sessions()] == ["hunts"]


async def test_a_look_that_cannot_be_told_ends_nothing(tmp_path: Path) -> None:
    def fail(source: Source, running: Sequence[Found]) -> None:
        raise RuntimeError("nobody thought of it")

    house = House(tmp_path)
    async with house.open() as control:
        house.fleet.listeners = replace(house.fleet.listeners, looked=fail)
        await control.add_source(NewSource(tracker="artemis", path=str(house.logs), name="hunts"))
        house.files.write(DOCUMENT, hunt(), mtime=OLD)
        await house.fleet.rescan()
        assert len(await house.spool.sessions()) == 1


async def test_a_courier_that_fails_goes_on_later() -> None:
    desk = Office()
    await desk.find("aa")
    await desk.agree()
    desk.spool.broken = RuntimeError("nobody thought of it")
    async with desk.running() as task:
        await desk.clock.advance(HOUR)
        desk.spool.broken = None
        await desk.clock.advance(MINUTE)
        assert not task.done()
    assert await desk.states() == {"aa": "uploaded"}


async def test_news_that_cannot_be_told_is_left_out_and_the_rest_is_told() -> None:
    desk = Office()
    await desk.find("aa")
    log = EventLog("boot", started=desk.clock.now())
    news = News(log, desk.spool, desk.clock)
    calls = iter([RuntimeError("nobody thought of it"), None])

    async def gates() -> dict[str, Gate]:
        if error := next(calls):
            raise error
        return {"home": OPEN}

    before = int(log.cursor.rpartition(".")[2])
    delivery = (await desk.rows())["aa"].id
    async with asyncio.TaskGroup() as group:
        crew = Crew(group)
        crew.hire("news", news.run(gates))
        news.delivery_changed(delivery)
        news.delivery_changed(delivery)
        for _ in range(50):
            await asyncio.sleep(0)
        crew.dismiss_all()
    assert int(log.cursor.rpartition(".")[2]) == before + 1
