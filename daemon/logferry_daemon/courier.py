"""Carries deliveries to one destination: claims what is due, converses in its dialect, notes what came of it.

A dead destination has a courier of its own, so it slows no other. Nothing is acknowledged here without the outcome
`Acked`, which only a dialect can say, and only of a whole answer that names what was sent.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta

from logferry_daemon.ahead import Ahead
from logferry_daemon.bookkeeping import Books
from logferry_daemon.carriage import Carriage, Seat
from logferry_daemon.convoys import Convoys
from logferry_daemon.core.budget import Budget
from logferry_daemon.core.destination import Destination
from logferry_daemon.core.exchange import Acked, Dialect, Outcome
from logferry_daemon.core.queue_trouble import RETRY
from logferry_daemon.dispatch import Dispatch
from logferry_daemon.gates import Gates
from logferry_daemon.ports import Claimed
from logferry_daemon.road import AT_ONCE, LOOK_AGAIN, Post, Road, Turn
from logferry_daemon.triggers import Trigger
from logferry_daemon.waits import UNHURRIED, Waits
from logferry_daemon.wake import Wake
from logferry_model.errors import LogferryError

log = logging.getLogger(__name__)


class Courier:
    """One destination's deliveries."""

    def __init__(
        self,
        destination: Destination,
        dialect: Dialect,
        road: Road,
        gates: Gates,
        changed: Callable[[str], None],
        *,
        budget: Budget = UNHURRIED,
        turn: Turn | None = None,
        trigger: Trigger | None = None,
    ) -> None:
        self._post = post = Post(destination, dialect, road, gates)
        self._road = road
        self._gates = gates
        self._changed = changed
        self._turn = turn or nullcontext()
        self._books = Books(post)
        self._waits = Waits(post, self._books, budget, trigger)
        self._convoys = Convoys(post)
        self._dispatch = Dispatch(post)
        self._ahead = Ahead(post, self._waits, self._dispatch)
        self._wake = Wake(road.clock)
        self._recalled: Mapping[str, Acked] = {}
        """Of this round, what arrived before and was not known to have."""
        self._under_way: set[str] = set()
        """Deliveries claimed and not yet noted as anything else."""
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._dropped: set[str] = set()
        """Deliveries of deleted sessions: some may have been claimed in the very moment of the deletion."""
        self._held: set[str] = set()
        """The same of those that must not go any more; what is claimed later may go."""

    @property
    def destination(self) -> Destination:
        """Where all of it goes."""
        return self._post.destination

    @destination.setter
    def destination(self, destination: Destination) -> None:
        """The same under other terms."""
        self._post.destination = destination

    @property
    def dialect(self) -> Dialect:
        """In which it is told there."""
        return self._post.dialect

    def wake(self) -> None:
        """Something may have become possible."""
        self._wake.set()

    async def drop(self, deliveries: Collection[str]) -> None:
        """Nothing of these is sent any more when this returns; the spool has them no more."""
        self._dropped.update(deliveries)
        await self._break_off(deliveries)

    @property
    def under_way(self) -> frozenset[str]:
        """What was claimed and is not noted as anything else yet."""
        return self._ahead.deliveries.union(self._under_way)

    async def hold(self, deliveries: Collection[str]) -> None:
        """These are not being sent any more when this returns: they are pending again."""
        self._held.update(deliveries)
        await self._break_off(deliveries)
        await self._road.outbox.released(sorted(deliveries))
        self._under_way.difference_update(deliveries)
        for delivery in deliveries:
            self._changed(delivery)

    async def network_changed(self) -> None:
        """What waits because of the network alone need not wait any longer."""
        if await self._books.hasten_unreached():
            self.wake()

    async def _break_off(self, deliveries: Collection[str]) -> None:
        under_way = [task for name, task in self._tasks.items() if name in deliveries]
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        await self._ahead.leave(deliveries)

    async def run(self) -> None:
        """Deliver until cancelled; what is under way then is found and sent again at the next start."""
        try:
            while True:
                await self._go_on()
        finally:
            await self._ahead.stop()

    async def _go_on(self) -> None:
        self._wake.clear()
        try:
            wait = await self._round()
        except LogferryError as error:
            log.warning("delivery stopped for a moment", extra={"action": "courier", "code": error.code})
            wait = RETRY
        except Exception:  # one destination that cannot go on is no reason for the others to stop
            log.exception("courier failed", extra={"action": "courier", "destination": self.destination.name})
            wait = LOOK_AGAIN
        if wait is not None:
            await self._wake.wait(wait)

    async def _round(self) -> timedelta | None:
        """Deliver one batch; None when there may be more, else how long to wait."""
        await self._let_go()  # where the disk failed at the end of the last round
        now = self._road.clock.now()
        await self._waits.pull(now)
        gate = await self._gates.gate(self.destination)
        if not gate.open:
            await self._give_back()
            return self._waits.until_open(gate, now)
        if (wait := await self._waits.until_there(now)) is not None:
            await self._give_back()
            return wait
        limit, most = await self._convoys.limit()
        self._held.clear()
        claimed = await self._next(now, limit)
        if not claimed:
            return await self._waits.until_due(now)
        more = limit if len(claimed) == limit >= AT_ONCE else 0
        try:
            await self._deliver_while_allowed(claimed, most, more)
        finally:
            # A letter that was written ahead and did not go may be from before something that its owner changed.
            await self._dispatch.break_off([one.row.id for one in claimed])
        return None

    async def _next(self, now: datetime, limit: int) -> Sequence[Claimed]:
        """What was claimed ahead, else what may go now."""
        if taken := await self._ahead.take(limit):
            return taken
        await self._give_back()
        return await self._waits.claim(now, limit)

    async def _give_back(self) -> None:
        """What was claimed ahead is pending again."""
        self._under_way.update(await self._ahead.give_up())
        await self._let_go()

    async def _deliver_while_allowed(self, claimed: Sequence[Claimed], most: int, more: int) -> None:
        """Deliver all, at most so many in one request, and claim so many more meanwhile.

        Stop when the owner takes consent back or pauses.
        """
        self._under_way = {one.row.id for one in claimed}
        if not self._gates.consents.given(self.destination):
            # Its owner changed something in the very moment: a letter may be from before that.
            await self._let_go()
            return
        work = asyncio.ensure_future(self._deliver_all(claimed, most, more))
        watch = asyncio.ensure_future(self._until_closed_by_owner())
        try:
            await asyncio.wait({work, watch}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (work, watch):
                task.cancel()
            ended, _ = await asyncio.gather(work, watch, return_exceptions=True)
        await self._let_go()
        if isinstance(ended, Exception):
            raise ended

    async def _let_go(self) -> None:
        """What was claimed and is not noted as anything else is pending again."""
        if not self._under_way:
            return
        await self._road.outbox.released(sorted(self._under_way))
        for delivery in self._under_way:
            self._changed(delivery)
        self._under_way = set()

    async def _deliver_all(self, claimed: Sequence[Claimed], most: int, more: int) -> None:
        self._recalled = await self._convoys.recall(claimed, most)
        together = min(most, len(claimed)) > 1
        carriage = Carriage(len(claimed), most, self._convoys.send) if together else None
        try:
            async with asyncio.TaskGroup() as group:
                self._tasks = {one.row.id: group.create_task(self._deliver(one, carriage)) for one in claimed}
                if more:
                    group.create_task(self._look_ahead(carriage, more))
        finally:
            if carriage is not None:
                await carriage.stop()

    async def _look_ahead(self, carriage: Carriage | None, more: int) -> None:
        """Claimed only when no letter of this round is still to be written: those of the next do not come between."""
        if carriage is not None:
            await carriage.complete()
        await self._ahead.fill(more)

    async def _until_closed_by_owner(self) -> None:
        while True:
            # Cleared before asking: a word that comes while the gate makes up its mind must not be missed.
            self._wake.clear()
            if (await self._gates.gate(self.destination)).by_owner:
                return
            await self._wake.wait(None)

    async def _deliver(self, claimed: Claimed, carriage: Carriage | None) -> None:
        with carriage.seat() if carriage else nullcontext(Seat(None)) as seat:
            await self._deliver_in(seat, claimed)

    async def _deliver_in(self, seat: Seat, claimed: Claimed) -> None:
        row = claimed.row
        if row.id in self._dropped or row.id in self._held:
            return
        self._changed(row.id)
        async with self._turn:
            started = self._road.clock.now()
            outcome = await self._outcome(seat, claimed)
            self._books.tell_gates(outcome, row.id)
            await self._books.note_surely(row, outcome, started)
        self._under_way.discard(row.id)
        log.info(
            "delivery tried",
            extra={"action": type(outcome).__name__, "delivery": row.id, "destination": row.destination},
        )
        self._changed(row.id)

    async def _outcome(self, seat: Seat, claimed: Claimed) -> Outcome:
        if (arrived := self._recalled.get(claimed.row.id)) is not None:
            seat.give_up()
            return arrived
        return await self._dispatch.outcome(seat, claimed)
