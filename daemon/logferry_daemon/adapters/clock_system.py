"""Real time and real chance."""

from __future__ import annotations

import asyncio
import random
import secrets
from datetime import UTC, datetime, timedelta


class SystemClock:
    """The computer's clock; waiting goes by the one that nobody can set."""

    def now(self) -> datetime:
        """Aware, UTC."""
        return datetime.now(UTC)

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
