"""One process may be several daemons, one after the other: each ends when its queue turns out to be damaged."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from logferry_daemon.core.backoff import delay

log = logging.getLogger(__name__)


class Damage:
    """Tells the event loop what another thread found out. Made on the loop."""

    def __init__(self) -> None:
        self.seen = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def tell(self) -> None:
        """From any thread."""
        with suppress(RuntimeError):  # the loop is over: nobody is left to be told
            self._loop.call_soon_threadsafe(self.seen.set)

    async def was_told(self) -> bool:
        """Whether it was, by now."""
        await asyncio.sleep(0)  # what another thread told comes with the loop's next turn
        return self.seen.is_set()


class Lives:
    """Counts them: a disk that damages whatever is written to it must not be written to again and again."""

    def __init__(self) -> None:
        self.over = 0

    async def rest(self, stop: asyncio.Event) -> None:
        """After one; longer each time, up to a quarter of an hour, and over at once when somebody stops the process."""
        if stop.is_set():
            return
        self.over += 1
        log.error("queue damaged, all begins anew", extra={"action": "queue", "times": self.over})
        pause = delay(attempts=self.over - 2, jitter=1.0) if self.over > 1 else None
        try:
            await asyncio.wait_for(stop.wait(), pause.total_seconds() if pause else 0)
        except TimeoutError:
            return


async def first_of(*events: asyncio.Event) -> None:
    """Until one of them is set."""
    waits = [asyncio.ensure_future(one.wait()) for one in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waits:
            one.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
