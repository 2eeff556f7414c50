"""Has everything that could not be reached tried at once when this computer's network comes back.

Without a word of the system it is found out a little later: by the next question whether a destination is there.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from logferry_daemon.core.backoff import BASE
from logferry_daemon.ports import Clock, NetworkNews
from logferry_model.errors import LogferryError

log = logging.getLogger(__name__)


async def follow_network(news: NetworkNews, clock: Clock, changed: Callable[[], Awaitable[None]]) -> None:
    """Tell `changed` of every change, until cancelled or nobody tells any more."""
    async for _ in news.changes():
        log.info("network changed", extra={"action": "network"})
        try:
            await changed()
        except LogferryError as error:
            log.warning("waits are not over yet", extra={"action": "network", "code": error.code})
        await clock.sleep(BASE)
