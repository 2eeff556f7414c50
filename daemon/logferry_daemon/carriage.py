"""Letters of one round that travel together: a request leaves when it is full, and when nobody else comes soon.

So the first of them are under way while the next are being made, and one that is long in the making holds up no other.

Each letter goes on being a delivery of its own, with a task of its own. One that must not go any more stops the request
for all of them, before anything else happens; the others are sent again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from logferry_daemon.core.exchange import Alone, Later, Letter, Outcome
from logferry_daemon.core.offer import KIB
from logferry_daemon.core.patience import SOON

log = logging.getLogger(__name__)

HEAVY = 256 * KIB
"""Bytes of a letter that gains nothing by company: what a round trip costs is little beside its own time."""
LOAD = 512 * KIB
"""Bytes of one request: a network that cuts it costs all of them, and nothing travels before it is full."""
STOPPED = Later(reason="its request was stopped for another one's sake", trouble=False, free=True)

Send = Callable[[Sequence[Letter]], Awaitable[Sequence[Outcome | Alone]]]


@dataclass(slots=True)
class _Aboard:
    letter: Letter
    arrived: asyncio.Future[Outcome | Alone]


class Carriage:
    """For one round of one destination."""

    def __init__(self, seats: int, most: int, send: Send, patience: timedelta = SOON) -> None:
        self._seats = seats
        self._most = most
        """Letters that one request may have."""
        self._send = send
        self._patience = patience
        """With whoever else may come."""
        self._aboard: list[_Aboard] = []
        """All who came, in their order."""
        self._left = 0
        """How many of them are on their way, or were."""
        self._trip: asyncio.Task[None] | None = None
        self._waited = 0
        """As many of them have waited long enough for others."""
        self._waiting: asyncio.Task[None] | None = None
        self._complete = asyncio.Event()

    @contextmanager
    def seat(self) -> Iterator[Seat]:
        """Of one delivery; whoever leaves the block without having boarded does not come."""
        seat = Seat(self)
        try:
            yield seat
        finally:
            seat.give_up()

    async def board(self, letter: Letter) -> Outcome | Alone:
        """Travel, and hear what came of it."""
        me = _Aboard(letter, asyncio.get_running_loop().create_future())
        self._aboard.append(me)
        self._leave_when_full()
        try:
            return await me.arrived
        except asyncio.CancelledError:
            await self.stop()
            raise

    async def complete(self) -> None:
        """Returns when everybody has boarded who comes: no letter of this round is still to be written."""
        await self._complete.wait()

    def stays(self) -> None:
        """One fewer comes."""
        self._seats -= 1
        self._leave_when_full()

    async def stop(self) -> None:
        """Nothing of it is being sent any more when this returns."""
        self._wait_no_more()
        if (trip := self._trip) is not None:
            trip.cancel()
            await asyncio.gather(trip, return_exceptions=True)
            # Somebody else may have stopped it, too, and another one may have begun meanwhile.
            self._trip = None if self._trip is trip else self._trip
        self._left = len(self._aboard)
        self._set_down(self._aboard, STOPPED)

    def _leave_when_full(self) -> None:
        if len(self._aboard) >= self._seats:
            self._complete.set()
        if self._trip is not None:
            return
        if self._next_load():
            self._wait_no_more()
            self._trip = asyncio.ensure_future(self._travel())
        elif self._waiting is None and self._left < len(self._aboard):
            self._waiting = asyncio.ensure_future(self._wait())

    async def _wait(self) -> None:
        await asyncio.sleep(self._patience.total_seconds())
        self._waiting = None
        self._waited = len(self._aboard)
        self._leave_when_full()

    def _wait_no_more(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _next_load(self) -> Sequence[_Aboard]:
        """Who leaves next; nobody while there is room and somebody may come soon."""
        loads = list(_loads(self._aboard[self._left :], self._most))
        if not loads:
            return ()
        full = len(loads) > 1 or len(loads[0]) == self._most
        complete = len(self._aboard) >= self._seats or self._left < self._waited
        return loads[0] if full or complete else ()

    async def _travel(self) -> None:
        while load := self._next_load():
            self._left += len(load)
            if len(load) < 2:
                self._set_down(load, Alone())
                continue
            try:
                outcomes = await self._send([one.letter for one in load])
            except Exception:  # what goes wrong in company need not go wrong alone
                log.exception("letters did not go together", extra={"action": "carriage"})
                outcomes = [Alone()] * len(load)
            for one, outcome in zip(load, outcomes, strict=True):
                self._set_down([one], outcome)
        self._trip = None
        self._leave_when_full()

    def _set_down(self, these: Sequence[_Aboard], outcome: Outcome | Alone) -> None:
        for one in these:
            if not one.arrived.done():
                one.arrived.set_result(outcome)


class Seat:
    """What one delivery has of a carriage."""

    def __init__(self, carriage: Carriage | None) -> None:
        self._carriage = carriage

    async def ride(self, letter: Letter) -> Outcome | Alone:
        """What came of it in company; Alone where there is none for it."""
        if self._carriage is None or len(letter.body) > HEAVY:
            return Alone()
        carriage, self._carriage = self._carriage, None
        return await carriage.board(letter)

    def give_up(self) -> None:
        """It does not come."""
        if self._carriage is not None:
            self._carriage.stays()
            self._carriage = None


def _loads(aboard: Sequence[_Aboard], most: int) -> Iterator[Sequence[_Aboard]]:
    """In their order, as many as one request may have."""
    load: list[_Aboard] = []
    for one in aboard:
        weight = sum(len(each.letter.body) for each in load) + len(one.letter.body)
        if load and (weight > LOAD or len(load) == most):
            yield load
            load = []
        load.append(one)
    if load:
        yield load
