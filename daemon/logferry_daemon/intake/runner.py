"""Follows one source: looks when it is time or something changed, and puts the stages of a look in their order.

The scan is the record; a hint from the watcher only makes the next look come sooner. Every decision is the core's.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from logferry_daemon.core.reading import Found, only_grows
from logferry_daemon.intake.boundaries import Boundaries
from logferry_daemon.intake.catching_up import Place, catch_up_for
from logferry_daemon.intake.deciding import Deciding
from logferry_daemon.intake.file_state import mark
from logferry_daemon.intake.folder import Folder
from logferry_daemon.intake.keeping import Keeper
from logferry_daemon.intake.mistakes import said_of
from logferry_daemon.intake.orphans import Orphans
from logferry_daemon.intake.partials import Partials
from logferry_daemon.intake.reading_on import ReadingOn
from logferry_daemon.intake.rounds import Rounds
from logferry_daemon.intake.source import Pace, Source, World
from logferry_daemon.intake.timetable import Timetable
from logferry_daemon.intake.watching import MISSING_RETRY, Watching
from logferry_daemon.ports import Admitted
from logferry_daemon.wake import Wake
from logferry_model.errors import LogferryError, Unreachable

log = logging.getLogger(__name__)

_GRAIN = timedelta(milliseconds=20)
"""Later than the exact moment, so that rounding does not make a second look necessary."""


class SourceRunner:
    """One source, from its folder to the spool."""

    def __init__(
        self,
        source: Source,
        world: World,
        pace: Pace,
        destinations: Callable[[], Sequence[str]],
        found: Callable[[Source, Sequence[Admitted]], None],
    ) -> None:
        self.source = source
        self.state = "starting"
        self.failed_by = ""
        """The code of what keeps it from going on; empty while nothing does."""
        self._world = world
        self._pace = pace
        place = Place(source.root, world.files, world.databases)
        self._orphans = Orphans(pace.patience, only_grows=only_grows(source.tracker))
        self._partials = Partials(source.name, world.intake, world.partials, pace.patience)
        self._boundaries = Boundaries(source, world.apps)
        self._folder = Folder(source, place, world.intake, self._orphans)
        self._keeper = Keeper(source, world, destinations, found, (self._orphans, self._partials, self._boundaries))
        reading = ReadingOn(
            catch_up_for(source.tracker, place, world.room), pace, world.clock, self._keeper, self._orphans
        )
        deciding = Deciding(source, pace, world.clock, self._boundaries, self._keeper)
        self._rounds = Rounds(source, self._folder, reading, self._boundaries, deciding)
        self._timetable = Timetable()
        self._wake = Wake(world.clock)
        self._watching = Watching(source, world.watcher, world.clock, self.hint)
        self._asked: list[asyncio.Future[None]] = []
        """Those who wait for a look at everything."""

    @property
    def number_of_files(self) -> int:
        """Files of its tracker in the folder."""
        return len(self._folder.files)

    @property
    def unwatched(self) -> Unreachable | None:
        """Why nobody tells about changes; it is scanned more often then."""
        return self._watching.unwatched

    @property
    def programs(self) -> frozenset[str]:
        """The names of the programs that write its files."""
        return self._boundaries.programs(self._folder.files)

    def running(self) -> Sequence[Found]:
        """The sessions that are still open, as of the last look."""
        # Asked after every look: nearly all of a large folder was read long ago, and must cost next to nothing.
        there = (state for state in self._folder.files.values() if state.reading is not None and not state.behind)
        return [found for state in there for found in state.open if mark(found) not in state.admitted]

    def has_app(self, app: str) -> bool:
        """Whether this is the name of its tracker or of one of its programs."""
        return app.casefold() in {name.casefold() for name in (self.source.tracker.name, *self.programs)}

    async def end(self, session: str) -> None:
        """Its owner wants this running session to be over; returns when that was looked at."""
        self._boundaries.demand(session, self._world.clock.now())
        await self.rescan()

    async def rescan(self) -> None:
        """Look at everything now; returns when that is done, or when it is followed no more."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asked.append(done)
        self._timetable.at_once()
        self._wake.set()
        await done

    def hint(self) -> None:
        """Something changed in its folder."""
        self._timetable.hint()
        self._wake.set()

    async def run(self) -> None:
        """Follow until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._watching.run())
                group.create_task(self._look_again_and_again())
        finally:
            _answer(self._asked)

    async def _look_again_and_again(self) -> None:
        while True:
            self._wake.clear()
            delay = await self.look()
            await self._wake.wait(delay)

    async def look(self) -> timedelta:
        """One look at the source; returns how long the next one may wait."""
        asked, self._asked = self._asked, []
        try:
            await self._look()
        except LogferryError as error:
            # The folder is away or the spool cannot be written: nothing was lost, it is all read again.
            if self.state != error.message:
                about = {"action": "source", "source": self.source.name, "code": error.code}
                log.warning("source not readable", extra=about)
            return self._failed(error.message, error.code)
        except Exception as error:  # one source that cannot go on is no reason for the others to stop
            if self.state != said_of(error):
                log.exception("source failed", extra={"action": "source", "source": self.source.name})
            return self._failed(said_of(error), "mistake")
        else:
            self.state, self.failed_by = "watching", ""
            return self._delay()
        finally:
            if self._rounds.over:
                _answer(asked)
            else:
                self._asked = asked + self._asked

    def _failed(self, why: str, code: str) -> timedelta:
        self._timetable.at_once()
        self._rounds.give_up()
        self.state, self.failed_by = why, code
        return MISSING_RETRY

    async def _look(self) -> None:
        now = self._world.clock.now()
        if self._timetable.until_scan(now, self._rescan_every) <= timedelta():
            await self._scan(now)
            self._rounds.begin()
        elif self._rounds.over:
            if not await self._folder.peek(now):
                self._timetable.at_once()
            self._rounds.begin()
        await self._rounds.go_on()
        if self._rounds.over:
            await self._keep_what_is_gone()

    async def _scan(self, now: datetime) -> None:
        # Before the scan: a hint that comes while it runs asks for one more.
        self._timetable.begun(now, self._rescan_every)
        if not self._folder.loaded:
            await self._partials.load()
            await self._folder.load()
        await self._folder.scan(now)
        self._timetable.done(now, self._world.clock.now())

    async def _keep_what_is_gone(self) -> None:
        """Sessions that no file holds any more, and those that were sent while they ran, whose log is gone."""
        folder = self._folder
        for orphan in self._orphans.overdue(folder.found, self._world.clock.now()):
            await self._keeper.keep_orphan(orphan, folder.files.get(orphan.path))
        if not self._partials.any or not folder.all_open:
            return
        if any(state.reading is None or state.behind for state in folder.unfinished):
            return  # what was not read yet may hold it
        await self._keeper.complete_lost({found.id for found in folder.found})

    @property
    def _rescan_every(self) -> timedelta:
        return self._pace.unwatched if self.unwatched else self._pace.rescan

    def _delay(self) -> timedelta:
        """Until the next file can have settled, or the next scan is due."""
        now = self._world.clock.now()
        if not self._rounds.over or any(state.behind for state in self._folder.files.values()):
            return timedelta()
        waits = [self._timetable.until_scan(now, self._rescan_every), *self._orphans.waits(now)]
        for state in self._folder.unfinished:
            soon = self._pace.settle - (now - state.quiet_since)
            waits.append(soon + _GRAIN if soon > timedelta() else self._pace.busy)
        return max(min(waits), _GRAIN)


def _answer(asked: Sequence[asyncio.Future[None]]) -> None:
    for one in asked:
        if not one.done():
            one.set_result(None)
