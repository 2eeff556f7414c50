"""What a source's runner knows about one file between two looks at it. Reads through a port, decides by the core."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from logferry_daemon.core.reading import Found, Growth, Reader, Reading, Tracker, Trouble
from logferry_daemon.core.settle import Sighting, Signature
from logferry_daemon.ports import FileRow, LogFiles

BLOCK = 2**20
HEAD = 1024


class Head(NamedTuple):
    """Digest over a file's first bytes, and how many: another file of the same name has another one."""

    digest: str = ""
    size: int = 0


NO_HEAD = Head()


@dataclass(slots=True, kw_only=True)
class FileState:
    """One file of a source."""

    path: str
    sighting: Sighting
    row: FileRow | None = None
    """What the spool has."""
    again: bool = False
    """To be read although it looks as before."""
    trouble: Trouble | None = None
    """Why it is not read at all."""
    reader: Reader | None = None
    head: Head = NO_HEAD
    """Of the file that the reader reads."""
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
    def quiet_since(self) -> datetime:
        """The latest moment at which it may have changed."""
        return self.sighting.quiet_since

    @property
    def found(self) -> tuple[Found, ...]:
        """Its sessions, oldest first."""
        return self.reading.found if self.reading else ()

    @property
    def last(self) -> Found | None:
        """Its last session."""
        return self.found[-1] if self.found else None

    @property
    def open(self) -> Found | None:
        """Its last session, when the file does not say that it is over."""
        last = self.last
        return last if last is not None and last.end is None else None

    @property
    def unkept(self) -> Found | None:
        """Its last session, where nothing says that the spool has it as it is now."""
        last = self.last
        return last if last is not None and mark(last) not in self.admitted else None

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
        return row is not None and row.signature == self.sighting.signature and not row.running and not self.again

    def rest(self) -> None:
        """Forget what was read: the spool has it, or it is read again."""
        self.reader = None
        self.read = None
        self.reading = None
        self.admitted.clear()
        self.seen_running.clear()

    def row_of(self, source: str, *, running: bool, troubles: tuple[Trouble, ...]) -> FileRow:
        """What the spool should remember: read on at the last session, which a late line may still make longer."""
        row, last = self.row, self.last
        return FileRow(
            source=source,
            path=self.path,
            signature=self.read or self.sighting.signature,
            head=self.head.digest,
            head_size=self.head.size,
            offset=last.offset if last else (row.offset if row else 0),
            line=last.line if last else (row.line if row else 1),
            first_at=row.first_at if row and row.offset and row.first_at else self.first_at,
            running=running,
            troubles=troubles,
        )

    def row_aside(self, source: str, trouble: Trouble) -> FileRow:
        """What the spool should remember of a file that cannot be read: where it was, and why."""
        row = self.row or self.row_of(source, running=False, troubles=())
        return replace(row, signature=self.sighting.signature, running=False, troubles=(trouble,))


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
            if (reader := state.reader) is not None:
                state.reading = await asyncio.to_thread(lambda: reader.reading(settled=settled))
                state.reading_settled = settled

    async def _whole(self, state: FileState, signature: Signature) -> None:
        reader = self._tracker.reader()
        async for block in self._blocks(state.path, 0, signature.size):
            await asyncio.to_thread(reader.feed, block)
        again = await self._files.look(self._root, state.path)
        if again is None or again.signature != signature:
            return  # it was rewritten while we read: the next look sees it change
        state.reading = await asyncio.to_thread(lambda: reader.reading(settled=True))
        state.reader, state.read = reader, signature

    async def _further(self, state: FileState, signature: Signature) -> None:
        """Feed what came since the last look, and no more than that: `read` says exactly what was read."""
        reader = state.reader
        if reader is None or signature.size < state.fed or not await self._begins_with(state.path, state.head):
            reader = await self._begin(state, signature)
        if state.head.size < min(HEAD, signature.size):
            # Before the bytes: whatever takes the file's place from here on has another head than this.
            state.head = await self._head(state.path, HEAD)
        async for block in self._blocks(state.path, state.fed, signature.size):
            await asyncio.to_thread(reader.feed, block)
            state.fed += len(block)
        state.read = signature

    async def _begin(self, state: FileState, signature: Signature) -> Reader:
        """A reader from the spool's position, or from the start when it is another file than the spool knows."""
        row = state.row
        known = Head(row.head, row.head_size) if row else NO_HEAD
        if row is not None and (signature.size < row.offset or not await self._begins_with(state.path, known)):
            row, known = None, NO_HEAD
        state.rest()
        state.row, state.head, state.fed = row, known, row.offset if row else 0
        state.reader = self._tracker.reader(offset=state.fed, line=row.line if row else 1)
        return state.reader

    async def _begins_with(self, path: str, head: Head) -> bool:
        return head.size == 0 or await self._head(path, head.size) == head

    async def _head(self, path: str, size: int) -> Head:
        data = await self._files.read(self._root, path, offset=0, limit=size)
        return Head(hashlib.sha256(data).hexdigest(), len(data))

    async def _blocks(self, path: str, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `start` to `end`, or to where the file stops sooner."""
        while start < end and (block := await self._read(path, start, end)):
            yield block
            start += len(block)

    async def _read(self, path: str, start: int, end: int) -> bytes:
        return await self._files.read(self._root, path, offset=start, limit=min(BLOCK, end - start))


def mark(found: Found) -> tuple[str, int]:
    """Tells one state of a session from a later one."""
    return found.session.id, len(found.session.events)
