"""Where one task at a time is done by a worker: started when it is needed, and given up when it does not get on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeVar

import msgspec

from logferry_daemon.adapters.worker_process import Gone, Worker
from logferry_daemon.core.detectors import Surroundings
from logferry_daemon.core.patience import Effort, Patience
from logferry_daemon.workshop.messages import Answer, Start, answer_of, encoded, ready_of

log = logging.getLogger(__name__)

START = timedelta(seconds=30)
LOOK = timedelta(seconds=0.25)
"""Between two looks at whether it gets on."""

T = TypeVar("T")


class Bench:
    """One worker at most; whoever uses it sees to it that nobody else does meanwhile."""

    def __init__(self, surroundings: Surroundings, command: Sequence[str]) -> None:
        self._surroundings = surroundings
        self._command = command
        self._worker: Worker | None = None

    @property
    def pid(self) -> int | None:
        """Of the worker, while there is one."""
        return self._worker.pid if self._worker is not None and self._worker.lives else None

    async def ready(self) -> Worker:
        """A worker that can be told something; OSError, Gone or MsgspecError where there can be none."""
        if self._worker is not None and self._worker.lives:
            return self._worker
        await self.close()
        worker = self._worker = Worker.started(self._command)
        hello = encoded(Start(surroundings=self._surroundings))
        # It is not known yet to do anything at all, so only the clock counts.
        await self._asked(worker, lambda one: ready_of(one.exchange(hello)), Patience(computing=START, still=START))
        return worker

    async def answer(self, worker: Worker, message: bytes, patience: Patience) -> Answer:
        """What it made of it; Gone, and no worker any more, where it did not come to that."""
        try:
            return await self._asked(worker, lambda one: answer_of(one.exchange(message)), patience)
        except (Gone, msgspec.MsgspecError) as error:
            log.warning("the worker was lost in the middle of its work", extra={"action": "worker"})
            await self.close()
            if isinstance(error, Gone):
                raise
            raise Gone("it answered something else") from error

    async def close(self) -> None:
        """No worker any more."""
        worker, self._worker = self._worker, None
        if worker is not None:
            await asyncio.to_thread(worker.end)

    async def _asked(self, worker: Worker, wait: Callable[[Worker], T], patience: Patience) -> T:
        """Whoever does not get on, or is not wanted any more, leaves no worker that goes on with it."""
        asking = asyncio.ensure_future(asyncio.to_thread(wait, worker))
        effort: Effort | None = None
        try:
            while not (await asyncio.wait({asking}, timeout=LOOK.total_seconds()))[0]:
                # Most are done before anybody looks.
                effort = effort or Effort.beginning(patience, worker.computed(), _now())
                if why := effort.why_given_up(worker.computed(), _now()):
                    raise Gone(why)
            return asking.result()
        finally:
            if not asking.done():
                worker.kill()
                await asyncio.gather(asking, return_exceptions=True)
                await self.close()


def _now() -> timedelta:
    return timedelta(seconds=asyncio.get_running_loop().time())
