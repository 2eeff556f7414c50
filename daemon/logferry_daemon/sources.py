"""Follows one source: finds its files, lets them settle, reads on, decides what is over, hands that to the spool.

The scan is the record; a hint from the watcher only makes the next look come sooner. Every decision is the core's.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from logferry_daemon.core.boundary import end_by, end_of
from logferry_daemon.core.preparing import prepare
from logferry_daemon.core.reading import Found, Growth, Signals, Tracker, Trouble, too_large
from logferry_daemon.core.settle import Sighting, seen, settled
from logferry_daemon.file_state import FileReading, FileState, unreadable
from logferry_daemon.ports import Admitted, Clock, FileRow, FileSeen, Intake, LogFiles, NewSession, Processes, Watcher
from logferry_daemon.wake import Wake
from logferry_model.errors import Damaged, LogferryError, Unreachable
from logferry_model.session import End, EndRule

log = logging.getLogger(__name__)

MISSING_RETRY = timedelta(seconds=5)
_GRAIN = timedelta(milliseconds=20)
"""Later than the exact moment, so that rounding does not make a second look necessary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often to look, and how long to wait for writers."""

    settle: timedelta = timedelta(seconds=1)
    """No change for so long: nothing is being written right now."""
    patience: timedelta = timedelta(seconds=30)
    """No change for so long: what is unfinished stays so, and a person is told."""
    rescan: timedelta = timedelta(seconds=60)
    busy: timedelta = timedelta(seconds=2)
    """Between two looks at a file that is being written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The ports a source needs."""

    clock: Clock
    files: LogFiles
    watcher: Watcher
    processes: Processes
    intake: Intake


@dataclass(frozen=True, slots=True)
class Orphan:
    """A file that went away while its session was open."""

    state: FileState
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A configured place and how to read it."""

    name: str
    tracker: Tracker
    root: Path


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
        self._world = world
        self._pace = pace
        self._destinations = destinations
        self._found = found
        self._reading = FileReading(source.root, source.tracker, world.files)
        self._files: dict[str, FileState] = {}
        self._rows: dict[str, FileRow] | None = None
        """What the spool knew at the start, of files not seen yet."""
        self._orphans: list[Orphan] = []
        self._kept: set[str] = set()
        """Sessions that went to the spool since the start."""
        self._wake = Wake(world.clock)
        self._next_scan: datetime | None = None
        self._scanned = asyncio.Event()

    @property
    def number_of_files(self) -> int:
        """Files of its tracker in the folder."""
        return len(self._files)

    async def run(self) -> None:
        """Follow until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch())
            group.create_task(self._look_again_and_again())

    async def rescan(self) -> None:
        """Look at everything now; returns when that is done."""
        self._scanned.clear()
        self._next_scan = None
        self._wake.set()
        await self._scanned.wait()

    async def _watch(self) -> None:
        while True:
            async for _ in self._world.watcher.hints(self.source.root):
                self._next_scan = None
                self._wake.set()
            await self._world.clock.sleep(MISSING_RETRY)

    async def _look_again_and_again(self) -> None:
        while True:
            self._wake.clear()
            delay = await self.look()
            await self._wake.wait(delay)

    async def look(self) -> timedelta:
        """One look at the source; returns how long the next one may wait."""
        full = self._next_scan is None or self._world.clock.now() >= self._next_scan
        try:
            await self._look(full=full)
        except LogferryError as error:
            # The folder is away or the spool cannot be written: nothing was lost, it is all read again.
            self.state = error.message
            self._next_scan = None
            log.warning(
                "source not readable", extra={"action": "source", "source": self.source.name, "code": error.code}
            )
            return MISSING_RETRY
        else:
            self.state = "watching"
            return self._delay()
        finally:
            if full:
                self._scanned.set()

    async def _look(self, *, full: bool) -> None:
        now = self._world.clock.now()
        if full:
            await self._scan(now)
            self._next_scan = now + self._pace.rescan
        else:
            await self._peek(now)
        waiting = [state for state in self._files.values() if not state.known]
        for state in waiting:
            await self._advance(state)
        running = await self._running_programs(waiting)
        for state in waiting:
            if not state.known:
                await self._decide(state, running)
        await self._settle_orphans(now)

    async def _scan(self, now: datetime) -> None:
        if self._rows is None:
            self._rows = {row.path: row for row in await self._world.intake.files(self.source.name)}
        entries = await self._world.files.scan(self.source.root, self.source.tracker.patterns)
        for entry in entries:
            self._note(entry, now)
        for state in self._files.values():
            if state.row and any(trouble.code == "no-permission" for trouble in state.row.troubles):
                state.row = None  # permission comes back without any other sign
        there = {entry.path for entry in entries}
        for path in set(self._files) - there:
            await self._gone(path, now)
        for path in set(self._rows) - there:
            del self._rows[path]
            await self._world.intake.forget_file(self.source.name, path)

    async def _peek(self, now: datetime) -> None:
        """Look only at the files that are not finished with."""
        for state in [state for state in self._files.values() if not state.known]:
            entry = await self._world.files.look(self.source.root, state.path)
            if entry is None:
                self._next_scan = None  # gone or renamed: the scan finds out
            else:
                self._note(entry, now)

    def _note(self, entry: FileSeen, now: datetime) -> None:
        state = self._files.get(entry.path)
        if state is None:
            row = self._rows.pop(entry.path, None) if self._rows else None
            state = FileState(path=entry.path, sighting=Sighting(entry.signature, now), row=row)
            self._files[entry.path] = state
        state.sighting = seen(state.sighting, entry.signature, now)
        state.trouble = entry.trouble or too_large(entry.signature.size, self.source.tracker.max_bytes)

    async def _gone(self, path: str, now: datetime) -> None:
        state = self._files.pop(path)
        if state.open is not None:
            self._orphans.append(Orphan(state, now))
        await self._world.intake.forget_file(self.source.name, path)

    async def _settle_orphans(self, now: datetime) -> None:
        """Keep what a deleted log held, unless the log only got another name."""
        for orphan in list(self._orphans):
            last = orphan.state.last
            elsewhere = {one.last.session.id for one in self._files.values() if one.last}
            if last is None or last.session.id in elsewhere | self._kept:
                self._orphans.remove(orphan)
            elif now - orphan.since >= self._pace.patience:
                self._orphans.remove(orphan)
                await self._keep_orphan(orphan.state, last)

    async def _keep_orphan(self, state: FileState, last: Found) -> None:
        row = unreadable(state, self.source.name, Trouble(code="gone", message="the file is gone."))
        await self._admit(row, [self._prepare(last, end_by(EndRule.SILENCE, "the log was removed"))])
        await self._world.intake.forget_file(self.source.name, state.path)

    async def _advance(self, state: FileState) -> None:
        """Read what is new."""
        if state.trouble is None:
            quiet = settled(state.sighting, self._world.clock.now(), self._pace.settle)
            try:
                await self._reading.catch_up(state, settled=quiet)
            except Damaged as error:
                state.trouble = Trouble(code=error.code, message=error.message)
            except Unreachable as error:
                log.info("file not readable now", extra={"action": "file", "code": error.code})
            except Exception as error:
                log.exception("reader failed", extra={"action": "file", "source": self.source.name})
                state.trouble = Trouble(code="reader-failed", message=f"reading it failed: {type(error).__name__}.")
        if state.trouble is not None:
            state.rest()
            state.row = unreadable(state, self.source.name, state.trouble)
            await self._admit(state.row, [])

    async def _running_programs(self, waiting: Sequence[FileState]) -> frozenset[str]:
        names = self.source.tracker.rules.processes
        if not names or not any(state.open for state in waiting):
            return frozenset()
        return await self._world.processes.running(names)

    async def _decide(self, state: FileState, running: frozenset[str]) -> None:
        """Hand over what has ended, and remember how far the file was read."""
        if state.reading is None:
            return
        now = self._world.clock.now()
        quiet = now - state.sighting.quiet_since()
        if state.read != state.sighting.signature:
            return  # it changed while we read: look again first
        ended = [(found, end) for found in state.reading.found if (end := self._end(state, found, running, now))]
        last = state.last
        # Only the last session can still change: the others need not wait for the game to be quiet.
        fresh = [
            (found, end)
            for found, end in ended
            if _mark(found) not in state.admitted and (found is not last or quiet >= self._pace.settle)
        ]
        patient = quiet >= self._pace.patience
        troubles = () if state.reading.unfinished and not patient else state.reading.troubles
        running_on = last is not None and (not ended or ended[-1][0] is not last)
        if fresh or (patient and not _remembered(state, running=running_on)):
            await self._keep(state, fresh, running=running_on, troubles=troubles)

    def _end(self, state: FileState, found: Found, running: frozenset[str], now: datetime) -> End | None:
        if found.end is None:
            state.seen_running |= running
        others = (other.first_at for other in self._files.values() if other is not state)
        signals = Signals(
            now=now,
            quiet_since=state.sighting.quiet_since(),
            process_gone=None if running else min(state.seen_running, default=None),
            next_start=min((first for first in others if first and first > found.last_at), default=None),
            rules=self.source.tracker.rules,
        )
        return end_of(found, signals)

    async def _keep(
        self, state: FileState, ended: Sequence[tuple[Found, End]], *, running: bool, troubles: tuple[Trouble, ...]
    ) -> None:
        prepared = await asyncio.to_thread(lambda: [self._prepare(found, end) for found, end in ended])
        row = await self._reading.row_of(state, self.source.name, running=running, troubles=troubles)
        await self._admit(row, prepared)
        state.row = row
        state.admitted |= {_mark(found) for found, _ in ended}
        last = state.last
        if last is not None and state.reader is not None:
            state.reader.forget(last.offset)
        if not running:
            state.rest()
            state.read = None

    def _prepare(self, found: Found, end: End) -> NewSession:
        return prepare(found, end, only_grows=self.source.tracker.growth is Growth.APPENDED)

    async def _admit(self, row: FileRow, sessions: Sequence[NewSession]) -> None:
        admitted = await self._world.intake.admit(row, sessions, self._destinations(), self._world.clock.now())
        self._kept.update(one.session for one in admitted)
        self._found(self.source, [one for one in admitted if one.new])

    def _delay(self) -> timedelta:
        """Until the next file can have settled, or the next scan is due."""
        now = self._world.clock.now()
        waits = [self._pace.rescan if self._next_scan is None else self._next_scan - now]
        for state in self._files.values():
            if not state.known:
                quiet = now - state.sighting.quiet_since()
                soon = self._pace.settle - quiet
                waits.append(soon + _GRAIN if soon > timedelta() else self._pace.busy)
        return max(min(waits), _GRAIN)


def _remembered(state: FileState, *, running: bool) -> bool:
    row = state.row
    return row is not None and row.signature == state.read and row.running == running


def _mark(found: Found) -> tuple[str, int]:
    return found.session.id, len(found.session.events)
