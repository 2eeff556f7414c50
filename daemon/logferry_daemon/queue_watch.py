"""Finds out when a queue that could not be written can be written again, and tells so.

Whoever fails to write tries again by itself; but nobody may have anything to write, and the trouble would stand in the
status for ever. So while there is one, something is written every few seconds; where there was no
room, that is measured.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from logferry_daemon.core.queue_bound import QUEUE_FULL
from logferry_daemon.core.queue_trouble import RETRY
from logferry_daemon.ports import Clock, Storage
from logferry_model.errors import LogferryError

log = logging.getLogger(__name__)


class QueueWatch:
    """Looks at the spool's trouble again and again."""

    def __init__(self, storage: Storage, clock: Clock, changed: Callable[[], None]) -> None:
        self._storage = storage
        self._clock = clock
        self._changed = changed
        """Somebody should look: a trouble has begun or is over."""
        self._told: str | None = None

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.look()
            await self._clock.sleep(RETRY)

    async def look(self) -> None:
        """Once; what it finds is told when it is news."""
        trouble = self._storage.trouble
        if trouble is not None:
            trouble = await self._tried(self._storage.measure if trouble.code == QUEUE_FULL else self._storage.probe)
        code = trouble.code if trouble else None
        if code != self._told:
            self._told = code
            log.log(
                logging.WARNING if code else logging.INFO,
                "queue in trouble" if code else "queue works again",
                extra={"action": "queue", "code": code},
            )
            self._changed()

    async def _tried(self, attempt: Callable[[], Awaitable[None]]) -> LogferryError | None:
        try:
            await attempt()
        except LogferryError as error:
            return error
        return self._storage.trouble
