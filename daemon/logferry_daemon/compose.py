"""Composition root: the only file that names adapters together. Reads top to bottom as the daemon's parts list."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

from logferry_daemon.adapters.clock_system import SystemChance, SystemClock
from logferry_daemon.adapters.credentials_keyring import KeyringCredentials
from logferry_daemon.adapters.database_source import ChildDatabases
from logferry_daemon.adapters.discover_zeroconf import ZeroconfDiscovery
from logferry_daemon.adapters.foreground import SystemForeground
from logferry_daemon.adapters.lock import only_one
from logferry_daemon.adapters.log_files import FolderFiles
from logferry_daemon.adapters.network_news import SystemNetwork
from logferry_daemon.adapters.own_log import own_log
from logferry_daemon.adapters.processes_psutil import SystemProcesses
from logferry_daemon.adapters.recipe_folder import OwnRecipes, read_own_recipes
from logferry_daemon.adapters.send_by_scheme import SenderByScheme
from logferry_daemon.adapters.send_folder import FolderSender
from logferry_daemon.adapters.send_http import open_sender
from logferry_daemon.adapters.settings_file import SettingsFile
from logferry_daemon.adapters.spool_aside import aside_of
from logferry_daemon.adapters.spool_rescue import make_sound
from logferry_daemon.adapters.spool_rows import SenderFacts
from logferry_daemon.adapters.spool_sqlite import SqliteSpool, open_spool
from logferry_daemon.adapters.surroundings import surroundings
from logferry_daemon.adapters.tls import TlsFingerprints
from logferry_daemon.adapters.usual_folders import UsualFolders
from logferry_daemon.adapters.watch_fs import FolderWatcher
from logferry_daemon.adapters.work_process import ProcessWorkshop, open_workshop
from logferry_daemon.apps import Apps
from logferry_daemon.checks.aside import AsideCheck
from logferry_daemon.checks.check import Check, Checker
from logferry_daemon.checks.destinations import DestinationsCheck
from logferry_daemon.checks.game_logging import GameLoggingCheck
from logferry_daemon.checks.keys import KeysCheck
from logferry_daemon.checks.recipes import RecipesCheck
from logferry_daemon.checks.sources import SourcesCheck
from logferry_daemon.checks.storage import StorageCheck
from logferry_daemon.checks.usual_folders import UsualFoldersCheck
from logferry_daemon.checks.validity import ValidityCheck
from logferry_daemon.control.answers import DaemonControl
from logferry_daemon.control.leaving import Leaving
from logferry_daemon.control.live import Live
from logferry_daemon.control.news import News
from logferry_daemon.control.parts import Parts
from logferry_daemon.core.budget import Budget
from logferry_daemon.core.detectors import Detectors
from logferry_daemon.core.known_secrets import NO_SECRETS, Secrets
from logferry_daemon.core.policy import Group, Listing
from logferry_daemon.core.reading import AnyTracker
from logferry_daemon.core.recut import uncounted
from logferry_daemon.core.sanitise import Privacy
from logferry_daemon.core.slots import Slots
from logferry_daemon.crew import Crew
from logferry_daemon.dialects.catalogue import all_dialects
from logferry_daemon.fleet import Fleet, Listeners
from logferry_daemon.gates import Gates
from logferry_daemon.home import Home
from logferry_daemon.intake.partials import PartialTerms
from logferry_daemon.intake.source import Pace, World
from logferry_daemon.key_trial import KeyTrial
from logferry_daemon.lives import Damage, Lives, first_of
from logferry_daemon.networking import follow_network
from logferry_daemon.offers import Offers
from logferry_daemon.playing import Playing
from logferry_daemon.queue_watch import QueueWatch
from logferry_daemon.road import Road
from logferry_daemon.scribe import Scribe
from logferry_daemon.scrubbing import Scrubber
from logferry_daemon.settings import IpcSettings, Settings, WatchSettings, load_settings, seconds
from logferry_daemon.slot_key import slot_key
from logferry_daemon.trackers.catalogue import all_trackers
from logferry_daemon.vigil import Guarded, Vigil
from logferry_ipc.endpoint import Endpoint, Keys, announced
from logferry_ipc.events import EventLog
from logferry_ipc.server import PORTS, open_server
from logferry_model.errors import LogferryError
from logferry_model.figures import Statistics
from logferry_model.session import Session

PLATFORMS = {"win32": "windows", "darwin": "macos"}
TURN = timedelta(milliseconds=0.5)
"""How long a thread that reads a log keeps the event loop from its turn.

