"""What a courier has in hand beyond its round: claimed, and its letters written while those before are on their way.

Nothing of it is sent before a round of its own has begun, and that asks the gate first. It is one round at the most,
and under other terms, or where only few may go, it is given back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Sequence

from logferry_daemon.core.destination import Destination
from logferry_daemon.dispatch import Dispatch
from logferry_daemon.ports import Claimed
from logferry_daemon.road import Post
from logferry_daemon.waits import Waits

log = logging.getLogger(__name__)


class Ahead:
    """Of one destination."""

    def __init__(self, post: Post, waits: Waits, dispatch: Dispatch) -> None:
        self._post = post
        self._waits = waits
        self._dispatch = dispatch
        self._claiming: asyncio.Future[Sequence[Claimed]] | None = None
        """Never broken off: what nobody hears of would stand as being sent for ever."""
        self._terms: Destination | None = None
        """On which the letters are written."""
        self._in_hand: dict[str, Claimed] = {}

    @property
    def deliveries(self) -> frozenset[str]:
        """Those in hand."""
        return frozenset(self._in_hand)

    async def fill(self, limit: int) -> None:
        """Claim for the next round, and have its letters written."""
        if self._claiming is not None or self._in_hand:
            return
        self._terms = self._post.destination
        self._claiming = asyncio.ensure_future(self._waits.claim(self._post.road.clock.now(), limit))
        await self._settle()

    async def take(self, limit: int) -> Sequence[Claimed]:
        """The next round, where what is in hand may be that."""
        await self._settle()
        fits = len(self._in_hand) <= limit and self._terms == self._post.destination
        if not fits or self._post.gates.wary(self._post.name):
            return ()
        taken, self._in_hand = list(self._in_hand.values()), {}
        return taken

    async def leave(self, deliveries: Collection[str]) -> None:
        """None of these is in hand when this returns, nor anybody at work on them."""
        await self._settle()
        for one in deliveries:
            self._in_hand.pop(one, None)
        await self._dispatch.break_off(deliveries)

    async def give_up(self) -> Collection[str]:
        """The same of all; which they were."""
        await self._settle()
        gone = self.deliveries
        await self.leave(gone)
        return gone

    async def stop(self) -> None:
        """The courier ends: what stands as being sent is found at the next start."""
        if self._claiming is not None:
            self._claiming.cancel()
            await asyncio.gather(self._claiming, return_exceptions=True)
        await self._dispatch.break_off(self.deliveries)

    async def _settle(self) -> None:
        """What was being claimed is in hand."""
        if (claiming := self._claiming) is None:
            return
        await asyncio.wait({claiming})
        if self._claiming is not claiming:
            return  # somebody else waited for it, too
        self._claiming = None
        if claiming.cancelled() or claiming.exception() is not None:
            # The round that comes next meets it again, and says so.
            log.info("nothing was claimed ahead", extra={"action": "courier", "destination": self._post.name})
            return
        for one in claiming.result():
            self._in_hand[one.row.id] = one
            self._dispatch.begin(one)
