"""Has work done in a process of its own: started when there is some, ended when there was none for a while.

A letter costs milliseconds of pure computing, and a long session a second. In a thread, that is time in which the local
API waits for its turn; in a process it is the other core's, and the memory is given back when it ends.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import msgspec

from logferry_daemon.adapters.own_memory import give_back
from logferry_daemon.adapters.own_programs import own_program
from logferry_daemon.adapters.work_bench import Bench
from logferry_daemon.adapters.work_thread import ThreadWorkshop
from logferry_daemon.adapters.worker_process import Gone, Worker
from logferry_daemon.core.detectors import Detectors, Surroundings
from logferry_daemon.core.exchange import Dialect
from logferry_daemon.core.losses import worker_lost
from logferry_daemon.core.patience import Patience, patience_for
from logferry_daemon.core.writing import Errand, Written
from logferry_daemon.workshop.messages import Answer, Mistake, Refusal, Task, Write, Wrote, encoded
from logferry_model.errors import Damaged, LogferryError, Misconfigured, Refused, Unreachable

log = logging.getLogger(__name__)

IDLE = timedelta(seconds=10)
"""Without work, before it ends. Starting one takes a fifth of a second."""
ASIDE = 2
"""Places for what takes long: each has a worker for itself there, and holds up no other."""
NO_MEMORY = MemoryError.__name__
"""The one mistake that is not made once more in the daemon: it would be the daemon that is ended for it."""
_KINDS: Mapping[str, type[LogferryError]] = {
    kind.__name__: kind for kind in (Unreachable, Refused, Misconfigured, Damaged)
}

PatienceFor = Callable[[int], Patience]


@asynccontextmanager
async def open_workshop(
    surroundings: Surroundings,
    *,
    command: Sequence[str] | None = None,
    idle: timedelta = IDLE,
    patience: PatienceFor = patience_for,
    rested: Callable[[], None] = give_back,
) -> AsyncIterator[ProcessWorkshop]:
    """A workshop whose worker is gone when the context ends; `patience` is what it has with so many bytes.

    `rested` is called when there was no work for a while.
    """
    command = command or own_program("logferry_daemon.workshop.worker")
    workshop = ProcessWorkshop(surroundings, command=command, idle=idle, patience=patience, rested=rested)
    tidying = asyncio.create_task(workshop.tidy_up())
    try:
        yield workshop
    finally:
        tidying.cancel()
        await asyncio.gather(tidying, return_exceptions=True)
        await workshop.close()


class ProcessWorkshop:
    """One task at a time, by one worker; what takes long goes on aside, and the next one has another worker.

    What takes long and finds no place there begins again when there is one, so nobody has the turn for long.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        *,
        command: Sequence[str],
        idle: timedelta,
        patience: PatienceFor,
        rested: Callable[[], None],
    ) -> None:
        self._surroundings = surroundings
        self._command = command
        self._idle = idle
        self._patience = patience
        self._rested = rested
        self._here = ThreadWorkshop(Detectors(surroundings))
        """For when no process can be had."""
        self._bench = Bench(surroundings, command)
        """Of whoever's turn it is."""
        self._turn = asyncio.Lock()
        self._aside = asyncio.Semaphore(ASIDE)
        self._used = asyncio.Event()
        self._told = False
        """Whether somebody was told that no process can be had."""

    @property
    def pid(self) -> int | None:
        """Of the worker that has the next task, while there is one."""
        return self._bench.pid

    async def write(self, errand: Errand, dialect: Dialect) -> Written:
        """The letter; where no process can be started, made in a thread."""
        task = Write(dialect=dialect.name, errand=errand)
        answer = await self.answer(lambda: task, worker_lost)
        return answer.written if isinstance(answer, Wrote) else await self._here.write(errand, dialect)

    async def answer(self, task: Callable[[], Task], lost: Callable[[str], Damaged]) -> Answer | None:
        """What a worker made of it; None where it is to be done here. `task` is called in a thread."""
        try:
            message = await asyncio.to_thread(lambda: encoded(task()))
        except Exception as error:  # noqa: BLE001 -- what cannot be told is done here, as what goes wrong there is
            _tell_of(type(error).__name__)
            return None
        try:
            answer = await self._in_turn(message, self._patience(len(message)))
        except Gone as error:
            raise lost(str(error)) from error
        if isinstance(answer, Refusal):
            raise _error(answer)
        if isinstance(answer, Mistake) and answer.kind == NO_MEMORY:
            raise lost("there was too little memory for it")
        if isinstance(answer, Mistake):
            _tell_of(answer.kind)
            return None
        return answer

    async def tidy_up(self) -> None:
        """End the worker whenever there was nothing to do for a while."""
        while True:
            await self._used.wait()
            self._used.clear()
            try:
                async with asyncio.timeout(self._idle.total_seconds()):
                    await self._used.wait()
            except TimeoutError:
                async with self._turn:
                    if not self._used.is_set():
                        await self._rest()

    async def _rest(self) -> None:
        try:
            await self._bench.close()
            # In a thread: it looks through all that the process has.
            await asyncio.to_thread(self._rested)
        except Exception:  # the worker after this one has to be ended, too
            log.exception("the workshop was not tidied up", extra={"action": "worker"})

    async def close(self) -> None:
        """No worker any more."""
        await self._bench.close()

    async def _in_turn(self, message: bytes, patience: Patience) -> Answer | None:
        """What a worker made of it; None where there can be no worker. What takes long gives the turn back."""
        async with self._turn:
            self._used.set()
            bench, aside = self._bench, False
            if (worker := await self._ready(bench)) is None:
                return None
            making = asyncio.ensure_future(bench.answer(worker, message, patience))
            try:
                if (await asyncio.wait({making}, timeout=patience.soon.total_seconds()))[0]:
                    return making.result()
                if aside := not self._aside.locked():
                    await self._aside.acquire()
                    self._bench = self._new_bench()
            finally:
                self._used.set()
                if not aside:
                    await _broken_off(making)
        return await (self._going_on(bench, making) if aside else self._begun_again(message, patience))

    async def _going_on(self, bench: Bench, making: asyncio.Future[Answer]) -> Answer:
        """In a place aside, with the worker that it has."""
        try:
            return await making
        finally:
            self._aside.release()
            await _broken_off(making)
            await bench.close()

    async def _begun_again(self, message: bytes, patience: Patience) -> Answer | None:
        """As soon as there is a place aside."""
        async with self._aside:
            bench = self._new_bench()
            try:
                worker = await self._ready(bench)
                return None if worker is None else await bench.answer(worker, message, patience)
            finally:
                await bench.close()

    def _new_bench(self) -> Bench:
        return Bench(self._surroundings, self._command)

    async def _ready(self, bench: Bench) -> Worker | None:
        """The worker of this bench; None, and somebody is told, where there can be none."""
        try:
            worker = await bench.ready()
        except (OSError, Gone, msgspec.MsgspecError) as error:
            await bench.close()
            self._tell(error)
            return None
        self._told = False
        return worker

    def _tell(self, error: Exception) -> None:
        if not self._told:
            log.warning(
                "letters are made, and files read, in the daemon itself, because no process could be started for it; "
                "meanwhile it may answer late",
                extra={"action": "worker", "code": type(error.__cause__ or error).__name__},
            )
        self._told = True


def _tell_of(mistake: str) -> None:
    """It is done once more where its cause can be seen."""
    log.warning("a task is done again in the daemon", extra={"action": "worker", "code": mistake})


async def _broken_off(making: asyncio.Future[Answer]) -> None:
    """Nobody goes on with it when this returns."""
    making.cancel()
    await asyncio.gather(making, return_exceptions=True)


def _error(refusal: Refusal) -> LogferryError:
    return _KINDS[refusal.kind](refusal.code, refusal.message, hint=refusal.hint)
