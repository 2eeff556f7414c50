"""Follows one source: finds its files, lets them settle, reads on, decides what is over, hands that to the spool.

The scan is the record; a hint from the watcher only makes the next look come sooner. Every decision is the core's.
"""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from logferry_daemon.apps import Apps
from logferry_daemon.catching_up import BUDGET, Place, catch_up_for
from logferry_daemon.core.boundary import GONE, end_by, end_of
from logferry_daemon.core.known_secrets import NO_SECRETS, Secrets
from logferry_daemon.core.policy import Listing
from logferry_daemon.core.preparing import prepare
from logferry_daemon.core.reading import (
    AnyTracker,
    EndRules,
    Found,
    LogTracker,
    Paper,
    Signals,
    Trouble,
    only_grows,
    too_large,
)
from logferry_daemon.core.sanitise import Privacy
from logferry_daemon.core.settle import Sighting, Signature, seen
from logferry_daemon.file_state import FileState, mark
from logferry_daemon.named import Named
from logferry_daemon.orphans import Orphan, Orphans
from logferry_daemon.partials import NO_PARTIALS, Partials, PartialTerms
from logferry_daemon.ports import (
    CLOSED,
    Admitted,
    Clock,
    Databases,
    FileRow,
    FileSeen,
    Intake,
    KeysInSight,
    LogFiles,
    NewSession,
    Watcher,
)
from logferry_daemon.wake import Wake
from logferry_model.errors import Damaged, LogferryError, Unreachable
from logferry_model.session import End, EndRule

log = logging.getLogger(__name__)

MISSING_RETRY = timedelta(seconds=5)
UNWATCHED_RETRY = timedelta(minutes=10)
"""A limit may have been raised, a network drive replaced."""
BATCH = 256
"""Files in one look. After a burst of thousands there is a scan now and then, and not only at the end."""
HELD = 32 * 2**20
"""Bytes of files that wait for the others in a look: objects take some times the room of their text."""
SCAN_SHARE = 20
"""However often something changes, a scan takes at most this part of the time: a folder may hold 100,000 files."""
PASSING = frozenset({"no-permission", "file-unreadable"})
"""Troubles that go away without any sign in the file's size or time."""
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
    unwatched: timedelta = timedelta(seconds=10)
    """Between two scans where nobody tells about changes."""
    busy: timedelta = timedelta(seconds=2)
    """Between two looks at a file that is being written."""


