"""A doorbell for a loop that waits: rung, or over by time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from logferry_daemon.ports import Clock


class Wake:
    """Set from anywhere on the loop; one loop waits for it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rung = asyncio.Event()

    def set(self) -> None:
        """Ring."""
        self._rung.set()

    def clear(self) -> None:
        """From now on only new rings count."""
        self._rung.clear()

    async def wait(self, limit: timedelta | None) -> None:
        """Until rung, at most `limit`."""
        ring = asyncio.ensure_future(self._rung.wait())
        waits: set[asyncio.Future[Any]] = {ring}
        if limit is not None:
            waits.add(asyncio.ensure_future(self._clock.sleep(limit)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
