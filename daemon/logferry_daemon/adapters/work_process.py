"""Makes letters in a process of its own: started when there is work, ended when there was none for a while.

A letter costs milliseconds of pure computing, and a long session a second. In a thread, that is time in which the local
API waits for its turn; in a process it is the other core's, and the memory is given back when it ends.
"""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import TypeVar

import msgspec

from logferry_daemon.adapters.own_programs import own_program
from logferry_daemon.adapters.work_thread import ThreadWorkshop
from logferry_daemon.core.detectors import Detectors, Surroundings
from logferry_daemon.core.exchange import Dialect
from logferry_daemon.core.writing import Errand, Written
from logferry_daemon.workshop.messages import Done, Refusal, Start, Task, done_of, encoded, hear, ready_of, say
from logferry_model.errors import Damaged, LogferryError, Misconfigured, Refused, Unreachable

log = logging.getLogger(__name__)

IDLE = timedelta(seconds=10)
"""Without work, before it ends. Starting one takes a fifth of a second."""
PATIENCE = timedelta(minutes=5)
"""For one letter: the longest takes seconds, but whoever steps back behind all others may wait long for his turn."""
START = timedelta(seconds=30)
GOODBYE = timedelta(seconds=2)
TRIES = 3
"""Workers that one letter may cost."""
_NEEDED = frozenset({"SYSTEMROOT", "WINDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"})
"""What an interpreter may need to start; the rest of the environment is nobody's business there."""
_KINDS: Mapping[str, type[LogferryError]] = {
    kind.__name__: kind for kind in (Unreachable, Refused, Misconfigured, Damaged)
}

T = TypeVar("T")


class _Gone(Exception):
    """The worker ended, or was ended, before it answered."""


class _Worker:
    """One process. Its methods wait, so they are for threads; `kill` may come from anywhere at any time."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @classmethod
    def started(cls, command: Sequence[str]) -> _Worker:
        flags = getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0)
        process = subprocess.Popen(  # noqa: S603 -- our own program, no shell
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: value for name, value in os.environ.items() if name.upper() in _NEEDED},
            creationflags=flags,
        )
        return cls(process)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def lives(self) -> bool:
        return self._process.poll() is None

    def exchange(self, data: bytes) -> bytes:
        """The answer to one message."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the worker was started without pipes")
        try:
            say(self._process.stdin, data)
            answer = hear(self._process.stdout)
        except (OSError, ValueError) as error:
            raise _Gone from error
        if answer is None:
            raise _Gone
        return answer

    def kill(self) -> None:
        with suppress(OSError):
            self._process.kill()

    def end(self) -> None:
        """It is told by the end of its input, and nothing of it is left."""
        with suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        try:
            self._process.wait(GOODBYE.total_seconds())
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


@asynccontextmanager
async def open_workshop(
    surroundings: Surroundings, *, command: Sequence[str] | None = None, idle: timedelta = IDLE
) -> AsyncIterator[ProcessWorkshop]:
    """A workshop whose worker is gone when the context ends."""
    command = command or own_program("logferry_daemon.workshop.worker")
    workshop = ProcessWorkshop(surroundings, command=command, idle=idle)
    tidying = asyncio.create_task(workshop.tidy_up())
    try:
        yield workshop
    finally:
        tidying.cancel()
        await asyncio.gather(tidying, return_exceptions=True)
        await workshop.close()


class ProcessWorkshop:
    """One worker at most, one letter at a time."""

    def __init__(self, surroundings: Surroundings, *, command: Sequence[str], idle: timedelta) -> None:
        self._surroundings = surroundings
        self._command = command
        self._idle = idle
        self._here = ThreadWorkshop(Detectors(surroundings))
        """For when no process can be had."""
        self._alone = asyncio.Lock()
        self._used = asyncio.Event()
        self._worker: _Worker | None = None
        self._told = False
        """Whether somebody was told that no process can be had."""

    @property
    def pid(self) -> int | None:
        """Of the worker, while there is one."""
        return self._worker.pid if self._worker is not None and self._worker.lives else None

    async def write(self, errand: Errand, dialect: Dialect) -> Written:
        """The letter; where no process can be started, made in a thread."""
        message = await asyncio.to_thread(encoded, Task(dialect=dialect.name, errand=errand))
        async with self._alone:
            self._used.set()
            try:
                done = await self._done(message)
            finally:
                self._used.set()
        if done is None:
            return await self._here.write(errand, dialect)
        if done.refusal is not None:
            raise _error(done.refusal)
        if done.written is None:
            # Done once more where its cause can be seen.
            log.warning("a letter is made again in the daemon", extra={"action": "worker", "code": done.mistake})
            return await self._here.write(errand, dialect)
        return done.written

    async def tidy_up(self) -> None:
        """End the worker whenever there was nothing to do for a while."""
        while True:
            await self._used.wait()
            self._used.clear()
            try:
                async with asyncio.timeout(self._idle.total_seconds()):
                    await self._used.wait()
            except TimeoutError:
                async with self._alone:
                    if not self._used.is_set():
                        await self.close()

    async def close(self) -> None:
        """No worker any more."""
        worker, self._worker = self._worker, None
        if worker is not None:
            await asyncio.to_thread(worker.end)

    async def _done(self, message: bytes) -> Done | None:
        """What a worker made of it; None where there can be no worker."""
        for _ in range(TRIES):
            worker = await self._ready_worker()
            if worker is None:
                return None
            try:
                return await self._in_time(PATIENCE, worker, lambda one: done_of(one.exchange(message)))
            except (_Gone, msgspec.MsgspecError):
                log.warning("the worker ended in the middle of a letter", extra={"action": "worker"})
                await self.close()
        raise Damaged(
            "worker-lost",
            f"the process that makes letters was ended {TRIES} times by this session.",
            hint="Perhaps there is too little memory. It is tried again.",
        )

    async def _ready_worker(self) -> _Worker | None:
        if self._worker is not None and self._worker.lives:
            return self._worker
        await self.close()
        try:
            worker = self._worker = _Worker.started(self._command)
            hello = encoded(Start(surroundings=self._surroundings))
            await self._in_time(START, worker, lambda one: ready_of(one.exchange(hello)))
        except (OSError, _Gone, msgspec.MsgspecError) as error:
            await self.close()
            self._tell(error)
            return None
        self._told = False
        return worker

    async def _in_time(self, patience: timedelta, worker: _Worker, wait: Callable[[_Worker], T]) -> T:
        """Whoever is not answered in time, or does not want to know any more, leaves no worker that goes on with it."""
        asking = asyncio.ensure_future(asyncio.to_thread(wait, worker))
        try:
            async with asyncio.timeout(patience.total_seconds()):
                return await asyncio.shield(asking)
        except TimeoutError as error:
            raise _Gone from error
        finally:
            if not asking.done():
                worker.kill()
                await asyncio.gather(asking, return_exceptions=True)
                await self.close()

    def _tell(self, error: Exception) -> None:
        if not self._told:
            log.warning(
                "letters are made in the daemon itself, because no process could be started for it; "
                "meanwhile it may answer late",
                extra={"action": "worker", "code": type(error.__cause__ or error).__name__},
            )
        self._told = True


def _error(refusal: Refusal) -> LogferryError:
    return _KINDS[refusal.kind](refusal.code, refusal.message, hint=refusal.hint)
