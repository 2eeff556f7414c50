"""Makes letters in a thread of this process."""

from __future__ import annotations

import asyncio

from logferry_daemon.core.detectors import Detectors
from logferry_daemon.core.exchange import Dialect
from logferry_daemon.core.writing import Errand, Written, write_letter


class ThreadWorkshop:
    """As many at a time as are asked for; the event loop waits for its turn between them."""

    def __init__(self, detectors: Detectors) -> None:
        self._detectors = detectors

    async def write(self, errand: Errand, dialect: Dialect) -> Written:
        """The letter."""
        return await asyncio.to_thread(write_letter, errand, dialect, self._detectors)
