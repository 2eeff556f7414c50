"""How often a source is looked through, and what an empty folder means: who watches, what it costs, which drive it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from logferry_daemon.core.settle import Signature
from logferry_daemon.intake.catching_up import BLOCK, HOLE
from logferry_daemon.intake.rounds import BATCH
from logferry_daemon.intake.timetable import SCAN_SHARE
from logferry_daemon.intake.watching import UNWATCHED_RETRY
from logferry_daemon.ports import FileSeen
from logferry_model.errors import Unreachable
from tests.daemon.shell.stage import (
    ELITE,
    JOURNAL,
    MINUTE,
    PACE,
    SECOND,
    Stage,
    begin,
    hunt,
    jump,
    line,
    running,
    settle,
    shutdown,
)
from tests.fakes import ManualClock, MemoryFiles

FIRST, OTHER = 1, 2
OLD = datetime(2024, 1, 1, tzinfo=UTC)


class Drive(MemoryFiles):
    """A folder on a drive that can be unplugged: the empty folder below it belongs to another drive."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock)
        self.plugged = True

    async def scan(self, root: Path, patterns: Sequence[str]) -> Sequence[FileSeen]:
        found = await super().scan(root, patterns)
        return found if self.plugged else []

    async def look(self, root: Path, path: str) -> FileSeen | None:
        if not path:
            return FileSeen(path="", signature=Signature(0, 0, 1, FIRST if self.plugged else OTHER))
        return await super().look(root, path) if self.plugged else None


class SlowFiles(MemoryFiles):
    """So many files that a scan takes its time."""

    def __init__(self, clock: ManualClock, takes: timedelta) -> None:
        super().__init__(clock)
        self._moving, self._takes = clock, takes

    async def scan(self, root: Path, patterns: Sequence[str]) -> Sequence[FileSeen]:
        found = await super().scan(root, patterns)
        self._moving.move(self._takes)
        return found


class BlindWatcher:
    """The system has no way to tell about changes."""

    def __init__(self) -> None:
        self.watches = 0

    async def hints(self, root: Path) -> AsyncIterator[None]:
        self.watches += 1
        raise Unreachable("watch-limit", "Too few watches.", hint="Raise the limit.")
        yield


def on(stage: Stage, files: MemoryFiles, watcher: BlindWatcher | None = None) -> None:
    """Put the stage's source over another folder."""
    stage.files = files
    stage.follow(replace(stage.world, files=files, watcher=watcher or stage.watcher))


async def test_a_folder_that_nobody_watches_is_looked_through_more_often_and_says_why() -> None:
    stage, watcher = Stage(), BlindWatcher()
    on(stage, stage.files, watcher)
    async with running(stage):
        await stage.clock.idle(2)
        before = stage.files.scans
        await stage.clock.advance(MINUTE, 2)
        assert stage.files.scans - before >= MINUTE // PACE.unwatched - 1
        assert watcher.watches == 1
        assert stage.runner.unwatched is not None
        assert (stage.runner.state, stage.runner.unwatched.hint) == ("watching", "Raise the limit.")
        await stage.clock.advance(UNWATCHED_RETRY, 2)
        assert watcher.watches == 2


async def test_a_watcher_that_keeps_failing_is_tried_less_and_less_often() -> None:
    stage = Stage()
    async with running(stage):
        for _ in range(20):
            stage.watcher.end()
        await stage.clock.idle(2)
        await stage.clock.advance(2 * MINUTE, 2)
        await settle(stage)
        assert stage.watcher.watches == 5  # after 5, 10, 20 and 40 seconds


async def test_hints_without_end_leave_a_large_folder_some_rest() -> None:
    stage = Stage()
    files = SlowFiles(stage.clock, SECOND)
    on(stage, files)
    await stage.runner.look()
    for _ in range(100):
        stage.hint()
        await stage.runner.look()
        stage.clock.move(0.1 * SECOND)
    assert files.scans == 1
    stage.hint()
    stage.clock.move(SCAN_SHARE * SECOND)
    await stage.runner.look()
    assert files.scans == 2


async def test_a_hint_during_the_rest_is_not_forgotten() -> None:
    stage = Stage()
    files = SlowFiles(stage.clock, SECOND)
    on(stage, files)
    await stage.runner.look()
    files.write("session-1.json", hunt())
    stage.hint()
    delay = await stage.runner.look()
    assert 0.9 * SCAN_SHARE * SECOND < delay <= SCAN_SHARE * SECOND
    await stage.run(delay + 10 * SECOND)
    assert len(await stage.kept()) == 1


