"""A whole daemon over fakes, without sockets: fleet, gates, news and control as compose/ joins them."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from logferry_daemon.adapters.settings_file import SettingsFile
from logferry_daemon.apps import Apps
from logferry_daemon.checks.check import Check
from logferry_daemon.checks.destinations import DestinationsCheck
from logferry_daemon.checks.game_logging import GameLoggingCheck
from logferry_daemon.checks.keys import KeysCheck
from logferry_daemon.checks.recipes import RecipesCheck
from logferry_daemon.checks.sources import SourcesCheck
from logferry_daemon.checks.storage import StorageCheck
from logferry_daemon.checks.usual_folders import UsualFoldersCheck
from logferry_daemon.control.answers import DaemonControl
from logferry_daemon.control.live import Live
from logferry_daemon.control.news import News
from logferry_daemon.control.parts import Parts
from logferry_daemon.core.gate import Gate
from logferry_daemon.core.reading import AnyTracker, Trouble
from logferry_daemon.crew import Crew
from logferry_daemon.dialects.catalogue import all_dialects
from logferry_daemon.fleet import Fleet, Listeners
from logferry_daemon.gates import Gates
from logferry_daemon.intake.partials import PartialTerms
from logferry_daemon.intake.source import Pace, World
from logferry_daemon.road import Road
from logferry_daemon.scrubbing import Scrubber
from logferry_daemon.settings import parse_settings
from logferry_daemon.trackers.catalogue import all_trackers
from logferry_ipc.events import EventLog
from logferry_ipc.messages import ConsentGrant, IdentityDecision, Login, NewDestination, NewSource
from logferry_model.errors import LogferryError
from tests.daemon.shell.office import stored
from tests.daemon.shell.stage import hunt
from tests.fake_databases import MemoryDatabases
from tests.fake_spool import MemorySpool
from tests.fakes import (
    FakeDiscovery,
    FakeFingerprints,
    FakeProcesses,
    FixedChance,
    ManualClock,
    MemoryCredentials,
    MemoryFiles,
    ScriptedSender,
    ScriptedWatcher,
)
from tests.privacy import privacy, scribe

URL = "https://collector.example"


class House:
    """Everything but the world."""

    def __init__(self, folder: Path, *, backfill: bool = True) -> None:
        self.folder = folder
        self.backfill = backfill
        """Whether what lies in the folders already goes without being asked for, as most tests here want it."""
        self.user_home = folder / "user"
        self.logs = self.user_home / "logs"
        self.logs.mkdir(parents=True)
        self.settings_file = folder / "logferry.toml"
        self.clock = ManualClock()
        self.files = MemoryFiles(self.clock)
        self.watcher = ScriptedWatcher()
        self.spool = MemorySpool()
        self.sender = ScriptedSender(stored)
        self.credentials = MemoryCredentials()
        self.databases = MemoryDatabases()
        self.processes = FakeProcesses()
        self.discovery = FakeDiscovery()
        self.fingerprints = FakeFingerprints()
        self.usual: dict[str, tuple[Path, ...]] = {}
        self.recipe_troubles: tuple[Trouble, ...] = ()
        self.trackers: dict[str, AnyTracker] = dict(all_trackers())
        self.stop = asyncio.Event()
        self.log = EventLog("boot", started=self.clock.now())
        self.fleet: Fleet
        self.control: DaemonControl

    @asynccontextmanager
    async def open(self) -> AsyncIterator[DaemonControl]:
        async with asyncio.TaskGroup() as group:
            crew = Crew(group)
            self.control = await self._furnish(crew)
            try:
                yield self.control
            finally:
                crew.dismiss_all()

    async def _gates_now(self) -> Mapping[str, Gate]:
        return await self.fleet.all_gates()

    def _summaries(self) -> Mapping[str, int]:
        return self.fleet.summaries()

    def _destinations_of_partials(self) -> Sequence[str]:
        return self.fleet.destinations_of_partials()

    def _wake_couriers(self) -> None:
        self.fleet.wake_couriers()

    async def _furnish(self, crew: Crew) -> DaemonControl:
        news = News(self.log, self.spool, self.clock)
        crew.hire("news", news.run(self._gates_now))

        def gates_changed() -> None:
            news.state_changed()
            self.fleet.wake_couriers()

        live = Live(self.clock, news.session_runs, privacy)
        scrubber = Scrubber(self.spool, self.clock)
        crew.hire("scrubber", scrubber.run())
        gates = Gates(self.clock, self.spool, self.credentials, gates_changed)
        await gates.load()
        text = self.settings_file.read_text() if self.settings_file.exists() else ""
        settings = parse_settings(text, self.settings_file)
        self.fleet = Fleet(
            crew=crew,
            world=World(
                clock=self.clock,
                files=self.files,
                watcher=self.watcher,
                databases=self.databases,
                apps=Apps(self.clock, self.processes),
                intake=self.spool,
                privacy=privacy,
                summaries=self._summaries,
                partials=PartialTerms(
                    destinations=self._destinations_of_partials,
                    admitted=self._wake_couriers,
                ),
            ),
            road=Road(
                clock=self.clock,
                chance=FixedChance(),
                outbox=self.spool,
                sender=self.sender,
                credentials=self.credentials,
                scribe=scribe(self.credentials, self.spool, self.clock),
            ),
            pace=Pace(),
            spool=self.spool,
            gates=gates,
            trackers=self.trackers,
            dialects=all_dialects(),
            listeners=Listeners(
                session_found=news.session_found,
                delivery_changed=news.delivery_changed,
                state_changed=news.state_changed,
                session_deleted=news.session_deleted,
                looked=live.looked,
            ),
            user_home=Path("/home/mila"),
            upload=settings.upload,
        )
        watch = settings.watch.model_copy(update={"backfill": self.backfill})
        await self.fleet.launch(settings.model_copy(update={"watch": watch}))
        return DaemonControl(
            Parts(
                version="1.2.3",
                clock=self.clock,
                spool=self.spool,
                fleet=self.fleet,
                credentials=self.credentials,
                settings=SettingsFile(self.settings_file),
                discovery=self.discovery,
                fingerprints=self.fingerprints,
                log=self.log,
                checks=self._checks,
                stop=self.stop,
                user_home=self.user_home,
                live=live,
                scrub=scrubber.soon,
                recipe_troubles=self.recipe_troubles,
            )
        )

    async def _checks(self) -> AsyncIterator[Check]:
        checkers = (
            SourcesCheck(self.fleet),
            GameLoggingCheck(self.fleet, self.processes, self.clock),
            UsualFoldersCheck(self.fleet, lambda tracker: self.usual.get(tracker.name, ())),
            RecipesCheck(self.recipe_troubles),
            DestinationsCheck(self.fleet),
            StorageCheck(self.settings_file),
            KeysCheck(self.fleet, self.credentials),
        )
        for checker in checkers:
            async for check in checker.run():
                yield check

    # what a person does

    async def add_source(self, name: str = "hunts") -> None:
        await self.control.add_source(NewSource(tracker="artemis", path=str(self.logs), name=name))

    async def add_destination(self, name: str = "home") -> None:
        await self.control.add_destination(NewDestination(name=name, dialect="logferry", url=URL))

    async def agree(self, name: str = "home") -> None:
        shown = await self.control.consent(name)
        await self.control.grant(name, ConsentGrant(policy_digest=shown.policy_digest))

    async def decide(self, identity: str, *, allowed: bool | None = True, to: str = "home", tracker: str = "*") -> None:
        """Whether these players' sessions may go there; `*` is everybody, for tests that are not about who plays."""
        decision = IdentityDecision(destination=to, tracker=tracker, identity=identity, allowed=allowed)
        await self.control.decide_identity(decision)

    async def set_up(self) -> None:
        """A source and a destination that may be sent to."""
        await self.add_source()
        await self.set_up_destination()

    async def set_up_destination(self) -> None:
        await self.add_destination()
        await self.control.login("home", Login(secret="s3cret"))
        await self.agree()
        await self.decide("*")

    async def hunt(self, *seeds: int) -> None:
        """Finished sessions lie in the folder, and the daemon has looked at them."""
        for seed in seeds or (1,):
            long_ago = datetime(2026, 1, 1, tzinfo=self.clock.now().tzinfo)
            self.files.write(f"session-{seed}.json", hunt(seed), mtime=long_ago)
        await self.fleet.rescan()
        await self.quiet()

    async def quiet(self) -> None:
        """Everybody waits."""
        await self.clock.idle(len(self.fleet.runners) + len(self.fleet.couriers))

    async def pass_time(self, duration: timedelta) -> None:
        await self.clock.advance(duration, len(self.fleet.runners) + len(self.fleet.couriers))


async def error_of(call: object) -> LogferryError:
    """What a question is answered with that cannot be answered."""
    assert inspect.isawaitable(call)
    with pytest.raises(LogferryError) as caught:
        await call
    return caught.value
