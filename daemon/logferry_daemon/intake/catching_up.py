"""Brings what is known of a file up to date with it, in the way of its tracker. Reads through ports, decides nothing.

A log is read on from where the last read ended, some megabytes a look, so that what is over can go to the spool before
the rest is read; a document is read whole once it has settled; a database is asked for some rows at a time.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from logferry_daemon.core.reading import (
    About,
    AnyTracker,
    DatabaseTracker,
    Document,
    DocumentTracker,
    LogTracker,
    Reader,
    Reading,
)
from logferry_daemon.core.rows import Answer
from logferry_daemon.core.settle import Signature, written_at
from logferry_daemon.intake.file_state import NO_HEAD, FileState, Head
from logferry_daemon.ports import Databases, LogFiles, ReadingRoom

BLOCK = 2**20
HEAD = 1024
BUDGET = 16 * BLOCK
"""Bytes of a log in one look: what is over in them is kept before more is read."""
HOLE = 64
"""So many zero bytes are no text in any encoding: they are a place in a file that nobody wrote to."""
_BLANK = b" " * 65_535 + b"\n"
_HOLES = re.compile(rb"\0{%d,}" % HOLE)


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of a source and the ports it is read through."""

    root: Path
    files: LogFiles
    databases: Databases

    def about(self, path: str, signature: Signature) -> About:
        """What is known of a file besides its content."""
        modified = written_at(signature.mtime_ns)
        return About(path=path, folder=str(self.root), modified=modified, size=signature.size)

    async def signature(self, path: str, companions: tuple[str, ...]) -> Signature | None:
        """Of a file and of what belongs to it; None when the file itself is gone."""
        seen = await self.files.look(self.root, path)
        return None if seen is None else await self.joined(seen.signature, companions)

    async def joined(self, signature: Signature, companions: tuple[str, ...]) -> Signature:
        """A signature that changes with each of the companions, too."""
        for path in companions:
            if (beside := await self.files.look(self.root, path)) is not None:
                signature = Signature(
                    size=signature.size + beside.signature.size,
                    mtime_ns=max(signature.mtime_ns, beside.signature.mtime_ns),
                    inode=signature.inode,
                    device=signature.device,
                )
        return signature

    async def blocks(self, path: str, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `start` to `end`, or to where the file stops sooner."""
        while start < end and (block := await self._read(path, start, end)):
            yield block
            start += len(block)

    async def head(self, path: str, size: int) -> Head:
        """Of the first bytes, at most so many."""
        data = await self.files.read(self.root, path, offset=0, limit=size)
        return Head(hashlib.sha256(data).hexdigest(), len(data))

    async def begins_with(self, path: str, head: Head) -> bool:
        """Whether it is still the file with this head."""
        return head.size == 0 or await self.head(path, head.size) == head

    async def _read(self, path: str, start: int, end: int) -> bytes:
        return await self.files.read(self.root, path, offset=start, limit=min(BLOCK, end - start))


class CatchUp(Protocol):
    """One way of reading on."""

    async def __call__(self, state: FileState, *, settled: bool) -> None:
        """Read what is new; Damaged or Unreachable when that is not possible."""
        ...


def catch_up_for(tracker: AnyTracker, place: Place, room: ReadingRoom) -> CatchUp:
    """How the files of this tracker are read on."""
    if isinstance(tracker, LogTracker):
        return Logs(tracker, place)
    return Documents(tracker, place, room) if isinstance(tracker, DocumentTracker) else Rows(tracker, place)


class Logs:
    """Reads on in logs that only grow."""

    def __init__(self, tracker: LogTracker, place: Place) -> None:
        self._tracker = tracker
        self._place = place

    async def __call__(self, state: FileState, *, settled: bool) -> None:
        """Feed what came since the last look, and say what there is now."""
        signature = state.sighting.signature
        if state.read == signature and state.reading_settled == settled:
            return
        if state.read != signature:
            await self._further(state, signature)
        settled = settled and not state.behind
        if (reader := state.reader) is not None:
            state.reading = await asyncio.to_thread(lambda: reader.reading(settled=settled))
            state.reading_settled = settled

    async def _further(self, state: FileState, signature: Signature) -> None:
        """No more than the file had when it was looked at: `read` says exactly what was read."""
        reader, place = state.reader, self._place
        if reader is None or signature.size < state.fed or not await place.begins_with(state.path, state.head):
            reader = await self._begin(state, signature)
        if state.head.size < min(HEAD, signature.size):
            # Before the bytes: whatever takes the file's place from here on has another head than this.
            state.head = await place.head(state.path, HEAD)
        goal = min(signature.size, state.fed + BUDGET)
        blocks = [block async for block in place.blocks(state.path, state.fed, goal)]
        if not await self._is_still(state, signature, state.fed + sum(map(len, blocks))):
            return  # another file took its place meanwhile, and what was read may be of that one
        hole = await self._feed(state, reader, blocks)
        state.behind = state.fed + hole == goal < signature.size
        if hole and (hole < HOLE or state.behind):
            await self._take(state, reader, bytes(hole))
        state.read = None if state.behind else signature

    async def _is_still(self, state: FileState, signature: Signature, end: int) -> bool:
        """Whether the file is the one that was looked at, and still has so many bytes."""
        seen = await self._place.files.look(self._place.root, state.path)
        if seen is None or seen.trouble or seen.signature.size < end:
            return False
        same = (seen.signature.inode, seen.signature.device) == (signature.inode, signature.device)
        return same and await self._place.begins_with(state.path, state.head)

    async def _feed(self, state: FileState, reader: Reader, blocks: Sequence[bytes]) -> int:
        """What was read, and how many zeros at its end were held back: they may be a place kept free."""
        hole = 0
        for block in blocks:
            written = block.rstrip(b"\0")
            if written:
                await self._take(state, reader, bytes(hole) + written)
                hole = 0
            hole += len(block) - len(written)
        return hole

    @staticmethod
    async def _take(state: FileState, reader: Reader, data: bytes) -> None:
        # Zeros where another writer cut the file below this one, or nothing was written before the power went.
        await asyncio.to_thread(reader.feed, _HOLES.sub(_blank, data))
        state.fed += len(data)

    async def _begin(self, state: FileState, signature: Signature) -> Reader:
        """A reader from the spool's position, or from the start when it is another file than the spool knows."""
        row = state.row
        known = Head(row.head, row.head_size) if row else NO_HEAD
        if row is not None and (signature.size < row.offset or not await self._place.begins_with(state.path, known)):
            row, known = None, NO_HEAD
        state.rest()
        state.row, state.head, state.fed = row, known, row.offset if row else 0
        about = self._place.about(state.path, signature)
        line, days = (row.line, row.days) if row else (1, 0)
        state.reader = self._tracker.reader(about, offset=state.fed, line=line, days=days)
        return state.reader


def _blank(hole: re.Match[bytes]) -> bytes:
    """As many bytes of empty lines: few, because a hole may be large, and none too long."""
    size = len(hole[0]) - 2
    return b"\n" + (_BLANK * (size // len(_BLANK) + 1))[:size] + b"\n"


class Documents:
    """Reads documents whole."""

    def __init__(self, tracker: DocumentTracker, place: Place, room: ReadingRoom) -> None:
        self._tracker = tracker
        self._place = place
        self._room = room

    async def __call__(self, state: FileState, *, settled: bool) -> None:
        """Read it with what belongs to it, once nothing is being written."""
        signature, path = state.sighting.signature, state.path
        if not settled or state.read == signature:
            return
        companions = tuple(self._tracker.companions(path))
        document = Document(
            data=await self._whole(path),
            about=self._place.about(path, signature),
            beside={other: data for other in companions if (data := await self._beside(other)) is not None},
        )
        if await self._place.signature(path, companions) != signature:
            return  # it was rewritten while we read: the next look sees it change
        state.reading = await self._room.read(self._tracker, document)
        state.read = signature

    async def _beside(self, path: str) -> bytes | None:
        seen = await self._place.files.look(self._place.root, path)
        if seen is None or seen.trouble or seen.signature.size > self._tracker.max_bytes:
            return None
        return await self._whole(path)

    async def _whole(self, path: str) -> bytes:
        return b"".join([block async for block in self._place.blocks(path, 0, self._tracker.max_bytes)])


class Rows:
    """Asks databases for what is new."""

    def __init__(self, tracker: DatabaseTracker, place: Place) -> None:
        self._tracker = tracker
        self._place = place

    async def __call__(self, state: FileState, *, settled: bool) -> None:
        """Ask for the next rows from the last known one on: only that one may still change."""
        signature = state.sighting.signature
        if state.read == signature and state.reading_settled == settled:
            return
        since = max(state.fed, state.last.offset if state.last else state.row.offset if state.row else 0)
        known = state.last.id if state.last else state.row.head if state.row else ""
        reading, answer = await self._read(state.path, since)
        if since and not state.fed and not any(one.offset == since and one.id == known for one in reading.found):
            # Another database took its place: what stands at that row is not what stood there.
            reading, answer = await self._read(state.path, 0)
        state.reading = reading
        state.head = Head(state.last.id) if state.last else state.head
        # Where no row could be read there is nothing to go on from but the last one that was tried.
        state.fed = answer.reached if answer.more and not state.found else 0
        state.behind, state.reading_settled = answer.more, settled
        state.read = None if answer.more else signature

    async def _read(self, path: str, since: int) -> tuple[Reading, Answer]:
        answer = await self._place.databases.ask(self._place.root, path, self._tracker.question(since))
        return await asyncio.to_thread(self._tracker.rows, answer), answer
