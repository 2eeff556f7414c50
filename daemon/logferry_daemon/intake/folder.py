"""Which files of its tracker a source's folder holds, and how each looked when it was last seen. Reads none of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from logferry_daemon.core.losses import WORKER_LOST
from logferry_daemon.core.reading import Found, LogTracker, too_large
from logferry_daemon.core.settle import Sighting, Signature, seen
from logferry_daemon.intake.catching_up import Place
from logferry_daemon.intake.file_state import FileState
from logferry_daemon.intake.orphans import Orphans
from logferry_daemon.intake.source import Source
from logferry_daemon.ports import CLOSED, FileRow, FileSeen, Intake
from logferry_model.errors import Unreachable

BATCH = 256
"""Files between two turns of the others."""
NOTHING = Signature(0, 0, 0, 0)
"""What no file looks like."""
PASSING = frozenset({"no-permission", "file-unreadable"})
"""Troubles that go away without any sign in the file's size or time."""


class Folder:
    """Of one source."""

    def __init__(self, source: Source, place: Place, intake: Intake, orphans: Orphans) -> None:
        self.files: dict[str, FileState] = {}
        self._source = source
        self._place = place
        self._intake = intake
        self._orphans = orphans
        # Asked once: what kind a tracker is takes longer to find out than everything else about an unchanged file.
        self._companions = None if isinstance(source.tracker, LogTracker) else source.tracker.companions
        self._rows: dict[str, FileRow] | None = None
        """What the spool knew at the start, of files not seen yet."""
        self._drive: int | None = None
        """What the folder was on when it was last looked at."""
        self._closed: tuple[str, ...] = ()
        """Folders that could not be looked into: nothing is known of what is below."""

    @property
    def loaded(self) -> bool:
        """Whether it was asked what the spool knows."""
        return self._rows is not None

    @property
    def all_open(self) -> bool:
        """Whether everything below could be looked into."""
        return not self._closed

    @property
    def found(self) -> Iterator[Found]:
        """The sessions of all files, as far as they are read."""
        for state in self.files.values():
            yield from state.found

    @property
    def unfinished(self) -> Iterator[FileState]:
        """The files of which the spool does not have all, or that may still change by waiting."""
        return (state for state in self.files.values() if not state.known)

    def holds(self, state: FileState) -> bool:
        """Whether it is still about a file that is there."""
        return self.files.get(state.path) is state

    async def load(self) -> None:
        """What an earlier daemon left."""
        self._rows = {row.path: _to_try_again(row) for row in await self._intake.files(self._source.name)}

    async def scan(self, now: datetime) -> None:
        """All files, and which are there no more."""
        entries = await self._place.files.scan(self._source.root, self._source.tracker.patterns)
        await self._refuse_other_drive(empty=not entries)
        for number, entry in enumerate(entries):
            await self._note(entry, now)
            if number % BATCH == 0:
                await asyncio.sleep(0)  # the others' turn
        for state in self.files.values():
            troubles = state.row.troubles if state.row else ()
            state.again = bool(troubles) and any(trouble.code in PASSING for trouble in troubles)
        self._closed = tuple(f"{one.path}/" for one in entries if one.trouble and one.trouble.code == CLOSED)
        await self._forget_gone(entries, now)

    async def peek(self, now: datetime) -> bool:
        """Only the files that are not finished with; whether they are all there: only a scan finds a renamed one."""
        complete = True
        for state in list(self.unfinished):
            entry = await self._place.files.look(self._source.root, state.path)
            if entry is not None:
                await self._note(entry, now)
            elif not state.path.startswith(self._closed):  # else it waits for its folder to be opened again
                complete = False
        return complete

    async def _refuse_other_drive(self, *, empty: bool) -> None:
        """Nothing is left of what was there: deleted? Not when the folder's drive is another one, too."""
        root = await self._place.files.look(self._source.root, "")
        drive = root.signature.device if root else None
        if empty and self.files and drive != self._drive:
            raise Unreachable(
                "source-away",
                f"{self._source.root} is empty, and not on the drive that its files were on.",
                hint="Plug that drive in again; until then nothing counts as deleted.",
            )
        self._drive = drive

    async def _forget_gone(self, entries: Sequence[FileSeen], now: datetime) -> None:
        there, rows = {entry.path for entry in entries}, self._rows or {}
        for path in [path for path in set(self.files) - there if not path.startswith(self._closed)]:
            self._orphans.check(path, self.files.pop(path).unkept, (), now)
            await self._intake.forget_file(self._source.name, path, now)
        # At the first look an empty folder may be one whose drive is not plugged in yet.
        for path in [path for path in set(rows) - there if there and not path.startswith(self._closed)]:
            del rows[path]
            await self._intake.forget_file(self._source.name, path, now)

    async def _note(self, entry: FileSeen, now: datetime) -> None:
        state, signature = self.files.get(entry.path), await self._signature(entry)
        if state is None:
            row = self._rows.pop(entry.path, None) if self._rows else None
            state = FileState(path=entry.path, sighting=Sighting(signature, now), row=row)
            self.files[entry.path] = state
        state.sighting = seen(state.sighting, signature, now)
        state.trouble = entry.trouble or too_large(entry.signature.size, self._source.tracker.max_bytes)

    async def _signature(self, entry: FileSeen) -> Signature:
        if self._companions is None or entry.trouble:
            return entry.signature
        return await self._place.joined(entry.signature, tuple(self._companions(entry.path)))


def _to_try_again(row: FileRow) -> FileRow:
    """What cost an earlier daemon its workers may have lacked memory alone: it counts as changed."""
    lost = any(trouble.code == WORKER_LOST for trouble in row.troubles)
    return replace(row, signature=NOTHING) if lost else row
