"""Writes down what came of a delivery: at the gate, what it says of the destination; in the spool, of the delivery."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from logferry_daemon.conversing import is_of_the_network
from logferry_daemon.core.backoff import delay
from logferry_daemon.core.delivery import IllegalStep
from logferry_daemon.core.exchange import Acked, GoneByOwner, Later, Outcome, Parked, Stop
from logferry_daemon.core.gate import Block
from logferry_daemon.core.giving_up import is_given_up, is_stuck
from logferry_daemon.core.queue_trouble import RETRY
from logferry_daemon.floors import Floors
from logferry_daemon.ports import DeliveryRow
from logferry_daemon.road import Post
from logferry_model.errors import LogferryError

log = logging.getLogger(__name__)


class Books:
    """Of one destination."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._unreached: set[str] = set()
        """Deliveries that wait because of the network alone."""
        self.floors = Floors(post.road.clock)

    def tell_gates(self, outcome: Outcome, delivery: str = "") -> None:
        """What an outcome says about the destination as a whole; that of no delivery is of a question."""
        name, gates = self._post.name, self._post.gates
        match outcome:
            case Stop():
                gates.block(
                    name,
                    Block(
                        reason=outcome.reason,
                        hint=outcome.hint.format(name=name),
                        until=self._until(outcome),
                        offline=outcome.offline,
                        by_network=outcome.by_network,
                    ),
                )
            case Later(trouble=True):
                jitter = self._post.road.chance.jitter()
                gates.failed(
                    name, outcome.reason, jitter, item=delivery, unreached=outcome.unreached, floor=outcome.floor
                )
            case Acked() | GoneByOwner() | Parked():
                gates.succeeded(name, delivery)

    async def note_surely(self, row: DeliveryRow, outcome: Outcome, started: datetime) -> None:
        """An answer is worth waiting for: without its note the delivery would stand as being sent for ever."""
        failed = False
        while True:
            try:
                await self._note(row, outcome, started)
                return
            except IllegalStep:
                if not failed:
                    raise
                return  # what was said to have failed is on the disk all the same
            except LogferryError as error:
                failed = True
                log.warning("outcome not noted yet", extra={"action": "courier", "code": error.code})
                await self._post.road.clock.sleep(RETRY)

    async def hasten_unreached(self) -> bool:
        """What waits because of the network alone need not wait any longer; False when nothing does."""
        hastened, self._unreached = sorted(self._unreached), set()
        if hastened:
            await self._post.road.outbox.hastened(hastened)
        return bool(hastened)

    async def _note(self, row: DeliveryRow, outcome: Outcome, started: datetime) -> None:
        now, outbox = self._post.road.clock.now(), self._post.road.outbox
        self._unreached.discard(row.id)
        if is_of_the_network(outcome):
            self._unreached.add(row.id)
        self.floors.note(row.id, _asked_for(outcome))
        match outcome:
            case Acked():
                await outbox.acked(row.id, outcome.receipt, "", now, now - started)
            case GoneByOwner():
                await outbox.acked(row.id, None, f"deleted over there: {outcome.reason}", now, now - started)
            case Parked():
                await outbox.parked(row.id, outcome.reason, now)
            case Later():
                await self._note_later(row, outcome, now)
            case Stop():
                await outbox.deferred(row.id, outcome.reason, self._until(outcome) or now, counts=False, now=now)

    async def _note_later(self, row: DeliveryRow, outcome: Later, now: datetime) -> None:
        attempts, road = row.attempts + 1, self._post.road
        nowhere = is_stuck(outcome, alone=self._post.gates.fails_alone(self._post.name, row.id))
        # A clock that was wrong for a while may have said that the first of them came before it was filed.
        since = max(row.stuck_since or now, row.created_at)
        if nowhere and is_given_up(outcome, stuck=row.stuck + 1, since=since, now=now, longest=road.longest):
            await road.outbox.parked(row.id, f"{outcome.reason}, after {attempts} attempts", now)
            return
        wait = delay(attempts=attempts, jitter=road.chance.jitter(), floor=outcome.floor, cap=road.longest)
        await road.outbox.deferred(
            row.id,
            outcome.reason,
            now + wait,
            counts=not outcome.free,
            now=now,
            anew=bool(outcome.refused_encoding),
            stuck=nowhere,
        )

    def _until(self, stop: Stop) -> datetime | None:
        return None if stop.wait is None else self._post.road.clock.now() + stop.wait


def _asked_for(outcome: Outcome) -> timedelta:
    """How long this one delivery is not to be sent; a Stop is about all of them, and kept at the gate."""
    return outcome.floor if isinstance(outcome, Later) else timedelta()
