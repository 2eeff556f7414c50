"""An event loop that knows what its threads are doing, so that a test waits for them and not for a guess of a time."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

if sys.platform == "win32":
    _Loop = asyncio.ProactorEventLoop
else:
    _Loop = asyncio.SelectorEventLoop


class CountingLoop(_Loop):
    """The system's own loop; what it gave to a thread is under way until whoever waits for it is told."""

    def __init__(self) -> None:
        super().__init__()
        self._in_threads: set[asyncio.Future[Any]] = set()

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        future = super().run_in_executor(executor, func, *args)
        self._in_threads.add(future)
        # Called in the same turn as the one who waits for it, who has gone on before anybody asks again.
        future.add_done_callback(self._in_threads.discard)
        return future

    async def until_threads_rest(self) -> bool:
        """Wait for what threads do now; whether there was anything to wait for."""
        if not self._in_threads:
            return False
        await asyncio.wait(set(self._in_threads))
        return True


def counting() -> CountingLoop:
    """The loop that runs now."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, CountingLoop), "run it by counting_loop.run(), not by asyncio.run()"
    return loop


def run(story: Coroutine[Any, Any, T]) -> T:
    """What asyncio.run() does, on such a loop."""
    with asyncio.Runner(loop_factory=CountingLoop) as runner:
        return runner.run(story)
