"""Reads a file or folder as the daemon would, once and offline: sessions, where they end and why. Sends nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath

from logferry_daemon.core.boundary import end_of
from logferry_daemon.core.inspected import FileInspected, Inspection, Problem, SessionFound, totals
from logferry_daemon.core.reading import AnyTracker, Found, LogTracker, Raw, Reading, Signals, Trouble, too_large
from logferry_daemon.core.settle import Sighting
from logferry_daemon.intake.catching_up import Place, catch_up_for
from logferry_daemon.intake.file_state import FileState
from logferry_daemon.intake.in_threads import InThreads
from logferry_daemon.ports import Databases, FileSeen, LogFiles
from logferry_model.errors import LogferryError, Misconfigured
from logferry_model.session import End

MAX_LOOKS = 100_000
"""At one file: more than any file of a size that is read can need."""
BESIDE = ("-wal", "-shm", "-journal")
"""How the names of files end that belong to a database."""
_CHANGING = Trouble(code="changing", message="it changes while it is read; try again when its program is closed.")

Progress = Callable[[int, int], None]
"""Files done, files in all."""


def _unseen(_tracker: AnyTracker, _found: Found) -> None:
    """Nobody wants all of it."""


@dataclass(frozen=True, slots=True)
class _Read:
    seen: FileSeen
    tracker: AnyTracker | None
    reading: Reading


@dataclass(frozen=True, slots=True)
class Survey:
    """A look at one folder."""

    files: LogFiles
    databases: Databases
    trackers: Mapping[str, AnyTracker]
    now: datetime
    seen: Callable[[AnyTracker, Found], None] = _unseen
    """Told of every session once it is whole, while all of it is still there."""

    async def of(
        self, root: Path, only: Sequence[str] | None, tracker: str | None, progress: Progress | None
    ) -> Inspection:
        """Everything in `root`, or the files named `only` in it."""
        chosen = self._chosen(tracker)
        entries = await self._entries(root, only)
        done = []
        for number, entry in enumerate(entries, start=1):
            done.append(await self._read(root, entry, chosen, forced=tracker is not None and only is not None))
            if progress:
                progress(number, len(entries))
        done = [await self._by_neighbours(root, one, done) for one in done]
        done.sort(key=lambda one: (one.reading.first_at is None, one.reading.first_at or self.now, one.seen.path))
        files = tuple(self._inspected(one, done) for one in done)
        return Inspection(files=files, totals=totals(files))

    async def _by_neighbours(self, root: Path, one: _Read, everything: Sequence[_Read]) -> _Read:
        """A file that was given another name is probably what the files beside it are."""
        if one.tracker is not None or one.seen.trouble is not None:
            return one
        suffix = PurePosixPath(one.seen.path).suffix
        beside = {
            other.tracker.name: other.tracker
            for other in everything
            if other.tracker is not None and PurePosixPath(other.seen.path).suffix == suffix
        }
        for tracker in beside.values():
            read = await self._read_by(root, one.seen, tracker)
            if read.reading.found or {trouble.code for trouble in read.reading.troubles} == {"no-session"}:
                said = f"no tracker knows files of this name; read as {tracker.name}, as files beside it are."
                guessed = Trouble(code="guessed", message=said)
                return replace(read, reading=replace(read.reading, troubles=(guessed, *read.reading.troubles)))
        return one

    async def _entries(self, root: Path, only: Sequence[str] | None) -> Sequence[FileSeen]:
        if only is None:
            return _without_belongings(await self.files.scan(root, ["*"]))
        entries = [await self.files.look(root, name) for name in only]
        return [entry for entry in entries if entry]

    def _chosen(self, name: str | None) -> Sequence[AnyTracker]:
        if name is None:
            return list(self.trackers.values())
        if name not in self.trackers:
            known = ", ".join(sorted(self.trackers))
            raise Misconfigured("tracker-unknown", f'There is no tracker "{name}".', hint=f"Known are: {known}.")
        return [self.trackers[name]]

    async def _read(self, root: Path, entry: FileSeen, trackers: Sequence[AnyTracker], *, forced: bool) -> _Read:
        name = Path(entry.path)
        fitting = [one for one in trackers if forced or any(name.match(pattern) for pattern in one.patterns)]
        if not fitting:
            message = "no tracker or recipe knows files of this name."
            return _Read(entry, None, Reading(troubles=(Trouble(code="unknown-file", message=message),)))
        reads = [await self._read_by(root, entry, tracker) for tracker in fitting]
        # Several trackers give their files the same names: whoever finds a session in it was right.
        return next((one for one in reads if one.reading.found), reads[0])

    async def _read_by(self, root: Path, entry: FileSeen, tracker: AnyTracker) -> _Read:
        if trouble := entry.trouble or too_large(entry.signature.size, tracker.max_bytes):
            return _Read(entry, tracker, Reading(troubles=(trouble,)))
        try:
            return _Read(entry, tracker, await self._whole(root, entry, tracker))
        except LogferryError as error:
            trouble = Trouble(code=error.code, message=error.message)
            return _Read(entry, tracker, Reading(troubles=(trouble,)))

    async def _whole(self, root: Path, entry: FileSeen, tracker: AnyTracker) -> Reading:
        """Read as the daemon reads it, look by look."""
        place = Place(root, self.files, self.databases)
        companions = () if isinstance(tracker, LogTracker) else tuple(tracker.companions(entry.path))
        signature = await place.joined(entry.signature, companions)
        state = FileState(path=entry.path, sighting=Sighting(signature, self.now))
        catch_up, found = catch_up_for(tracker, place, InThreads()), dict[str, Found]()
        for _ in range(MAX_LOOKS):
            await catch_up(state, settled=True)
            # The last one may still grow: it is whole at the end.
            found |= {one.id: self._light(tracker, one) for one in state.found[:-1]}
            if state.reader is not None and state.last is not None:
                state.reader.forget(state.last.offset)  # all of a large log would not fit into memory
            if not state.behind or state.reading is None:
                break
        found |= {one.id: self._light(tracker, one) for one in state.found[-1:]}
        reading = state.reading or Reading(troubles=(_CHANGING,))
        return replace(reading, found=tuple(found.values()))

    def _light(self, tracker: AnyTracker, found: Found) -> Found:
        """The same without what it is made of: only its figures are shown."""
        self.seen(tracker, found)
        statistics = found.statistics()
        return replace(found, raw=_unkept, whom=None, statistics=lambda: statistics)

    def _inspected(self, one: _Read, everything: Sequence[_Read]) -> FileInspected:
        first = [other.reading.first_at for other in everything if other is not one and other.tracker is one.tracker]
        sessions = [_session(found, self._end(one, found, first)) for found in one.reading.found]
        problems = [Problem(code=trouble.code, message=trouble.message) for trouble in one.reading.troubles]
        return FileInspected(
            path=one.seen.path,
            tracker=one.tracker.name if one.tracker else None,
            sessions=tuple(sessions),
            problems=tuple(problems),
        )

    def _end(self, one: _Read, found: Found, first: Sequence[datetime | None]) -> End | None:
        """How it ended, as of now. Copies of old logs have new file times, so only the log's own times count."""
        if one.tracker is None:
            return None
        quiet_since = min(found.last_at, self.now - timedelta(minutes=1))
        next_start = min((at for at in first if at and at > found.last_at), default=None)
        rules = one.tracker.rules(one.seen.path)
        return end_of(found, Signals(now=self.now, quiet_since=quiet_since, next_start=next_start, rules=rules))


def _without_belongings(entries: Sequence[FileSeen]) -> Sequence[FileSeen]:
    """Without the files that SQLite keeps beside a database: they are read with it."""
    paths = {entry.path for entry in entries}
    return [one for one in entries if not any(one.path.removesuffix(end) in paths - {one.path} for end in BESIDE)]


def _unkept() -> Raw:
    raise NotImplementedError("a survey keeps no session")


def _session(found: Found, end: End | None) -> SessionFound:
    return SessionFound(
        id=found.id,
        started_at=found.started_at,
        ended_at=found.last_at if end else None,
        end=end,
        identity=found.identity,
        events=found.events,
        statistics=found.statistics(),
    )
