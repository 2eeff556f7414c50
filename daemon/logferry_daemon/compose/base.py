"""What there is once in a daemon, and everything else is built upon."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version

from logferry_daemon.adapters.clock_system import SystemChance, SystemClock
from logferry_daemon.adapters.credentials_keyring import KeyringCredentials
from logferry_daemon.adapters.recipe_folder import OwnRecipes, read_own_recipes
from logferry_daemon.adapters.send_by_scheme import SenderByScheme
from logferry_daemon.adapters.send_folder import FolderSender
from logferry_daemon.adapters.send_http import open_sender
from logferry_daemon.adapters.spool_rescue import make_sound
from logferry_daemon.adapters.spool_rows import SenderFacts
from logferry_daemon.adapters.spool_sqlite import SqliteSpool, open_spool
from logferry_daemon.adapters.surroundings import surroundings
from logferry_daemon.adapters.work_process import ProcessWorkshop, open_workshop
from logferry_daemon.control.news import News
from logferry_daemon.core.detectors import Detectors
from logferry_daemon.core.known_secrets import NO_SECRETS, Secrets
from logferry_daemon.core.policy import Group, Listing
from logferry_daemon.core.reading import AnyTracker
from logferry_daemon.core.recut import uncounted
from logferry_daemon.core.sanitise import Privacy
from logferry_daemon.core.slots import Slots
from logferry_daemon.crew import Crew
from logferry_daemon.home import Home
from logferry_daemon.lives import Damage
from logferry_daemon.settings import Settings
from logferry_daemon.slot_key import slot_key
from logferry_daemon.trackers.catalogue import all_trackers
from logferry_ipc.events import EventLog
from logferry_model.errors import LogferryError
from logferry_model.figures import Statistics
from logferry_model.session import Session

PLATFORMS = {"win32": "windows", "darwin": "macos"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
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


async def open_base(stack: AsyncExitStack, home: Home, settings: Settings, damage: Damage, *, distrusted: bool) -> Base:
    """All of it, open while the stack is; `distrusted` where the queue was damaged the last time."""
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
    return Base(
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


def listing_of(trackers: Mapping[str, AnyTracker], name: str) -> Listing | None:
    """What a tracker lists; a recipe that is gone has no listing."""
    return trackers[name].listing if name in trackers else None


def privacy_of(
    base: Base, listing: Listing, *, keeps: frozenset[Group] = frozenset(), secrets: Secrets = NO_SECRETS
) -> Privacy:
    """What a reader of such sessions keeps to."""
    return Privacy(slots=base.slots, detectors=base.detectors, listing=listing, keeps=keeps, secrets=secrets)


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
