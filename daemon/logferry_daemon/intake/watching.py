"""Hears of changes in a source's folder. A hint only shortens the wait: the scan is the record."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from logferry_daemon.intake.mistakes import said_of
from logferry_daemon.intake.source import Source
from logferry_daemon.ports import Clock, Watcher
from logferry_model.errors import Unreachable

log = logging.getLogger(__name__)

MISSING_RETRY = timedelta(seconds=5)
UNWATCHED_RETRY = timedelta(minutes=10)
"""A limit may have been raised, a network drive replaced."""


class Watching:
    """Of one source; calls `hint` when there is something to look at."""

    def __init__(self, source: Source, watcher: Watcher, clock: Clock, hint: Callable[[], None]) -> None:
        self.unwatched: Unreachable | None = None
        """Why nobody tells about changes; it is scanned more often then."""
        self._source = source
        self._watcher = watcher
        self._clock = clock
        self._hint = hint

    async def run(self) -> None:
        """Listen until cancelled; a watcher that ends or fails is started again."""
        retry = MISSING_RETRY
        while True:
            try:
                async for _ in self._watcher.hints(self._source.root):
                    self.unwatched, retry = None, MISSING_RETRY
                    self._hint()
            except Unreachable as error:
                log.info("source not watched", extra={"action": "source", "code": error.code})
                self.unwatched, retry = error, UNWATCHED_RETRY
                self._hint()
            except Exception as error:  # the scan goes on, and so do the other sources
                log.exception("watcher failed", extra={"action": "source", "source": self._source.name})
                self.unwatched, retry = Unreachable("watch-failed", said_of(error)), UNWATCHED_RETRY
                self._hint()
            await self._clock.sleep(retry)
            retry = min(2 * retry, UNWATCHED_RETRY)
