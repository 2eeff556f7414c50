"""Notices that the clock on the wall was set back, and has what waits by it begin anew: none is to hold for longer.

What waits in the daemon goes by the steady clock. What waits in the spool holds until it is seen through here: sent
early is what its destination asked it not to be (R-D23).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from logferry_daemon.core.waiting import CORRECTION
from logferry_daemon.ports import Clock, Waiting
from logferry_model.errors import LogferryError

log = logging.getLogger(__name__)

EVERY = timedelta(seconds=15)
"""Two looks, each of which only compares two clocks."""


class ClockWatch:
    """One for the daemon."""

    def __init__(self, clock: Clock, spool: Waiting, changed: Callable[[], None]) -> None:
        self._clock = clock
        self._spool = spool
        self._changed = changed
        """Something may be due at another time."""
        self._ahead: timedelta | None = None
        """How far the clock on the wall was before the steady one; None where nobody has looked yet."""

    async def run(self) -> None:
        """Until cancelled. The first look is for what was set while no daemon ran."""
        while True:
            await self.look()
            await self._clock.sleep(EVERY)

    async def look(self) -> None:
        """Once; where the spool cannot be written now, the next look does it."""
        now = self._clock.now()
        ahead, before = now - self._clock.steady(), self._ahead
        if before is not None and ahead >= before - CORRECTION:
            # Many small steps back are a large one.
            self._ahead = max(ahead, before)
            return
        try:
            anew = await self._spool.see_through(now)
        except LogferryError as error:
            log.warning("waits not looked through yet", extra={"action": "clock", "code": error.code})
            return
        self._ahead = ahead
        if anew:
            log.info("clock was set back", extra={"action": "clock", "count": anew})
            self._changed()
