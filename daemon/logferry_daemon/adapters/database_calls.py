"""Calls of many callers, made by one thread: what waits meanwhile is made together, and answered together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeVar

T = TypeVar("T")

MOST = 64
"""Calls that are made together: who came first waits for the last of them."""


@dataclass(slots=True, eq=False)
class Call:
    """What somebody wants done, and what came of it."""

    work: Callable[[], Any]
    looks: bool
    """It changes nothing, so it waits for nobody who does."""
    answer: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None

    def make(self) -> None:
        """Do it; whatever goes wrong is for who asked."""
        try:
            self.result = self.work()
        except BaseException as error:  # noqa: BLE001 -- it is raised where it is waited for
            self.error = error


class Calls:
    """They wait here for the thread, in the order in which they came."""

    def __init__(self, thread: Executor, together: Callable[[Sequence[Call]], None]) -> None:
        """`together` makes those that may change something, and leaves in each what is to be told."""
        self._thread = thread
        self._together = together
        self._lock = Lock()
        self._waiting: deque[Call] = deque()
        self._served = False
        """Whether the thread will look once more."""

    async def call(self, work: Callable[[], T], *, looks: bool = False) -> T:
        """What `work` returns; once called for it is done, also when the caller is cancelled."""
        call = Call(work, looks, asyncio.get_running_loop().create_future())
        with self._lock:
            self._waiting.append(call)
            served, self._served = self._served, True
        if not served:
            self._wake()
        answer: T = await call.answer
        return answer

    def _wake(self) -> None:
        try:
            self._thread.submit(self._serve)
        except RuntimeError:  # it was ended
            with self._lock:
                self._waiting.clear()
                self._served = False
            raise

    def _serve(self) -> None:
        while calls := self._next():
            looks = [call for call in calls if call.looks]
            for call in looks:
                call.make()
            _answer(looks)  # before the others: nothing of theirs has begun, and a sync takes its time
            others = [call for call in calls if not call.looks]
            self._make(others)
            _answer(others)

    def _make(self, calls: Sequence[Call]) -> None:
        try:
            self._together(calls)
        except BaseException as error:  # noqa: BLE001 -- without an answer they would wait for ever, and all after them
            for call in calls:
                call.error = call.error or error

    def _next(self) -> list[Call]:
        with self._lock:
            calls = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
            self._served = bool(calls)
        return calls


def _answer(calls: Sequence[Call]) -> None:
    """All who wait on one loop are told at once: waking it costs more than telling it."""
    loops: dict[asyncio.AbstractEventLoop, list[Call]] = {}
    for call in calls:
        loops.setdefault(call.answer.get_loop(), []).append(call)
    for loop, theirs in loops.items():
        with suppress(RuntimeError):  # it is closed, and nobody waits any more
            loop.call_soon_threadsafe(_tell, theirs)


def _tell(calls: Sequence[Call]) -> None:
    for call in calls:
        if call.answer.done():
            continue  # who asked was cancelled
        if call.error is None:
            call.answer.set_result(call.result)
        else:
            call.answer.set_exception(call.error)
