"""Lets bytes through at a rate, for all requests of the daemon together; core/rate.py says how long they wait."""

from __future__ import annotations

import asyncio

from logferry_daemon.core.rate import Rate


class Throttle:
    """One for all; whoever asks first goes first."""

    def __init__(self, per_second: float) -> None:
        self._rate = Rate(per_second=per_second)

    @property
    def piece(self) -> int:
        """How many bytes to ask for at a time."""
        return self._rate.piece

    async def turn(self, size: int) -> None:
        """Wait until so many bytes may go."""
        loop = asyncio.get_running_loop()
        self._rate, wait = self._rate.take(size, loop.time())
        await asyncio.sleep(wait)
