"""One look through 100,000 files, against `find` printing the same facts of them in the same run."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.harness import Case, Finding, NotMeasured, Target, compared, interleave, seconds
from logferry_daemon.adapters.clock_system import SystemClock
from logferry_daemon.adapters.log_files import FolderFiles
from logferry_daemon.apps import Apps
from logferry_daemon.intake.runner import SourceRunner
from logferry_daemon.intake.source import Pace, Source, World
from logferry_daemon.ports import FileRow
from logferry_daemon.trackers.artemis import Artemis
from tests.fake_databases import MemoryDatabases
from tests.fake_spool import MemorySpool
from tests.fakes import FakeProcesses, ScriptedWatcher
from tests.privacy import privacy

ABOUT = "a scan of 100,000 files, and a source's whole look at them when nothing changed, against find; lower is better"
TARGET = Target(2.0)
"""performance.md, row 21."""
PEER = "find -printf"
SCAN, LOOK = "scan", "look, unchanged"
FOLDERS, QUICK_FOLDERS, EACH = 100, 20, 1_000


class KnownFiles(MemorySpool):
    """A spool that has read every file before."""

    def __init__(self, rows: Sequence[FileRow]) -> None:
        super().__init__()
        self._known = rows

    async def files(self, source: str) -> Sequence[FileRow]:
        return self._known


def run(*, quick: bool) -> Iterator[Finding]:
    if shutil.which("find") is None:
        raise NotMeasured("there is no find here")
    with TemporaryDirectory() as name, asyncio.Runner() as loop:
        root, number = Path(name), (QUICK_FOLDERS if quick else FOLDERS) * EACH
        fill(root, number // EACH)
        source = loop.run(followed(root))
        if source.number_of_files != number:
            raise NotMeasured(f"{source.number_of_files} files were found")
        cases: dict[str, Case] = {
            SCAN: lambda: seconds(lambda: loop.run(FolderFiles().scan(root, Artemis().patterns))) * 1000,
            LOOK: lambda: seconds(lambda: loop.run(looked(source))) * 1000,
            PEER: lambda: seconds(lambda: find(root)) * 1000,
        }
        interleave(cases, 1)  # caches
        values = interleave(cases, 5 if quick else 9)
    for what in (SCAN, LOOK):
        target = TARGET if what == SCAN else None
        label = f"{what}, {number:,} files"
        yield from compared("rescan", label, "ms", values, ours=what, peers=(PEER,), target=target)


def fill(root: Path, folders: int) -> None:
    for folder in range(folders):
        (root / str(folder)).mkdir()
        for file in range(EACH):
            (root / str(folder) / f"session-{file}.json").touch()


async def followed(root: Path) -> SourceRunner:
    """A source whose files the spool has, all of them."""
    tracker, clock = Artemis(), SystemClock()
    rows = [
        FileRow(
            source="hunts",
            path=seen.path,
            signature=seen.signature,
            head="",
            head_size=0,
            offset=0,
            line=1,
            first_at=None,
            running=False,
        )
        for seen in await FolderFiles().scan(root, tracker.patterns)
    ]
    world = World(
        clock=clock,
        files=FolderFiles(),
        databases=MemoryDatabases(),
        watcher=ScriptedWatcher(),
        apps=Apps(clock, FakeProcesses()),
        intake=KnownFiles(rows),
        privacy=privacy,
    )
    runner = SourceRunner(
        Source(name="hunts", tracker=tracker, root=root), world, Pace(rescan=timedelta()), tuple, ignore
    )
    await runner.look()
    return runner


async def looked(source: SourceRunner) -> None:
    await source.look()
    if source.state != "watching":
        raise NotMeasured(source.state)


def ignore(*_: object) -> None:
    """Nothing is found."""


def find(root: Path) -> None:
    """Name, size, time, inode and device of every file that fits."""
    command = ("find", str(root), "-name", "session-*.json", "-printf", r"%p %s %T@ %i %D\n")
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)  # noqa: S603 -- a fixed command