class NoKeys:
    """Nobody sends anywhere, so there are no keys."""

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Secrets]:
        """None."""
        yield NO_SECRETS


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The ports a source needs."""

    clock: Clock
    files: LogFiles
    databases: Databases
    watcher: Watcher
    apps: Apps
    intake: Intake
    privacy: Callable[[Listing], Privacy]
    """What may be kept of sessions of a tracker that lists this."""
    keys: KeysInSight = field(default_factory=NoKeys)
    """None of these may be in what is kept."""
    summaries: Callable[[], Mapping[str, int]] = dict
    """Destinations that get a summary first, and of how many events on."""
    partials: PartialTerms = NO_PARTIALS
    """Where long sessions go while they run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A configured place and how to read it."""

    name: str
    tracker: AnyTracker
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
        self.failed_by = ""
        """The code of what keeps it from going on; empty while nothing does."""
        self.unwatched: Unreachable | None = None
        """Why nobody tells about changes; it is scanned more often then."""
        self._world = world
        self._pace = pace
        self._destinations = destinations
        self._found = found
        self._place = Place(source.root, world.files, world.databases)
        self._catch_up_with = catch_up_for(source.tracker, self._place)
        # Asked once: what kind a tracker is takes longer to find out than everything else about an unchanged file.
        self._companions = None if isinstance(source.tracker, LogTracker) else source.tracker.companions
        self._files: dict[str, FileState] = {}
        self._rows: dict[str, FileRow] | None = None
        """What the spool knew at the start, of files not seen yet."""
        self._orphans = Orphans(pace.patience, only_grows=only_grows(source.tracker))
        self._partials = Partials(source.name, world.intake, world.partials, pace.patience)
        self._wake = Wake(world.clock)
        self._next_scan: datetime | None = None
        self._drive: int | None = None
        """What the folder was on when it was last looked at."""
        self._closed: tuple[str, ...] = ()
        """Folders that could not be looked into: nothing is known of what is below."""
        self._hinted = False
        self._rested: datetime | None = None
        """Until then no hint brings a scan."""
        self._asked: list[asyncio.Future[None]] = []
        """Those who wait for a look at everything."""
        self._round: list[FileState] = []
        """Whose turn has not come since the last look at everything."""
        self._beginnings: list[datetime] = []
        """The first times of all files, in order, as of this look."""
        self._named = Named()
        self._demands: dict[str, datetime] = {}
        """Session -> when its owner asked for its end."""

    @property
    def number_of_files(self) -> int:
        """Files of its tracker in the folder."""
        return len(self._files)

    def running(self) -> Sequence[Found]:
        """The sessions that are still open, as of the last look."""
        # Asked after every look: nearly all of a large folder was read long ago, and must cost next to nothing.
        there = (state for state in self._files.values() if state.reading is not None and not state.behind)
        return [found for state in there for found in state.open if mark(found) not in state.admitted]

    def has_app(self, app: str) -> bool:
        """Whether this is the name of its tracker or of one of its programs."""
        return app.casefold() in {name.casefold() for name in (self.source.tracker.name, *self.programs)}

    @property
    def programs(self) -> frozenset[str]:
        """The names of the programs that write its files."""
        of_files = (name for state in self._files.values() for name in self._rules(state).processes)
        return frozenset((*self._rules_at("").processes, *of_files))

    async def end(self, session: str) -> None:
        """Its owner wants this running session to be over; returns when that was looked at."""
        self._demands[session] = self._world.clock.now()
        await self.rescan()

    async def run(self) -> None:
        """Follow until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._watch())
                group.create_task(self._look_again_and_again())
        finally:
            _answer(self._asked)

    async def rescan(self) -> None:
        """Look at everything now; returns when that is done, or when it is followed no more."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asked.append(done)
        self._next_scan = None
        self._wake.set()
        await done

    def _hint(self) -> None:
        self._hinted = True
        self._wake.set()

    async def _watch(self) -> None:
        retry = MISSING_RETRY
        while True:
            try:
                async for _ in self._world.watcher.hints(self.source.root):
                    self.unwatched, retry = None, MISSING_RETRY
                    self._hint()
            except Unreachable as error:
                log.info("source not watched", extra={"action": "source", "code": error.code})
                self.unwatched, retry = error, UNWATCHED_RETRY
                self._hint()
            except Exception as error:  # the scan goes on, and so do the other sources
                log.exception("watcher failed", extra={"action": "source", "source": self.source.name})
                self.unwatched, retry = Unreachable("watch-failed", _mistake(error)), UNWATCHED_RETRY
                self._hint()
            await self._world.clock.sleep(retry)
            retry = min(2 * retry, UNWATCHED_RETRY)

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
            if self.state != _mistake(error):
                log.exception("source failed", extra={"action": "source", "source": self.source.name})
            return self._failed(_mistake(error), "mistake")
        else:
            self.state, self.failed_by = "watching", ""
            return self._delay()
        finally:
            if self._round:
                self._asked = asked + self._asked
            else:
                _answer(asked)

    def _failed(self, why: str, code: str) -> timedelta:
        self._next_scan, self._round, self.state, self.failed_by = None, [], why, code
        return MISSING_RETRY

    async def _look(self) -> None:
        now = self._world.clock.now()
        if self._until_scan(now) <= timedelta():
            # Before the scan: a hint that comes while it runs asks for one more.
            self._next_scan, self._hinted = now + self._rescan, False
            await self._scan(now)
            done = self._world.clock.now()
            self._rested = done + SCAN_SHARE * (done - now)
            self._round = self._next_round()
        elif not self._round:
            await self._peek(now)
            self._round = self._next_round()
        batch, self._round = self._round[:BATCH], self._round[BATCH:]
        waiting = [state for state in batch if self._files.get(state.path) is state and not state.known]
        await self._read_on(waiting)
        if not self._round:
            for orphan in self._orphans.overdue(self._everything(), self._world.clock.now()):
                await self._keep_orphan(orphan)
            await self._complete_lost()

    async def _complete_lost(self) -> None:
        """What was sent while it ran, and whose log is gone, is told to be over."""
        if not self._partials.any or self._closed:
            return
        if any(not state.known and (state.reading is None or state.behind) for state in self._files.values()):
            return  # what was not read yet may hold it
        held, now = {found.id for found in self._everything()}, self._world.clock.now()
        admitted = await self._partials.complete_lost(held, self._destinations(), now)
        self._found(self.source, admitted)

    async def _read_on(self, waiting: Sequence[FileState]) -> None:
        """Read what is new and hand over what is over, holding a little at a time.

        Only what a later file's beginning may end waits for the others to be read: a folder of years is mostly in that
        order, so of too much the last one waits on.
        """
        held: list[FileState] = []
        bulk = 0
        for state in waiting:
            await self._advance(state)
            if not (state.open and self._rules(state).next_start):
                await self._decide(state, await self._running_programs([state]))
                continue
            held.append(state)
            bulk += self._bulk(state)
            if bulk > HELD:
                await self._decide_all(held[:-1])
                held, bulk = [state], self._bulk(state)
        await self._decide_all(held)

    def _bulk(self, state: FileState) -> int:
        """Bytes of it that a look reads at most."""
        size = state.sighting.signature.size
        return min(size, BUDGET) if self._companions is None else size

    async def _decide_all(self, states: Sequence[FileState]) -> None:
        if not states:
            return
        running = await self._running_programs(states)
        self._beginnings = sorted(state.first_at for state in self._files.values() if state.first_at is not None)
        for state in states:
            await self._decide(state, running)

    def _next_round(self) -> list[FileState]:
        """Everything that is not finished with; who waits already keeps his place."""
        left = {state.path: state for state in self._round}
        return [*left.values(), *(state for path, state in self._files.items() if not state.known and path not in left)]

    @property
    def _rescan(self) -> timedelta:
        return self._pace.unwatched if self.unwatched else self._pace.rescan

    def _until_scan(self, now: datetime) -> timedelta:
        """How long the next scan may wait."""
        if self._next_scan is None:
            return timedelta()
        due = min(self._next_scan, self._rested or now) if self._hinted else self._next_scan
        wait = due - now
        # More than that: the clock was set back.
        return wait if wait <= self._rescan else timedelta()

    def _everything(self) -> Iterator[Found]:
        for state in self._files.values():
            yield from state.found

    async def _scan(self, now: datetime) -> None:
        if self._rows is None:
            rows = {row.path: row for row in await self._world.intake.files(self.source.name)}
            await self._partials.load()
            self._rows = rows
        entries = await self._world.files.scan(self.source.root, self.source.tracker.patterns)
        await self._refuse_other_drive(empty=not entries)
        for number, entry in enumerate(entries):
            await self._note(entry, now)
            if number % BATCH == 0:
                await asyncio.sleep(0)  # the others' turn
        for state in self._files.values():
            troubles = state.row.troubles if state.row else ()
            state.again = bool(troubles) and any(trouble.code in PASSING for trouble in troubles)
        there = {entry.path for entry in entries}
        self._closed = tuple(f"{one.path}/" for one in entries if one.trouble and one.trouble.code == CLOSED)
        for path in [path for path in set(self._files) - there if not path.startswith(self._closed)]:
            self._orphans.check(path, self._files.pop(path).unkept, (), now)
            await self._world.intake.forget_file(self.source.name, path, now)
        # At the first look an empty folder may be one whose drive is not plugged in yet.
        for path in [path for path in set(self._rows) - there if there and not path.startswith(self._closed)]:
            del self._rows[path]
            await self._world.intake.forget_file(self.source.name, path, now)

    async def _refuse_other_drive(self, *, empty: bool) -> None:
        """Nothing is left of what was there: deleted? Not when the folder's drive is another one, too."""
        root = await self._world.files.look(self.source.root, "")
        drive = root.signature.device if root else None
        if empty and self._files and drive != self._drive:
            raise Unreachable(
                "source-away",
                f"{self.source.root} is empty, and not on the drive that its files were on.",
                hint="Plug that drive in again; until then nothing counts as deleted.",
            )
        self._drive = drive

    async def _peek(self, now: datetime) -> None:
        """Look only at the files that are not finished with."""
        for state in [state for state in self._files.values() if not state.known]:
            entry = await self._world.files.look(self.source.root, state.path)
            if entry is None and state.path.startswith(self._closed):
                continue  # it waits for its folder to be opened again
            if entry is None:
                self._next_scan = None  # gone or renamed: the scan finds out
            else:
                await self._note(entry, now)

    async def _note(self, entry: FileSeen, now: datetime) -> None:
        state, signature = self._files.get(entry.path), await self._signature(entry)
        if state is None:
            row = self._rows.pop(entry.path, None) if self._rows else None
            state = FileState(path=entry.path, sighting=Sighting(signature, now), row=row)
            self._files[entry.path] = state
        state.sighting = seen(state.sighting, signature, now)
        state.trouble = entry.trouble or too_large(entry.signature.size, self.source.tracker.max_bytes)

    async def _signature(self, entry: FileSeen) -> Signature:
        if self._companions is None or entry.trouble:
            return entry.signature
        return await self._place.joined(entry.signature, tuple(self._companions(entry.path)))

    async def _advance(self, state: FileState) -> None:
        """Read what is new."""
        before = state.unkept
        if state.trouble is None:
            await self._catch_up(state)
        if state.trouble is not None:
            await self._set_aside(state, state.trouble)
        self._orphans.check(state.path, before, state.found, self._world.clock.now())

    async def _catch_up(self, state: FileState) -> None:
        quiet = self._world.clock.now() - state.quiet_since
        try:
            with _mistakes_as_damage():
                await self._catch_up_with(state, settled=quiet >= self._pace.settle)
        except (Damaged, Unreachable) as error:
            log.info("file not readable now", extra={"action": "file", "code": error.code})
            if isinstance(error, Damaged) or quiet >= self._pace.patience:
                state.trouble = Trouble(code=error.code, message=error.message)

    async def _set_aside(self, state: FileState, trouble: Trouble) -> None:
        state.rest()
        state.again = False
        row = state.row_aside(self.source.name, trouble)
        if row != state.row:
            await self._admit(row, [])
            state.row = row

    async def _running_programs(self, waiting: Sequence[FileState]) -> frozenset[str]:
        """Nothing is looked for while no session is open."""
        names = {name for state in waiting if state.open for name in self._rules(state).processes}
        return await self._world.apps.running(names)

    def _rules(self, state: FileState) -> EndRules:
        return self._rules_at(state.path)

    def _rules_at(self, path: str) -> EndRules:
        return self.source.tracker.rules(f"{self.source.root.as_posix()}/{path}")

    async def _decide(self, state: FileState, running: frozenset[str]) -> None:
        """Hand over what has ended, and remember how far the file was read."""
        if state.known or state.reading is None or (state.read != state.sighting.signature and not state.behind):
            return  # it changed while we read: look again first
        now = self._world.clock.now()
        quiet, last = now - state.quiet_since, state.last
        ended = [(found, end) for found in state.found if (end := self._end(state, found, running, now))]
        # Only the last session can still change: the others need not wait for the game to be quiet, or for the rest.
        last_too = quiet >= self._pace.settle and not state.behind
        fresh = [
            (found, end)
            for found, end in ended
            if mark(found) not in state.admitted and (found is not last or last_too)
        ]
        patient = quiet >= self._pace.patience and not state.behind
        writing = state.behind or (state.reading.unfinished and not patient)
        kept = state.admitted | {mark(found) for found, _ in fresh}
        running_on = writing or any(mark(one) not in kept for one in state.found)
        troubles = () if writing else state.reading.troubles
        row = state.row_of(self.source.name, running=running_on, troubles=troubles)
        if fresh or (patient and row != state.row):
            await self._keep(state, row, fresh)
        over = {found.id for found, _ in ended}
        await self._send_so_far(state, [found for found in state.found if found.id not in over])

    async def _send_so_far(self, state: FileState, running: Sequence[Found]) -> None:
        """The long ones of those sessions that still run."""
        now = self._world.clock.now()
        due = self._partials.due(running, now) if not state.behind else ()
        if not due:
            return
        row = state.row_of(self.source.name, running=True, troubles=state.row.troubles if state.row else ())
        async with self._world.keys.reading() as secrets:
            prepared, _ = await asyncio.to_thread(self._prepare_all, [(found, None) for found in due], state, secrets)
            await self._partials.admit(row, due, prepared, now)
        state.row = row

    def _end(self, state: FileState, found: Found, running: frozenset[str], now: datetime) -> End | None:
        if found.end is not None:
            return found.end
        rules = self._rules(state)
        state.seen_running |= running.intersection(rules.processes)
        later = bisect_right(self._beginnings, found.last_at)
        signals = Signals(
            now=now,
            quiet_since=state.quiet_since,
            process_gone=None if running.intersection(rules.processes) else min(state.seen_running, default=None),
            noticed=state.noticed.setdefault(found.id, now),
            app_closed=self._world.apps.closed((self.source.tracker.name, *rules.processes)),
            demanded=self._demands.get(found.id),
            next_start=self._beginnings[later] if later < len(self._beginnings) else None,
            rules=rules,
        )
        return end_of(found, signals)

    async def _keep(self, state: FileState, row: FileRow, ended: Sequence[tuple[Found, End]]) -> None:
        async with self._world.keys.reading() as secrets:
            prepared, troubles = await asyncio.to_thread(self._prepare_all, ended, state, secrets)
            row = replace(row, troubles=(*row.troubles, *troubles))
            await self._admit(row, prepared, _without(secrets, state.reading.papers if state.reading else None))
        state.row, state.again = row, False
        state.admitted |= {mark(found) for found, _ in ended}
        if not row.running:
            state.rest()
        elif state.last is not None and state.reader is not None:
            state.reader.forget(state.last.offset)

    def _prepare_all(
        self, ended: Sequence[tuple[Found, End | None]], state: FileState, secrets: Secrets
    ) -> tuple[list[NewSession], list[Trouble]]:
        """Each by itself: one that cannot be kept is told about and takes no other with it."""
        prepared, troubles = [], []
        names = self._named.all_in(state.path, state.found) if ended else frozenset()
        for found, end in ended:
            try:
                prepared.append(self._prepare(found, end, secrets, names))
            except Damaged as error:
                troubles.append(Trouble(code=error.code, message=error.message))
        return prepared, troubles

    def _prepare(
        self, found: Found, end: End | None, secrets: Secrets, beside: frozenset[str] = frozenset()
    ) -> NewSession:
        # Given up for silent, a shorter document corrects nothing: it is an older copy beside the one that went on.
        grows = only_grows(self.source.tracker) or (end is not None and end.rule is EndRule.SILENCE)
        tracker = self.source.tracker
        privacy = replace(self._world.privacy(tracker.listing), secrets=secrets)
        with _mistakes_as_damage():
            return prepare(
                found, end, only_grows=grows, privacy=privacy, names_player=tracker.names_player, beside=beside
            )

    async def _admit(self, row: FileRow, sessions: Sequence[NewSession], papers: Sequence[Paper] | None = None) -> None:
        world, destinations = self._world, self._destinations()
        admitted = await world.intake.admit(
            row, sessions, destinations, world.clock.now(), papers, summaries=world.summaries()
        )
        for one in sessions:
            self._orphans.keep(one.session.id, one.weight)
            self._demands.pop(one.session.id, None)
            self._partials.over(one.session.id)
        self._found(self.source, [one for one in admitted if one.new])

    async def _keep_orphan(self, orphan: Orphan) -> None:
        async with self._world.keys.reading() as secrets:
            await self._keep_without(orphan, secrets)

    async def _keep_without(self, orphan: Orphan, secrets: Secrets) -> None:
        end = orphan.found.end or end_by(EndRule.SILENCE, GONE)
        try:
            prepared = await asyncio.to_thread(self._prepare, orphan.found, end, secrets)
        except Damaged:
            self._orphans.keep(orphan.found.id, orphan.found.weight)
            return
        state = self._files.get(orphan.path)
        if state is not None and state.row is not None:
            await self._admit(state.row, [prepared])
            return
        gone = FileState(path=orphan.path, sighting=Sighting(Signature(0, 0, 0, 0), orphan.since))
        await self._admit(gone.row_of(self.source.name, running=False, troubles=()), [prepared])
        await self._world.intake.forget_file(self.source.name, orphan.path, self._world.clock.now())

    def _delay(self) -> timedelta:
        """Until the next file can have settled, or the next scan is due."""
        now = self._world.clock.now()
        if self._round or any(state.behind for state in self._files.values()):
            return timedelta()
        waits = [self._until_scan(now), *self._orphans.waits(now)]
        for state in self._files.values():
            if not state.known:
                soon = self._pace.settle - (now - state.quiet_since)
                waits.append(soon + _GRAIN if soon > timedelta() else self._pace.busy)
        return max(min(waits), _GRAIN)


def _without(secrets: Secrets, papers: Sequence[Paper] | None) -> Sequence[Paper] | None:
    """The papers, but for those that have a key for a name."""
    return papers and [one for one in papers if not secrets.stand_in(f"{one.kind}\n{one.id}")]


def _mistake(error: Exception) -> str:
    return f"A mistake in Logferry: {type(error).__name__}; it is tried again."


def _answer(asked: Sequence[asyncio.Future[None]]) -> None:
    for one in asked:
        if not one.done():
            one.set_result(None)


@contextmanager
def _mistakes_as_damage() -> Iterator[None]:
    """A mistake of ours that one file brings to light is that file's trouble: the others go on."""
    try:
        yield
    except LogferryError:
        raise
    except Exception as error:
        log.exception("reader failed", extra={"action": "file"})
        raise Damaged("reader-failed", f"reading it failed: {type(error).__name__}.") from error
