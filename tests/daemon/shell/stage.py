"""One source on a stage of fakes: the runner looks as the daemon would have it look, and time passes by hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from logferry_daemon.apps import Apps
from logferry_daemon.core.reading import AnyTracker
from logferry_daemon.intake.partials import PartialTerms
from logferry_daemon.intake.runner import SourceRunner
from logferry_daemon.intake.source import Pace, Source, World
from logferry_daemon.ports import Admitted, SessionRow
from logferry_daemon.trackers.catalogue import all_trackers
from logferry_model.session import Session
from tests.factories import artemis_document, encode_document
from tests.fake_databases import MemoryDatabases
from tests.fake_spool import MemorySpool
from tests.fakes import FakeProcesses, ManualClock, MemoryFiles, ScriptedWatcher
from tests.privacy import privacy

TRACKERS = all_trackers()
ARTEMIS, ELITE = TRACKERS["artemis"], TRACKERS["elite-dangerous"]
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
PACE = Pace()
GAME = "EliteDangerous64.exe"
DOCUMENT = "session-1.json"
JOURNAL = "Journal.2026-03-02T120000.01.log"
NEXT_JOURNAL = "Journal.2026-03-02T130000.01.log"


@asynccontextmanager
async def running(stage: Stage) -> AsyncIterator[asyncio.Task[None]]:
    """The runner's own loop, over the stage's clock."""
    task = asyncio.ensure_future(stage.runner.run())
    await settle(stage)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def look_for(runner: SourceRunner, clock: ManualClock, duration: timedelta) -> None:
    """Look whenever the runner wants to, until so much later."""
    end = clock.now() + duration
    delay = await runner.look()
    while clock.now() + delay < end:
        clock.move(delay)
        delay = await runner.look()
    clock.move(end - clock.now())


async def settle(stage: Stage) -> None:
    """Until the loop sleeps again; reading happens in threads, so it takes some turns."""
    await stage.clock.idle()


class Stage:
    """A source, and the world around it."""

    def __init__(self, tracker: AnyTracker = ARTEMIS, *, destinations: Sequence[str] = ("home",)) -> None:
        self.clock = ManualClock()
        self.files = MemoryFiles(self.clock)
        self.watcher = ScriptedWatcher()
        self.processes = FakeProcesses()
        self.databases = MemoryDatabases()
        self.spool = MemorySpool()
        self.news: list[Admitted] = []
        self.destinations = destinations
        self.of_partials: Sequence[str] = ()
        """Those of them that take a session while it runs."""
        self.tracker = tracker
        self.follow(self._usual_world())

    def _usual_world(self) -> World:
        return World(
            clock=self.clock,
            files=self.files,
            watcher=self.watcher,
            databases=self.databases,
            apps=Apps(self.clock, self.processes),
            intake=self.spool,
            privacy=privacy,
            partials=PartialTerms(destinations=lambda: self.of_partials),
        )

    def follow(self, world: World) -> None:
        """A runner that nothing was told yet, in this world."""
        self.world = world
        source = Source(name="game", tracker=self.tracker, root=Path("logs"))
        self.runner = SourceRunner(source, world, PACE, lambda: self.destinations, lambda _, new: self.news.extend(new))

    def restart(self) -> None:
        """Another daemon over the same spool."""
        self.spool.restart()
        self.follow(self._usual_world())

    def hint(self) -> None:
        """The watcher noticed something."""
        self.runner.hint()

    async def run(self, duration: timedelta) -> None:
        """Look whenever the runner wants to, for so long; the last look is at the end."""
        await look_for(self.runner, self.clock, duration)
        await self.runner.look()

    async def kept(self) -> list[SessionRow]:
        """The sessions in the spool, oldest first."""
        return [summary for summary, _ in reversed(await self.spool.sessions())]

    async def document(self, number: int = 0) -> Session:
        """One of them whole."""
        found = await self.spool.session((await self.kept())[number].id)
        assert found is not None
        return found[2]

    async def troubles(self) -> dict[str, str]:
        """Path -> code."""
        return {path: trouble.code for _, path, trouble in await self.spool.troubles()}


def hunt(seed: int = 1, *, events: int = 5, running: bool = False, **changes: Any) -> bytes:  # noqa: ANN401 -- any JSON value
    """A session of the hunting tracker, as its file."""
    document = artemis_document(seed, events=events, start=datetime(2026, 3, 2, 9, seed % 50, tzinfo=UTC)) | changes
    if running:
        del document["endedAt"]
    return encode_document(document)


def line(word: str, at: datetime, **fields: object) -> bytes:
    """One line of a journal."""
    return json.dumps({"timestamp": f"{at:%Y-%m-%dT%H:%M:%SZ}", "event": word, **fields}).encode() + b"\r\n"


def begin(at: datetime) -> bytes:
    """A play session begins."""
    return line("LoadGame", at, Commander="NOBODY", Credits=1)


def jump(at: datetime, number: int = 0) -> bytes:
    """Something happens in it."""
    return line("FSDJump", at, StarSystem=f"System {number}", JumpDist=float(number))


def shutdown(at: datetime) -> bytes:
    """It is over, and the log says so."""
    return line("Shutdown", at)
