"""What a source's runner knows about one file between two looks at it. Reads through a port, decides by the core."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from logferry_daemon.core.reading import Found, Growth, Reader, Reading, Tracker, Trouble
from logferry_daemon.core.settle import Sighting, Signature
from logferry_daemon.ports import FileRow, LogFiles

BLOCK = 2**20
HEAD = 1024


@dataclass(slots=True, kw_only=True)
class FileState:
    """One file of a source."""

    path: str
    sighting: Sighting
    row: FileRow | None = None
    """What the spool has."""
    trouble: Trouble | None = None
    """Why it is not read at all."""
    reader: Reader | None = None
    fed: int = 0
    read: Signature | None = None
    """The state of the file whose bytes were last read."""
    reading: Reading | None = None
    reading_settled: bool = False
    """Whether `reading` was taken when nothing was being written."""
    seen_running: set[str] = field(default_factory=set)
    """Programs seen running while its last session was open."""
    admitted: set[tuple[str, int]] = field(default_factory=set)
    """Session and number of events of what already went to the spool."""

    @property
    def open(self) -> Found | None:
        """Its last session, when the file does not say that it is over."""
        last = self.last
        return last if last is not None and last.end is None else None

    @property
    def last(self) -> Found | None:
        """Its last session."""
        return self.reading.found[-1] if self.reading and self.reading.found else None

    @property
    def first_at(self) -> datetime | None:
        """The first time in it, as far as known."""
        if self.reading and self.reading.first_at:
            return self.reading.first_at
        return self.row.first_at if self.row else None

    @property
    def known(self) -> bool:
        """Whether the spool has all of it and nothing can change by waiting."""
        row = self.row
        return row is not None and row.signature == self.sighting.signature and not row.running

    def rest(self) -> None:
        """Forget what was read: the spool has it."""
        self.reader = None
        self.reading = None
        self.admitted.clear()
        self.seen_running.clear()


class FileReading:
    """Brings one file's reader up to date with the file."""

    def __init__(self, root: Path, tracker: Tracker, files: LogFiles) -> None:
        self._root = root
        self._tracker = tracker
        self._files = files

    async def catch_up(self, state: FileState, *, settled: bool) -> None:
        """Read what is new; a document only when it has settled."""
        signature = state.sighting.signature
        if self._tracker.growth is Growth.REWRITTEN:
            if settled and state.read != signature:
                await self._whole(state, signature)
        elif state.read != signature or state.reading_settled != settled:
            if state.read != signature:
                await self._further(state, signature)
            if state.reader is not None:
                state.reading = state.reader.reading(settled=settled)
                state.reading_settled = settled

    async def _whole(self, state: FileState, signature: Signature) -> None:
        reader = self._tracker.reader()
        offset = 0
        while block := await self._files.read(self._root, state.path, offset=offset, limit=BLOCK):
            reader.feed(block)
            offset += len(block)
        again = await self._files.look(self._root, state.path)
        if again is None or again.signature != signature:
            return  # it was rewritten while we read: the next look sees it change
        state.reading = await asyncio.to_thread(lambda: reader.reading(settled=True))
        state.reader, state.read, state.fed = reader, signature, offset

    async def _further(self, state: FileState, signature: Signature) -> None:
        if state.reader is None or signature.size < state.fed or not await self._same_head(state):
            await self._begin(state, signature)
        reader = state.reader
        if reader is None:
            return
        while block := await self._files.read(self._root, state.path, offset=state.fed, limit=BLOCK):
            await asyncio.to_thread(reader.feed, block)
            state.fed += len(block)
        state.read = signature

    async def _begin(self, state: FileState, signature: Signature) -> None:
        """A reader from the spool's position, or from the start when it is another file than the spool knows."""
        row = state.row
        if row is not None and (signature.size < row.offset or not await self._same_head(state)):
            row = state.row = None
        state.rest()
        state.fed = row.offset if row else 0
        state.reader = self._tracker.reader(offset=state.fed, line=row.line if row else 1)

    async def _same_head(self, state: FileState) -> bool:
        row = state.row
        if row is None or row.head_size == 0:
            return True
        return (await self.head(state.path, row.head_size))[0] == row.head

    async def head(self, path: str, size: int = HEAD) -> tuple[str, int]:
        """Digest over the first bytes, and how many there were."""
        data = await self._files.read(self._root, path, offset=0, limit=size)
        return hashlib.sha256(data).hexdigest(), len(data)

    async def row_of(self, state: FileState, source: str, *, running: bool, troubles: tuple[Trouble, ...]) -> FileRow:
        """What the spool should remember: read on at the last session, which a late line may still make longer."""
        signature = state.read or state.sighting.signature
        row = state.row
        if row is None or row.head_size < min(HEAD, signature.size):
            head, head_size = await self.head(state.path)
        else:
            head, head_size = row.head, row.head_size
        last = state.last
        return FileRow(
            source=source,
            path=state.path,
            signature=signature,
            head=head,
            head_size=head_size,
            offset=last.offset if last else (row.offset if row else 0),
            line=last.line if last else (row.line if row else 1),
            first_at=row.first_at if row and row.offset and row.first_at else state.first_at,
            running=running,
            troubles=troubles,
        )


def unreadable(state: FileState, source: str, trouble: Trouble) -> FileRow:
    """The row of a file that cannot be read at all."""
    before = state.row
    row = FileRow(
        source=source,
        path=state.path,
        signature=state.sighting.signature,
        head="",
        head_size=0,
        offset=0,
        line=1,
        first_at=None,
        running=False,
    )
    return replace(before or row, signature=state.sighting.signature, running=False, troubles=(trouble,))
