"""Real time and real chance."""

from __future__ import annotations

import asyncio
import random
import secrets
import sys
import time
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SystemClock:
    """The computer's clock; waiting goes by the one that nobody can set."""

    def now(self) -> datetime:
        """Aware, UTC."""
        return datetime.now(UTC)

    def steady(self) -> datetime:
        """Since some moment, as if that had been in 1970."""
        return _EPOCH + timedelta(seconds=_awake_or_asleep())

    async def sleep(self, duration: timedelta) -> None:
        """Wait by the monotonic clock."""
        await asyncio.sleep(max(duration.total_seconds(), 0))


class SystemChance:
    """The operating system's randomness for keys, a plain generator for jitter."""

    def jitter(self) -> float:
        """Evenly between 0 and 1."""
        return random.random()  # noqa: S311 -- spreads retries, guards nothing

    def token(self) -> str:
        """Thirty-two hex digits."""
        return secrets.token_hex(16)


def _awake_or_asleep() -> float:
    """Seconds of the clock that nobody can set and that goes on while the computer sleeps."""
    if sys.platform == "linux":
        # CLOCK_MONOTONIC stops in a suspend, clock_gettime(2).
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    if sys.platform == "darwin":
        # time.monotonic() is mach_absolute_time there, which stops; this one does not, clock_gettime(3).
        return time.clock_gettime(time.CLOCK_MONOTONIC)
    return time.monotonic()
