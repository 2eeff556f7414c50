"""Sees to it that what was deleted is soon in no file of the spool any more, whoever was ended in between."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from logferry_daemon.ports import Clock, Removals
from logferry_daemon.wake import Wake
from logferry_model.errors import LogferryError

log = logging.getLogger(__name__)

PATIENCE = timedelta(seconds=2)
"""As long as a person waits for it; then it goes on without them."""
AGAIN = timedelta(minutes=1)
SHARE = 5
"""It rests so many times as long as it took: somebody may delete a hundred sessions of a large spool one by one."""


class Scrubber:
    """One for the spool."""

    def __init__(self, spool: Removals, clock: Clock) -> None:
        self._spool = spool
        self._clock = clock
        self._wake = Wake(clock)
        self._asked: list[asyncio.Future[None]] = []

    async def soon(self) -> bool:
        """Begin now; whether it was done before a person's patience was over."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asked.append(done)
        self._wake.set()
        patience = asyncio.ensure_future(self._clock.sleep(PATIENCE))
        try:
            await asyncio.wait({done, patience}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            patience.cancel()
        return done.done()

    async def run(self) -> None:
        """Scrub whenever it is wanted, until cancelled; first what was wanted before the last end."""
        while True:
            self._wake.clear()
            began = self._clock.now()
            asked, self._asked = self._asked, []
            try:
                if asked or await self._spool.unscrubbed():
                    await self._spool.scrub()
            except LogferryError as error:
                log.warning("deleted sessions not overwritten yet", extra={"action": "scrub", "code": error.code})
                await self._wake.wait(AGAIN)
                continue
            except Exception:  # the spool forgot them all the same; it is tried again
                log.exception("scrubbing failed", extra={"action": "scrub"})
                await self._wake.wait(AGAIN)
                continue
            for one in asked:
                if not one.done():
                    one.set_result(None)
            if took := self._clock.now() - began:
                await self._clock.sleep(min(SHARE * took, AGAIN))
            if not self._asked:
                await self._wake.wait(None)