async def test_a_drive_that_is_unplugged_deletes_nothing() -> None:
    stage = Stage(ELITE)
    drive = Drive(stage.clock)
    on(stage, drive)
    drive.append(JOURNAL, begin(stage.clock.now()) + jump(stage.clock.now()))
    await stage.run(MINUTE)
    drive.plugged = False
    await stage.run(10 * MINUTE)
    assert "not on the drive" in stage.runner.state
    assert await stage.kept() == []  # it is not over: nobody knows how it goes on
    assert [row.path for row in await stage.spool.files("game")] == [JOURNAL]
    assert stage.runner.number_of_files == 1
    drive.plugged = True
    drive.append(JOURNAL, jump(stage.clock.now(), 2) + shutdown(stage.clock.now()))
    await stage.run(MINUTE)
    (kept,) = await stage.kept()
    assert (stage.runner.state, kept.revision) == ("watching", 1)


async def test_files_that_are_deleted_on_their_drive_are_gone() -> None:
    stage = Stage(ELITE)
    drive = Drive(stage.clock)
    on(stage, drive)
    drive.append(JOURNAL, begin(stage.clock.now()) + jump(stage.clock.now()))
    await stage.run(MINUTE)
    drive.delete(JOURNAL)
    await stage.run(2 * MINUTE)
    assert (stage.runner.state, stage.runner.number_of_files) == ("watching", 0)
    assert len(await stage.kept()) == 1
    assert await stage.spool.files("game") == []


async def test_a_drive_that_is_not_there_yet_after_a_restart_forgets_nothing() -> None:
    stage = Stage()
    drive = Drive(stage.clock)
    on(stage, drive)
    drive.write("session-1.json", hunt())
    await stage.run(MINUTE)
    on(stage, drive)
    drive.plugged = False
    await stage.run(10 * MINUTE)
    assert len(await stage.spool.files("game")) == 1
    drive.plugged = True
    reads = drive.reads
    await stage.run(2 * MINUTE)
    assert drive.reads == reads


@pytest.mark.parametrize("size", [HOLE, 5_000, 3 * BLOCK])
@pytest.mark.parametrize("before", [0, 1, 40])
async def test_a_hole_in_a_log_hides_no_line_behind_it(size: int, before: int) -> None:
    """A log that is emptied in place while its game goes on writing where it was."""
    stage = Stage(ELITE)
    now = stage.clock.now()
    head = b"".join(line("Docked", now) for _ in range(before))
    stage.files.append(JOURNAL, head + bytes(size) + begin(now) + jump(now))
    await stage.run(MINUTE)
    stage.files.append(JOURNAL, bytes(size) + jump(now, 2) + shutdown(now))
    await stage.run(2 * MINUTE)
    assert [one.events for one in await stage.kept()] == [4]
    assert await stage.troubles() == {}


@pytest.mark.parametrize("room", [HOLE, 5_000, 3 * BLOCK])
async def test_a_log_with_room_at_its_end_is_read_on_when_the_room_is_filled(room: int) -> None:
    stage = Stage(ELITE)
    now = stage.clock.now()
    written = b"".join(line("Docked", now) for _ in range(40)) + begin(now) + jump(now)
    whole = written + jump(now, 2) + shutdown(now)
    stage.files.write(JOURNAL, written + bytes(room + 500))
    await stage.run(3 * SECOND)
    stage.files.write(JOURNAL, whole.ljust(len(written) + room + 500, b"\0"))
    await stage.run(2 * MINUTE)
    assert [one.events for one in await stage.kept()] == [4]
    assert await stage.troubles() == {}


async def test_after_a_burst_everything_gets_its_turn_and_a_rescan_waits_for_the_last() -> None:
    stage = Stage()
    for number in range(2 * BATCH + 10):
        stage.files.write(f"session-{number}.json", hunt(number, events=1, id=f"session-{number}"), mtime=OLD)
    await stage.runner.look()
    assert len(await stage.kept()) == BATCH
    stage.files.write("session-late.json", hunt(1, events=1, id="session-late"), mtime=OLD)
    async with running(stage), asyncio.timeout(60):
        await stage.runner.rescan()
        assert len(await stage.kept()) == 2 * BATCH + 11


async def test_an_older_copy_beside_a_document_never_takes_its_place() -> None:
    stage = Stage()
    stage.files.write("session-1.json", hunt(events=5, running=True))
    await stage.run(MINUTE)
    stage.files.copy("session-1.json", "session-copy.json")
    await stage.run(MINUTE)
    stage.files.write("session-1.json", hunt(events=9, running=True))
    await stage.run(MINUTE)
    stage.files.delete("session-1.json")
    await stage.run(timedelta(hours=14))
    (kept,) = await stage.kept()
    assert kept.events == 9