An answer takes several of them, and Python's own are ten times as long.
"""


def run(home: Home) -> int:
    """The daemon in the foreground until it is told to stop; 0 when it stopped in order.

    Raises Misconfigured for settings that cannot be read, and Refused when another daemon has this home.
    """
    settings = load_settings(home.settings_file)
    # What the daemon writes is for its owner alone, also in a folder that others may enter.
    os.umask(0o077)
    sys.setswitchinterval(TURN.total_seconds())
    with only_one(home.lock_file), own_log(home.log_file, settings.log.level):
        asyncio.run(_until_stopped(home, settings))
    return 0


async def _until_stopped(home: Home, settings: Settings) -> None:
    """A queue that turns out to be damaged is set aside, and all begins anew over what could be read of it."""
    stop, lives = asyncio.Event(), Lives()
    with _signals(stop):
        while not stop.is_set():
            damage = Damage()
            async with open_daemon(home, settings, stop, damage, distrusted=lives.over > 0):
                await first_of(stop, damage.seen)
            await lives.rest(stop)
            settings = load_settings(home.settings_file)


@asynccontextmanager
async def open_daemon(
    home: Home, settings: Settings, stop: asyncio.Event, damage: Damage | None = None, *, distrusted: bool = False
) -> AsyncIterator[DaemonControl]:
    """Everything the daemon is made of, running while the context lasts. Setting `stop` asks its owner to leave it.

    `damage` is told when its queue is not what was written, and `distrusted` that it was so the last time.
    """
    async with AsyncExitStack() as stack:
        base = await _open_base(stack, home, settings, damage or Damage(), distrusted=distrusted)

        def destinations() -> Sequence[str]:
            # The fleet reads with the vigil's keys, and the vigil stops what the fleet sends: one has to be made first.
            return fleet.destinations()

        async def hold(deliveries: Collection[str]) -> None:
            await fleet.hold(deliveries)

        watch = _watch(base, destinations, hold)
        fleet = await _fleet(base, settings, watch)
        control = _control(base, fleet, home, settings, stop, watch)
        base.crew.hire("news", base.news.run(fleet.all_gates))
        seen = (SystemProcesses(), SystemForeground())
        when = settings.upload.pause_while_playing
        base.crew.hire("playing", Playing(when, base.clock, seen, fleet.programs, fleet.gates.holds.played).run())
        base.crew.hire("network", follow_network(SystemNetwork(), base.clock, fleet.network_changed))
        base.crew.hire("queue", _queue_watch(base, fleet).run())
        await fleet.launch(settings)
        base.crew.hire("vigil", watch.vigil.run())
        base.crew.hire("scrubber", watch.scrubber.run())
        await _announce(stack, control, base, home, settings.ipc)
        stack.push_async_callback(Leaving(fleet.all_gates, base.spool).log)
        yield control


@dataclass(frozen=True, slots=True, kw_only=True)
class _Base:
    """What is there once, and everything else is built upon."""

    app_version: str
    instance: str
    """New with every start."""
    clock: SystemClock
    chance: SystemChance
    spool: SqliteSpool
    sender: SenderByScheme
    credentials: KeyringCredentials
    log: EventLog
    news: News
    crew: Crew
    own_recipes: OwnRecipes
    trackers: Mapping[str, AnyTracker]
    slots: Slots
    detectors: Detectors
    workshop: ProcessWorkshop


async def _open_base(
    stack: AsyncExitStack, home: Home, settings: Settings, damage: Damage, *, distrusted: bool
) -> _Base:
    home.state.mkdir(parents=True, exist_ok=True, mode=0o700)
    app_version, instance = version("logferry"), secrets.token_hex(8)
    clock, chance = SystemClock(), SystemChance()
    facts = SenderFacts(app_version=app_version, platform=PLATFORMS.get(sys.platform, "linux"))
    own_recipes = await asyncio.to_thread(read_own_recipes, home.recipes_folder)
    trackers = all_trackers(own_recipes.trackers)
    await asyncio.to_thread(make_sound, home.spool_file, clock.now(), distrusted=distrusted)
    spooling = open_spool(
        home.spool_file,
        chance,
        facts,
        lambda session, of: _recounted(trackers, session, of),
        bound=settings.queue.bound,
        damaged=damage.tell,
    )
    spool = await stack.enter_async_context(spooling)
    sending = open_sender(f"logferry/{app_version}", limit=settings.upload.bytes_per_second)
    sender = await stack.enter_async_context(sending)
    owner = surroundings()
    slots, detectors = Slots(await slot_key(spool, chance)), Detectors(owner)
    workshop = await stack.enter_async_context(open_workshop(owner))
    log = EventLog(instance, started=clock.now())
    news = News(log, spool, clock)
    stack.enter_context(_plain_errors())
    crew = Crew(await stack.enter_async_context(asyncio.TaskGroup()))
    stack.callback(crew.dismiss_all)
    return _Base(
        app_version=app_version,
        instance=instance,
        clock=clock,
        chance=chance,
        spool=spool,
        sender=SenderByScheme(network=sender, folder=FolderSender()),
        credentials=KeyringCredentials(home.secrets_file, os.environ),
        log=log,
        news=news,
        crew=crew,
        own_recipes=own_recipes,
        trackers=trackers,
        slots=slots,
        detectors=detectors,
        workshop=workshop,
    )


def _recounted(trackers: Mapping[str, AnyTracker], session: Session, of: Sequence[Session]) -> Statistics:
    """As its tracker counts; a recipe that is gone counts nothing."""
    tracker = trackers.get(session.tracker)
    return tracker.recount(session, of) if tracker else uncounted(session, of)


def _listing(trackers: Mapping[str, AnyTracker], name: str) -> Listing | None:
    return trackers[name].listing if name in trackers else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watch:
    """What looks at sessions besides those who keep them."""

    vigil: Vigil
    live: Live
    scrubber: Scrubber


def _watch(
    base: _Base, destinations: Callable[[], Sequence[str]], hold: Callable[[Collection[str]], Awaitable[None]]
) -> _Watch:
    guarded = Guarded(spool=base.spool, destinations=destinations, hold=hold, told=base.news.state_changed)
    vigil = Vigil(base.clock, base.chance, base.credentials, guarded)
    live = Live(base.clock, base.news.session_runs, lambda listing: _privacy(base, listing, secrets=vigil.in_sight))
    return _Watch(vigil=vigil, live=live, scrubber=Scrubber(base.spool, base.clock))


def _privacy(
    base: _Base, listing: Listing, *, keeps: frozenset[Group] = frozenset(), secrets: Secrets = NO_SECRETS
) -> Privacy:
    return Privacy(slots=base.slots, detectors=base.detectors, listing=listing, keeps=keeps, secrets=secrets)


async def _fleet(base: _Base, settings: Settings, watch: _Watch) -> Fleet:
    clock, spool, news, credentials = base.clock, base.spool, base.news, base.credentials

    def gates_changed() -> None:
        # The fleet asks the gates and hears of their changes: one of the two has to be made first.
        news.state_changed()
        fleet.wake_couriers()

    def destinations() -> Sequence[str]:
        return fleet.destinations()

    def destinations_of_partials() -> Sequence[str]:
        return fleet.destinations_of_partials()

    def summaries() -> Mapping[str, int]:
        return fleet.summaries()

    def partial_admitted() -> None:
        fleet.wake_couriers()

    longest = seconds(settings.upload.longest_wait)
    gates = Gates(clock, spool, credentials, gates_changed, longest=longest)
    await gates.load()
    fleet = Fleet(
        crew=base.crew,
        world=World(
            clock=clock,
            files=FolderFiles(),
            databases=ChildDatabases(),
            watcher=FolderWatcher(),
            apps=Apps(clock, SystemProcesses()),
            intake=spool,
            privacy=lambda listing: _privacy(base, listing, keeps=fleet.kept_groups()),
            keys=watch.vigil,
            summaries=summaries,
            partials=PartialTerms(
                rhythm=settings.upload.rhythm,
                destinations=destinations_of_partials,
                admitted=partial_admitted,
            ),
        ),
        road=Road(
            clock=clock,
            chance=base.chance,
            outbox=spool,
            sender=base.sender,
            credentials=credentials,
            scribe=Scribe(
                credentials,
                spool,
                clock,
                lambda name: _listing(base.trackers, name),
                base.workshop,
                destinations=destinations,
            ),
            offers=Offers(spool, base.sender, clock),
            longest=longest,
        ),
        pace=_pace(settings.watch),
        spool=spool,
        gates=gates,
        trackers=base.trackers,
        dialects=all_dialects(),
        listeners=Listeners(
            session_found=news.session_found,
            delivery_changed=news.delivery_changed,
            state_changed=news.state_changed,
            session_deleted=news.session_deleted,
            looked=watch.live.looked,
        ),
        user_home=Path.home(),
        budget=Budget(per_minute=settings.watch.backfill_per_minute),
        upload=settings.upload,
    )
    return fleet


def _queue_watch(base: _Base, fleet: Fleet) -> QueueWatch:
    def changed() -> None:
        base.news.state_changed()
        fleet.wake_couriers()

    return QueueWatch(base.spool, base.clock, changed)


def _control(  # noqa: PLR0917 -- the parts of the one thing that is made of all of them
    base: _Base, fleet: Fleet, home: Home, settings: Settings, stop: asyncio.Event, watch: _Watch
) -> DaemonControl:
    checkers = (
        SourcesCheck(fleet),
        GameLoggingCheck(fleet, SystemProcesses(), base.clock),
        UsualFoldersCheck(fleet, UsualFolders(os.environ, Path.home()).there),
        RecipesCheck(base.own_recipes.troubles),
        DestinationsCheck(fleet),
        ValidityCheck(fleet, KeyTrial(fleet)),
        StorageCheck(home.spool_file),
        AsideCheck(lambda: aside_of(home.spool_file)),
        KeysCheck(fleet, base.credentials, lambda: watch.vigil.out_of_sight),
    )
    return DaemonControl(
        Parts(
            version=base.app_version,
            clock=base.clock,
            spool=base.spool,
            fleet=fleet,
            credentials=base.credentials,
            settings=SettingsFile(home.settings_file),
            discovery=ZeroconfDiscovery([str(one) for one in settings.discover.interfaces]),
            fingerprints=TlsFingerprints(),
            log=base.log,
            checks=lambda: _all_checks(checkers),
            stop=stop,
            user_home=Path.home(),
            live=watch.live,
            scrub=watch.scrubber.soon,
            key_given=watch.vigil.key_given,
            recipe_troubles=base.own_recipes.troubles,
            copy_report_url=settings.tray.copy_report_url,
        )
    )


async def _announce(
    stack: AsyncExitStack, control: DaemonControl, base: _Base, home: Home, settings: IpcSettings
) -> None:
    """Answer, and only then say where."""
    keys = Keys.fresh()
    server = await stack.enter_async_context(
        open_server(control, instance=base.instance, version=base.app_version, keys=keys, ports=_ports(settings))
    )
    endpoint = Endpoint.of_this_process(instance=base.instance, port=server.port, keys=keys)
    stack.enter_context(announced(home.runtime, endpoint))


@contextmanager
def _plain_errors() -> Iterator[None]:
    """A task group wraps what went wrong inside it; a person is told the one thing that they can act on."""
    try:
        yield
    except BaseExceptionGroup as group:
        ours = _ours(group)
        if ours is None:
            raise
        raise ours from None


def _ours(error: BaseException) -> LogferryError | None:
    if isinstance(error, BaseExceptionGroup):
        return next((ours for inner in error.exceptions if (ours := _ours(inner))), None)
    return error if isinstance(error, LogferryError) else None


async def _all_checks(checkers: Sequence[Checker]) -> AsyncIterator[Check]:
    for checker in checkers:
        async for check in checker.run():
            yield check


def _pace(watch: WatchSettings) -> Pace:
    return Pace(
        settle=seconds(watch.settle),
        patience=seconds(watch.patience),
        rescan=seconds(watch.rescan),
        busy=seconds(watch.busy),
    )


def _ports(ipc: IpcSettings) -> Sequence[int]:
    return PORTS if ipc.port is None else (ipc.port,)


if sys.platform == "win32":

    @contextmanager
    def _signals(stop: asyncio.Event) -> Iterator[None]:
        """Ctrl-C and Ctrl-Break ask to stop. The loop has no signal handlers here: plain ones ring it awake."""
        loop = asyncio.get_running_loop()
        wanted = (signal.SIGINT, signal.SIGBREAK)
        before = {number: signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set)) for number in wanted}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

else:

    @contextmanager
    def _signals(stop: asyncio.Event) -> Iterator[None]:
        """SIGINT and SIGTERM ask to stop; a second one ends the process at once."""
        loop = asyncio.get_running_loop()

        def asked() -> None:
            if stop.is_set():
                os._exit(130)
            stop.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, asked)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)
