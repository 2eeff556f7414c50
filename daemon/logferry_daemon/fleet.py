"""Everything that runs: a runner for each source, a courier and an eraser for each destination, and what joins them.

Sources and destinations come and go while it runs; every change goes through here, so there is one list of each.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from logferry_daemon.core.budget import Budget
from logferry_daemon.core.consent import field_lines
from logferry_daemon.core.destination import Destination
from logferry_daemon.core.evening import Gathering
from logferry_daemon.core.exchange import Dialect, takes_partials, takes_summaries
from logferry_daemon.core.filters import in_order
from logferry_daemon.core.gate import Gate
from logferry_daemon.core.identity import content_mark
from logferry_daemon.core.places import folder_of, is_folder, reason_against_folder
from logferry_daemon.core.policy import Group
from logferry_daemon.core.reading import AnyTracker, Found
from logferry_daemon.core.sending import Occasion, waits_for
from logferry_daemon.courier import Courier
from logferry_daemon.crew import Crew
from logferry_daemon.eraser import Eraser
from logferry_daemon.errands import CopyErrands, RemnantErrands
from logferry_daemon.gates import Gates
from logferry_daemon.intake.partials import complete_left
from logferry_daemon.intake.runner import SourceRunner
from logferry_daemon.intake.source import Pace, Source, World
from logferry_daemon.ports import UNASKED, Admitted, Spool, place_note, source_note, trackers_note, trackers_text
from logferry_daemon.road import Road
from logferry_daemon.settings import DestinationSettings, Settings, SourceSettings, UploadSettings
from logferry_daemon.triggers import Trigger, following
from logferry_daemon.waits import UNHURRIED
from logferry_model.errors import Misconfigured

log = logging.getLogger(__name__)

USUALLY = UploadSettings()
OWN_FOLDER = "Name a folder of its own for it."

Looked = Callable[[Source, Sequence[Found]], None]
"""A source, and its sessions that still run."""


def _unheard(source: Source, running: Sequence[Found]) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listeners:
    """Who hears of what happens."""

    session_found: Callable[[str, str], None]
    """Session id, tracker."""
    delivery_changed: Callable[[str], None]
    """Delivery id."""
    state_changed: Callable[[], None]
    session_deleted: Callable[[str, str], None]
    """Session id, tracker."""
    looked: Looked = _unheard
    """After each look at a source, and when it is followed no more."""


class _Observed(SourceRunner):
    """A runner whose every look is told of when it is over: nothing is being read then."""

    def __init__(
        self,
        source: Source,
        world: World,
        pace: Pace,
        destinations: Callable[[], Sequence[str]],
        listeners: tuple[Callable[[Source, Sequence[Admitted]], None], Looked],
    ) -> None:
        found, self._looked = listeners
        super().__init__(source, world, pace, destinations, found)

    async def look(self) -> timedelta:
        """One look; returns how long the next one may wait."""
        delay = await super().look()
        try:
            await self._tell()
        except Exception:  # what runs is shown as it was before; what is over goes its way
            log.exception("look not told", extra={"action": "source", "source": self.source.name})
        return delay

    async def _tell(self) -> None:
        running = self.running()
        if not running:
            self._looked(self.source, ())
            return
        async with self._world.keys.reading():
            self._looked(self.source, running)


@dataclass(kw_only=True)
class Fleet:
    """Runners and couriers by name."""

    crew: Crew
    world: World
    road: Road
    pace: Pace
    spool: Spool
    gates: Gates
    trackers: Mapping[str, AnyTracker]
    dialects: Mapping[str, Dialect]
    listeners: Listeners
    user_home: Path
    budget: Budget = UNHURRIED
    upload: UploadSettings = USUALLY
    runners: dict[str, SourceRunner] = field(default_factory=dict)
    couriers: dict[str, Courier] = field(default_factory=dict)
    erasers: dict[str, Eraser] = field(default_factory=dict)

    async def launch(self, settings: Settings) -> None:
        """Start what the settings name."""
        await self.spool.set_note(UNASKED, "yes" if settings.watch.backfill else None)
        if settings.watch.backfill:
            await self.spool.release(None, None)
        for name, destination in settings.destinations.items():
            await self._send_to(name, destination)
        # Once all are known: what a later one keeps is no earlier one's to forget.
        await self._tidy()
        for name, source in settings.sources.items():
            await self.add_source(name, source)
        self.crew.hire("left-over", self._look_and_complete())

    async def add_source(self, name: str, settings: SourceSettings) -> None:
        """Follow one more folder; Misconfigured when nothing here reads it."""
        tracker = self.tracker(settings.tracker)
        check_folder(settings.folder, self.user_home)
        self.check_source(settings.folder)
        source = Source(name=name, tracker=tracker, root=settings.folder)
        listeners = (self._found, self.listeners.looked)
        runner = _Observed(source, self.world, self.pace, self.destinations, listeners)
        self.runners[name] = runner
        await self._follow_since(source)
        self.crew.hire(f"source:{name}", runner.run())

    async def _follow_since(self, source: Source) -> None:
        """Remember when that began: what ended before it waits to be asked for. Another folder is another source."""
        note, place = source_note(source.name), content_mark(source.tracker.name, source.root.as_posix())
        known = await self.spool.note(note)
        if known is None or not known.endswith(f" {place}"):
            await self.spool.set_note(note, f"{self.road.clock.now().isoformat()} {place}")

    async def remove_source(self, name: str) -> None:
        """Follow it no more."""
        runner = self.runners.pop(name)
        await self.crew.dismiss(f"source:{name}")
        self.listeners.looked(runner.source, ())
        await self._complete_left()
        await self.spool.set_note(source_note(name), None)

    async def _look_and_complete(self) -> None:
        """The same at the start. A source may only have another name now: what it holds runs on, so it looks first."""
        try:
            if set(await self.spool.sources_of_partials()).difference(self.runners):
                await self.rescan()
                await self._complete_left()
        except Exception:  # it is tried again at the next start, and the others go on
            log.exception("sessions of no source not completed", extra={"action": "partial"})

    async def _complete_left(self) -> None:
        """What was sent while it ran, and whose source is followed no more, is told to be over."""
        running = {found.id for _, found in self.running()}
        now = self.road.clock.now()
        for one in await complete_left(self.spool, self.runners, running, self.destinations(), now):
            if found := await self.spool.session(one.session):
                self.listeners.session_found(one.session, found[0].tracker)
            self.wake_couriers()

    async def add_destination(self, name: str, settings: DestinationSettings) -> None:
        """Send to one more place everything that is and will be in the spool, once its gate opens."""
        await self._send_to(name, settings)
        await self._tidy()

    async def _send_to(self, name: str, settings: DestinationSettings) -> None:
        dialect = self.dialect(settings.dialect)
        self.check_place(settings.url)
        destination = Destination(
            name=name,
            dialect=settings.dialect,
            url=settings.url,
            pin=settings.fingerprint,
            privacy=settings.policy,
            upload_hosts=settings.upload_hosts,
            token_url=settings.token_url,
            account=settings.account,
            fields=field_lines({one: tracker.listing for one, tracker in self.trackers.items()}),
            sending=self.upload.sending(settings),
            takes_partials=takes_partials(dialect),
            takes_summaries=takes_summaries(dialect),
            trackers=in_order(settings.trackers),
        )
        told = self.listeners.delivery_changed
        # Who sends and who deletes never write at once: of a report with several sessions each would undo the other's.
        turn = asyncio.Lock() if isinstance(dialect, Gathering) else None
        sending, apps = destination.sending, self.world.apps
        trigger = None if sending.at_once else Trigger(name, sending, self.road.outbox, apps, self.programs_of)
        courier = Courier(
            destination, dialect, self.road, self.gates, told, budget=self.budget, turn=turn, trigger=trigger
        )
        # First known, then enlisted: a session that is admitted in between gets its delivery either way.
        self.couriers[name] = courier
        await self.gates.arrived(destination, await self.spool.note(place_note(name)))
        await self.spool.enlist(name, destination.place, self.road.clock.now())
        await self.spool.set_note(trackers_note(name), trackers_text(destination.trackers))
        self.crew.hire(f"courier:{name}", courier.run())
        changed, errands = self.listeners.state_changed, (CopyErrands(self.spool), RemnantErrands(self.spool))
        self.erasers[name] = Eraser(destination, dialect, self.road, errands, self.gates, changed=changed, turn=turn)
        self.crew.hire(f"eraser:{name}", self.erasers[name].run())

    async def _tidy(self) -> None:
        """Forget what no destination needs any more."""
        await self.spool.keep_only(self.kept_groups())
        sending = {name: courier.destination.sending for name, courier in self.couriers.items()}
        await self.spool.heed_only([name for name, one in sending.items() if one.when is Occasion.SCHEDULE])

    def kept_groups(self) -> frozenset[Group]:
        """What some destination is sent as the log says it."""
        kept = (courier.destination.privacy.kept for courier in self.couriers.values())
        return frozenset(group for groups in kept for group in groups)

    async def change_privacy(self, name: str, settings: DestinationSettings) -> None:
        """Other terms for a destination; its owner has to agree to them anew."""
        await self._become(replace(self.couriers[name].destination, privacy=settings.policy))
        await self.spool.keep_only(self.kept_groups())

    async def pin_destination(self, name: str, settings: DestinationSettings) -> None:
        """Its owner vouches for another key; the consent was about the old one."""
        await self._become(replace(self.couriers[name].destination, pin=settings.fingerprint))

    async def rename_owner(self, name: str, settings: DestinationSettings) -> None:
        """Its owner is called otherwise there, or nothing any more; the consent was about who he was."""
        await self._become(replace(self.couriers[name].destination, account=settings.account))

    async def change_trackers(self, name: str, settings: DestinationSettings) -> None:
        """Others' sessions go there from now on; what was left out so far waits, and what is left out now does not."""
        await self.spool.set_note(trackers_note(name), trackers_text(settings.trackers))
        await self._become(replace(self.couriers[name].destination, trackers=in_order(settings.trackers)))

    async def _become(self, destination: Destination) -> None:
        """Whoever sends and whoever deletes have it so; what is on its way as it was agreed to before stops."""
        courier, eraser = self.couriers[destination.name], self.erasers[destination.name]
        courier.destination = eraser.destination = destination
        if not self.gates.consents.given(destination):
            await courier.hold(courier.under_way)
            await self.gates.consents.outdated(destination.name)
        self.gates.forgive(destination.name)

    async def remove_destination(self, name: str) -> None:
        """Send nothing there any more."""
        del self.couriers[name], self.erasers[name]
        await self.crew.dismiss(f"courier:{name}")
        await self.crew.dismiss(f"eraser:{name}")
        await self.spool.dismiss(name)
        await self._tidy()
        self.gates.forgive(name)

    def tracker(self, name: str) -> AnyTracker:
        """The tracker of this name, or Misconfigured."""
        if name not in self.trackers:
            known = ", ".join(sorted(self.trackers))
            raise Misconfigured("tracker-unknown", f'There is no tracker "{name}".', hint=f"Known are: {known}.")
        return self.trackers[name]

    def dialect(self, name: str) -> Dialect:
        """The dialect of this name, or Misconfigured."""
        if name not in self.dialects:
            known = ", ".join(sorted(self.dialects))
            raise Misconfigured("dialect-unknown", f'There is no dialect "{name}".', hint=f"Known are: {known}.")
        return self.dialects[name]

    def check_place(self, url: str) -> None:
        """Misconfigured where a destination is a folder that none can be; it need not exist yet."""
        if not is_folder(url):
            return
        folder = Path(folder_of(url))
        if reason := reason_against_folder(folder, self.user_home):
            raise Misconfigured("folder-refused", f"{folder} cannot be a destination: {reason}.", hint=OWN_FOLDER)
        for runner in self.runners.values():
            self._check_apart(runner.source.root, [url])

    def check_source(self, folder: Path) -> None:
        """Misconfigured where a destination writes into what would be read."""
        self._check_apart(folder, [courier.destination.url for courier in self.couriers.values()])

    def _check_apart(self, source: Path, urls: Sequence[str]) -> None:
        """What is written must never be read as a game's log."""
        root = source.resolve()
        for folder in (Path(folder_of(url)).resolve() for url in urls if is_folder(url)):
            if root.is_relative_to(folder) or folder.is_relative_to(root):
                said = f"{folder} cannot be a destination: it and the source {source} are in each other."
                raise Misconfigured("folder-refused", said, hint=OWN_FOLDER)

    def destinations(self) -> Sequence[str]:
        """Names of all destinations."""
        return tuple(self.couriers)

    def destinations_of_partials(self) -> Sequence[str]:
        """Those that are sent long sessions while they run."""
        return [name for name, one in self.couriers.items() if one.destination.while_it_runs]

    def filters(self) -> Mapping[str, Sequence[str]]:
        """Destination -> the trackers whose sessions it is sent; those that are sent all have none."""
        return {name: courier.destination.trackers for name, courier in self.couriers.items()}

    def summaries(self) -> Mapping[str, int]:
        """Those that get a summary first, and of how many events on."""
        wanted = ((name, one.destination.summary_from) for name, one in self.couriers.items())
        return {name: events for name, events in wanted if events is not None}

    def wake_couriers(self) -> None:
        """Something may have become possible."""
        for courier in self.couriers.values():
            courier.wake()
        for eraser in self.erasers.values():
            eraser.wake()

    def programs(self) -> frozenset[str]:
        """Games whose logs are followed."""
        return frozenset(name for runner in self.runners.values() for name in runner.programs)

    async def network_changed(self) -> None:
        """Whatever could not be reached is tried at once."""
        for courier in list(self.couriers.values()):
            await courier.network_changed()
        for eraser in list(self.erasers.values()):
            await eraser.network_changed()
        self.gates.network_changed()

    async def hasten_deletions(self, name: str | None = None) -> None:
        """Their owner did something, about one destination or all: deletions need not wait any longer."""
        for destination, eraser in list(self.erasers.items()):
            if name in {None, destination}:
                await eraser.hasten()

    async def drop(self, deliveries: Collection[str]) -> None:
        """Nothing of these is sent any more when this returns."""
        for courier in list(self.couriers.values()):
            await courier.drop(deliveries)

    async def hold(self, deliveries: Collection[str]) -> None:
        """These are not being sent any more when this returns; what is claimed later is written anew."""
        for courier in list(self.couriers.values()):
            if meant := courier.under_way.intersection(deliveries):
                await courier.hold(meant)

    async def rescan(self) -> None:
        """Look at every source now."""
        for name in list(self.runners):
            if runner := self.runners.get(name):  # else it was removed while another one looked
                await runner.rescan()

    def running(self) -> Sequence[tuple[Source, Found]]:
        """The sessions that are still open, with their sources."""
        return [(runner.source, found) for runner in self.runners.values() for found in runner.running()]

    async def end(self, session: str) -> bool:
        """End a running session because its owner wants it; False when no such session runs."""
        for runner in self.runners.values():
            if any(found.id == session for found in runner.running()):
                await runner.end(session)
                return True
        return False

    async def app_closed(self, app: str) -> bool:
        """A program told that it was closed: its sessions end. False when no source has a program of this name."""
        concerned = [runner for runner in list(self.runners.values()) if runner.has_app(app)]
        self.world.apps.close(app)
        for runner in concerned:
            await runner.rescan()
        return bool(concerned)

    async def all_gates(self) -> Mapping[str, Gate]:
        """Destination -> gate, as of now, and what is waited for there."""
        return {name: await self._gate(courier.destination) for name, courier in self.couriers.items()}

    async def _gate(self, destination: Destination) -> Gate:
        gate, sending = await self.gates.gate(destination), destination.sending
        if sending.at_once:
            return gate
        comes = following(sending, self.road.clock.now())
        return replace(gate, waits_for=waits_for(sending, comes), turn=comes)

    def programs_of(self, tracker: str) -> frozenset[str]:
        """The names of the programs that write a tracker's sessions."""
        runners = [one for one in self.runners.values() if one.source.tracker.name == tracker]
        return frozenset(name for one in runners for name in one.programs)

    def _found(self, source: Source, admitted: Sequence[Admitted]) -> None:
        for one in admitted:
            self.listeners.session_found(one.session, source.tracker.name)
        if admitted:
            self.wake_couriers()


def check_folder(folder: Path, home: Path) -> None:
    """Misconfigured `folder-refused` when this folder cannot be a source; it need not exist yet."""
    hint = "Name the log folder itself."
    if reason := reason_against_folder(folder, home):
        raise Misconfigured("folder-refused", f"{folder} cannot be a source: {reason}.", hint=hint)
    if folder.exists() and not folder.is_dir():
        raise Misconfigured("folder-refused", f"{folder} is not a folder.", hint="Name the folder the file is in.")
