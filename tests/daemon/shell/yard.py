"""A real folder with games that write into it, and a plain model of what their sessions held whenever somebody looked.

The daemon's parts are the real ones: files on the disk, the spool in SQLite. Only the clock is moved by hand, and files
bear the times of that clock.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from logferry_daemon.adapters.log_files import FolderFiles
from logferry_daemon.apps import Apps
from logferry_daemon.core.reading import AnyTracker, LogTracker
from logferry_daemon.intake.runner import SourceRunner
from logferry_daemon.intake.source import Source, World
from logferry_daemon.ports import FileSeen, Intake
from tests.daemon.shell.stage import PACE, SECOND, look_for
from tests.fake_databases import MemoryDatabases
from tests.fakes import FakeProcesses, ManualClock, ScriptedWatcher
from tests.privacy import privacy

Held = dict[str, tuple[int, bool]]
"""When a session began -> how much of it there is, and whether it is over."""
_LINE = re.compile(rb'\{"timestamp": "([^"]+)", "event": "(LoadGame|FSDJump|Shutdown)"[^\n]*\}\r\n')


class NotedFiles(FolderFiles):
    """The real folder; says when it is scanned: what lies there now was there at a look."""

    def __init__(self, scanned: Callable[[], None]) -> None:
        self._scanned = scanned

    async def scan(self, root: Path, patterns: Sequence[str]) -> Sequence[FileSeen]:
        self._scanned()
        return await super().scan(root, patterns)


class Yard:
    """One source over a real folder, followed by a runner that may be replaced at any time."""

    def __init__(self, folder: Path, tracker: AnyTracker, spool: Intake, holds: Callable[[bytes], Held]) -> None:
        self.folder = folder
        self.clock = ManualClock()
        self.owed: dict[str, int] = {}
        """When a session began -> how much of it must be in the spool.

        That is what a runner that still runs has seen, and what was over and had settled when an earlier one saw it.
        """
        self._tracker = tracker
        self._spool = spool
        self._holds = holds
        self._before: dict[str, tuple[bytes, int, datetime]] = {}
        """Path -> content and time, and when it was first seen so."""
        self._settled: dict[str, int] = {}
        self.runner = self._runner()

    def _runner(self) -> SourceRunner:
        world = World(
            clock=self.clock,
            files=NotedFiles(self._look_around),
            watcher=ScriptedWatcher(),
            databases=MemoryDatabases(),
            apps=Apps(self.clock, FakeProcesses()),
            intake=self._spool,
            privacy=privacy,
        )
        source = Source(name="game", tracker=self._tracker, root=self.folder)
        return SourceRunner(source, world, PACE, lambda: ["home"], lambda *_: None)

    def restart(self) -> None:
        """Another daemon over the same spool: it owes what the old one saw over and settled, and what it sees."""
        self.owed = dict(self._settled)
        self.runner = self._runner()

    def hint(self) -> None:
        self.runner.hint()

    async def run(self, duration: timedelta) -> None:
        """Look whenever the runner wants to, for so long."""
        await look_for(self.runner, self.clock, duration)

    async def wait_long(self) -> None:
        """Until no rule waits for anything any more."""
        for _ in range(4):
            self.clock.move(timedelta(hours=4))
            self.hint()
            await self.run(3 * SECOND)

    def _look_around(self) -> None:
        """The model's own look, at the moment of the runner's."""
        now, here = self.clock.now(), {}
        for path in self.folder.iterdir():
            if any(path.match(pattern) for pattern in self._tracker.patterns):
                data = path.read_bytes()
                fresh = (data, path.stat().st_mtime_ns, now)
                known = self._before.get(path.name, fresh)
                here[path.name] = known if known[:2] == fresh[:2] else fresh
                self._owe(data, settled=now - here[path.name][2] >= PACE.settle)
        self._before = here

    def _owe(self, data: bytes, *, settled: bool) -> None:
        for began, (amount, over) in self._holds(data).items():
            if settled or isinstance(self._tracker, LogTracker):  # a document that still changes is not read at all
                self.owed[began] = max(amount, self.owed.get(began, 0))
            if settled and over:
                self._settled[began] = max(amount, self._settled.get(began, 0))

    # what programs do

    @property
    def names(self) -> Sequence[str]:
        """The files that a tracker would read, by name."""
        return sorted(path.name for path in self.folder.iterdir() if path.suffix != ".txt")

    def stamp(self, name: str, at: datetime | None = None) -> None:
        """The file was written now."""
        when = round((at or self.clock.now()).timestamp() * 1000) * 1_000_000
        os.utime(self.folder / name, ns=(when, when))

    def append(self, name: str, data: bytes) -> None:
        with (self.folder / name).open("ab") as out:
            out.write(data)
        self.stamp(name)

    def write(self, name: str, data: bytes) -> None:
        """In place: same inode, new content."""
        (self.folder / name).write_bytes(data)
        self.stamp(name)

    def replace(self, name: str, data: bytes) -> None:
        """By renaming: new inode."""
        (self.folder / "fresh.txt").write_bytes(data)
        (self.folder / "fresh.txt").replace(self.folder / name)
        self.stamp(name)

    def rename(self, name: str, to: str) -> None:
        (self.folder / name).rename(self.folder / to)

    def delete(self, name: str) -> None:
        (self.folder / name).unlink()


def sessions_of_log(data: bytes) -> Held:
    """Journals: jumps in each session, by whole lines alone."""
    held: Held = {}
    began = ""
    for at, word in _LINE.findall(data):
        if began and word == b"FSDJump":
            held[began] = (held[began][0] + 1, False)
            continue
        if began:
            held[began] = (held[began][0], True)
        began = at.decode() if word == b"LoadGame" else ""
        if began:
            held[began] = (0, False)
    return held


def sessions_of_document(data: bytes) -> Held:
    """One session, when the document is whole."""
    try:
        document = json.loads(data)
    except ValueError:
        return {}
    return {f"{document['startedAt'][:19]}Z": (len(document["events"]), "endedAt" in document)}
