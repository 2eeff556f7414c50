"""What moves sessions: from their sources to the spool, and from there to their destinations."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from logferry_daemon.adapters.database_source import ChildDatabases
from logferry_daemon.adapters.log_files import FolderFiles
from logferry_daemon.adapters.processes_psutil import SystemProcesses
from logferry_daemon.adapters.reading_process import ProcessReadingRoom
from logferry_daemon.adapters.watch_fs import FolderWatcher
from logferry_daemon.apps import Apps
from logferry_daemon.compose.base import Base, listing_of, privacy_of
from logferry_daemon.compose.ties import Ties
from logferry_daemon.compose.watching import Watch
from logferry_daemon.core.budget import Budget
from logferry_daemon.dialects.catalogue import all_dialects
from logferry_daemon.fleet import Fleet, Listeners
from logferry_daemon.gates import Gates
from logferry_daemon.intake.in_threads import InThreads
from logferry_daemon.intake.partials import PartialTerms
from logferry_daemon.intake.source import Pace, World
from logferry_daemon.offers import Offers
from logferry_daemon.queue_watch import QueueWatch
from logferry_daemon.road import Road
from logferry_daemon.scribe import Scribe
from logferry_daemon.settings import Settings, WatchSettings, seconds


async def made_fleet(base: Base, settings: Settings, watch: Watch, ties: Ties) -> Fleet:
    """The fleet, tied to what it is made of; nothing of it runs yet."""
    news, longest = base.news, seconds(settings.upload.longest_wait)

    def gates_changed() -> None:
        news.state_changed()
        ties.wake_couriers()

    gates = Gates(base.clock, base.spool, base.credentials, gates_changed, longest=longest)
    await gates.load()
    fleet = Fleet(
        crew=base.crew,
        world=_world(base, settings, watch, ties),
        road=_road(base, ties, longest),
        pace=_pace(settings.watch),
        spool=base.spool,
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
    ties.tie(fleet)
    return fleet


def _world(base: Base, settings: Settings, watch: Watch, ties: Ties) -> World:
    """Where sessions come from."""
    return World(
        clock=base.clock,
        files=FolderFiles(),
        databases=ChildDatabases(),
        watcher=FolderWatcher(),
        apps=Apps(base.clock, SystemProcesses()),
        intake=base.spool,
        privacy=lambda listing: privacy_of(base, listing, keeps=ties.kept_groups()),
        room=ProcessReadingRoom(base.workshop, InThreads()),
        keys=watch.vigil,
        summaries=ties.summaries,
        partials=PartialTerms(
            rhythm=settings.upload.rhythm,
            destinations=ties.destinations_of_partials,
            admitted=ties.wake_couriers,
        ),
    )


def _road(base: Base, ties: Ties, longest: timedelta) -> Road:
    """Where they go."""
    scribe = Scribe(
        base.credentials,
        base.spool,
        base.clock,
        lambda name: listing_of(base.trackers, name),
        base.workshop,
        destinations=ties.destinations,
    )
    return Road(
        clock=base.clock,
        chance=base.chance,
        outbox=base.spool,
        sender=base.sender,
        credentials=base.credentials,
        scribe=scribe,
        offers=Offers(base.spool, base.sender, base.clock),
        longest=longest,
    )


def queue_watch(base: Base, fleet: Fleet) -> QueueWatch:
    """Finds out when the queue can be written again, and has everybody go on."""

    def changed() -> None:
        base.news.state_changed()
        fleet.wake_couriers()

    return QueueWatch(base.spool, base.clock, changed)


def _pace(watch: WatchSettings) -> Pace:
    return Pace(
        settle=seconds(watch.settle),
        patience=seconds(watch.patience),
        rescan=seconds(watch.rescan),
        busy=seconds(watch.busy),
    )
