"""The sources of a fleet: they come and go, are looked at, and their sessions end."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from logferry_daemon.core.identity import content_mark
from logferry_daemon.fleet.observed import Observed
from logferry_daemon.fleet.places import check_apart, check_folder
from logferry_daemon.fleet.roster import Roster
from logferry_daemon.intake.partials import complete_left
from logferry_daemon.intake.source import Source
from logferry_daemon.ports import Admitted, source_note
from logferry_daemon.settings import SourceSettings

log = logging.getLogger(__name__)


class Following(Roster):
    """A fleet's sources."""

    async def add_source(self, name: str, settings: SourceSettings) -> None:
        """Follow one more folder; Misconfigured when nothing here reads it."""
        tracker = self.tracker(settings.tracker)
        check_folder(settings.folder, self.user_home)
        self.check_source(settings.folder)
        source = Source(name=name, tracker=tracker, root=settings.folder)
        listeners = (self._found, self.listeners.looked)
        runner = Observed(source, self.world, self.pace, self.destinations, listeners)
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

    def check_source(self, folder: Path) -> None:
        """Misconfigured where a destination writes into what would be read."""
        check_apart(folder, [courier.destination.url for courier in self.couriers.values()])

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

    async def rescan(self) -> None:
        """Look at every source now."""
        for name in list(self.runners):
            if runner := self.runners.get(name):  # else it was removed while another one looked
                await runner.rescan()

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

    def programs(self) -> frozenset[str]:
        """Games whose logs are followed."""
        return frozenset(name for runner in self.runners.values() for name in runner.programs)

    def _found(self, source: Source, admitted: Sequence[Admitted]) -> None:
        for one in admitted:
            self.listeners.session_found(one.session, source.tracker.name)
        if admitted:
            self.wake_couriers()
