"""Asks other programs' databases through a child process, one for each question. Opens none of them itself.

Whatever is in the file, this process goes on: the child has little time and little memory, and is always ended.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import msgspec

from logferry_daemon.adapters.own_programs import own_program
from logferry_daemon.core.rows import Answer, Question
from logferry_daemon.isolation.messages import MAX_REPLY, Ask, Kind, Refusal, Reply
from logferry_model.errors import Damaged, LogferryError, Unreachable

CHILD = own_program("logferry_daemon.isolation.sqlite_child")
WALL = timedelta(seconds=5)
"""From its start to its last byte. Processor time is capped by itself; this is for a disk or a network that hangs."""
_NEEDED = frozenset({"SYSTEMROOT", "WINDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"})
"""What an interpreter may need to start; the rest of the environment is nobody's business there."""
_SPENT = frozenset(-getattr(signal, name) for name in ("SIGXCPU", "SIGKILL") if hasattr(signal, name))
"""How a child ends that has used up its time, where there are signals."""


class ChildDatabases:
    """The databases below folders of this computer.

    What cannot be read where it lies is copied below `rooms`, for as long as it is read; None is the system's own
    folder for such things.
    """

    def __init__(self, command: Sequence[str] = CHILD, wall: timedelta = WALL, rooms: Path | None = None) -> None:
        self._command = command
        self._wall = wall
        self._rooms = rooms

    async def ask(self, root: Path, path: str, question: Question) -> Answer:
        """Rows of one moment."""
        ask = Ask(root=os.fsencode(root), path=os.fsencode(path), question=question)
        reply = await self._reply(ask)
        if reply.refusal is not None and reply.refusal.kind == Kind.COPY:
            with self._room() as room:
                reply = await self._reply(msgspec.structs.replace(ask, room=os.fsencode(room)))
        if reply.answer is not None:
            return reply.answer
        raise _error(reply.refusal)

    def _room(self) -> tempfile.TemporaryDirectory[str]:
        try:
            return tempfile.TemporaryDirectory(prefix="logferry-", dir=self._rooms, ignore_cleanup_errors=True)
        except OSError as error:
            raise Unreachable(
                "database-no-room", "there is no room for the copy that has to be read; it is tried again."
            ) from error

    async def _reply(self, ask: Ask) -> Reply:
        code, data = await self._run(msgspec.msgpack.encode(ask))
        if code in _SPENT:
            raise Damaged("database-too-slow", "reading it took more than two seconds of work; it is not read.")
        if len(data) > MAX_REPLY:
            raise Damaged("database-too-big", "it answers more than it was asked for; it is not read.")
        try:
            return msgspec.msgpack.decode(data, type=Reply)
        except msgspec.MsgspecError as error:
            raise Damaged(
                "database-crash", "what reads it was ended by what is in it; it is not read again until it changes."
            ) from error

    async def _run(self, data: bytes) -> tuple[int | None, bytes]:
        """The child's exit code and what it said."""
        process = await self._started()
        try:
            async with asyncio.timeout(self._wall.total_seconds()):
                return await _talk(process, data)
        except TimeoutError as error:
            raise Unreachable(
                "database-slow",
                f"reading it took longer than {self._wall.total_seconds():.0f} seconds; it is tried again.",
            ) from error
        finally:
            await _end(process)

    async def _started(self) -> asyncio.subprocess.Process:
        try:
            return await asyncio.create_subprocess_exec(
                *self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(os.environ),
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            raise Unreachable(
                "database-no-process", "no process can be started to read it; it is tried again."
            ) from error


async def _talk(process: asyncio.subprocess.Process, data: bytes) -> tuple[int | None, bytes]:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the child was started without pipes")
    with suppress(ConnectionError):  # it ended early; its exit code says why
        process.stdin.write(data)
        await process.stdin.drain()
    process.stdin.close()
    heard = bytearray()
    while len(heard) <= MAX_REPLY and (part := await process.stdout.read(2**16)):
        heard += part
    return (await process.wait() if len(heard) <= MAX_REPLY else None), bytes(heard)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Nothing of it is left, whatever happened."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
    await process.communicate()


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in ours.items() if name.upper() in _NEEDED}


def _error(refusal: Refusal | None) -> LogferryError:
    if refusal is None or refusal.kind == Kind.COPY:
        return Unreachable("database-unreadable", "it cannot be opened; it is tried again in a moment.")
    kind = Damaged if refusal.kind == Kind.DAMAGED else Unreachable
    return kind(refusal.code, refusal.message, hint=refusal.hint)
