"""Carries deliveries to one destination: claims what is due, converses in its dialect, notes what came of it.

A dead destination has a courier of its own, so it slows no other. Nothing is acknowledged here without the outcome
`Acked`, which only a dialect can say, and only of a whole answer that names what was sent.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Generator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from logferry_daemon.carriage import Carriage, Seat
from logferry_daemon.core.backoff import CAP, delay
from logferry_daemon.core.budget import Budget
from logferry_daemon.core.company import for_all
from logferry_daemon.core.delivery import IllegalStep
from logferry_daemon.core.destination import Destination
from logferry_daemon.core.evening import Gathering
from logferry_daemon.core.exchange import (
    Acked,
    Alone,
    Batching,
    Dialect,
    Erasure,
    GoneByOwner,
    Later,
    Letter,
    Outcome,
    Parked,
    Probing,
    Recalling,
    Request,
    Response,
    Stop,
    Upload,
)
from logferry_daemon.core.gate import Block, Gate
from logferry_daemon.core.hushing import hushed
from logferry_daemon.core.pins import PIN_CHANGED
from logferry_daemon.core.queue_trouble import RETRY
from logferry_daemon.gates import Gates
from logferry_daemon.handover import Handover, Proofs, exchange
from logferry_daemon.offers import NothingOffered, Offering
from logferry_daemon.ports import Chance, Claimed, Clock, Credentials, DeliveryRow, Outbox, Sender
from logferry_daemon.scribe import Scribe
from logferry_daemon.tokens import Proof, Tokens
from logferry_daemon.triggers import Trigger
from logferry_daemon.wake import Wake
from logferry_model.errors import LogferryError, Misconfigured, Refused, Unreachable

log = logging.getLogger(__name__)

AT_ONCE = 4
"""Requests to one destination at a time: more bought nothing in any measurement (performance.md 5)."""
TOGETHER = 25
"""Letters in one request at the most: all of them are in memory, and beyond this a round trip is no cost any more."""
APART = timedelta(minutes=10)
"""How long letters go one by one after a request with several had no good end."""
LOOK_AGAIN = timedelta(seconds=30)
"""For what changes without a sign: a keyring that was unlocked, a clock that was set."""
SHORTEST_LOOK = timedelta(seconds=2)
TLS_PAUSE = timedelta(minutes=15)
UNHURRIED = Budget()

T = TypeVar("T")
Turn = AbstractAsyncContextManager[object]
"""Held by whoever writes to a destination of which only one may at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """The ports a courier needs."""

    clock: Clock
    chance: Chance
    outbox: Outbox
    sender: Sender
    credentials: Credentials
    scribe: Scribe
    offers: Offering = field(default_factory=NothingOffered)
    longest: timedelta = CAP
    """Wait between two tries at a delivery."""


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
        self.destination = destination
        self.dialect = dialect
        self._road = road
        self._gates = gates
        self._changed = changed
        self._budget = budget
        """For what was found before it was asked for."""
        self._turn = turn or nullcontext()
        self._tokens = Tokens(road.clock, road.sender)
        self._trigger = trigger
        """Where what is over waits for something; None is where all goes at once."""
        self._at_once = 1 if isinstance(dialect, Gathering) else AT_ONCE
        self._hands = asyncio.Semaphore(AT_ONCE)
        self._recalled: Mapping[str, Acked] = {}
        """Of this round, what arrived before and was not known to have."""
        self._most = 1
        """Letters that one request may have now."""
        self._apart_until: datetime | None = None
        """Letters go one by one: some of them together had no good end."""
        self._handover = Handover(road.outbox, road.sender, road.offers)
        self._wake = Wake(road.clock)
        self._under_way: set[str] = set()
        """Deliveries claimed and not yet noted as anything else."""
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._dropped: set[str] = set()
        """Deliveries of deleted sessions: some may have been claimed in the very moment of the deletion."""
        self._held: set[str] = set()
        """The same of those that must not go any more; what is claimed later may go."""
        self._unreached: set[str] = set()
        """Deliveries that wait because of the network alone."""

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
        return frozenset(self._under_way)

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
        hastened, self._unreached = sorted(self._unreached), set()
        if hastened:
            await self._road.outbox.hastened(hastened)
            self.wake()

    async def _break_off(self, deliveries: Collection[str]) -> None:
        under_way = [task for name, task in self._tasks.items() if name in deliveries]
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    async def run(self) -> None:
        """Deliver until cancelled; what is under way then is found and sent again at the next start."""
        while True:
            self._wake.clear()
            try:
                wait = await self._round()
            except LogferryError as error:
                log.warning("delivery stopped for a moment", extra={"action": "courier", "code": error.code})
                wait = RETRY
            except Exception:  # one destination that cannot go on is no reason for the others to stop
                log.exception("courier failed", extra={"action": "courier", "destination": self.destination.name})
                wait = LOOK_AGAIN
            if wait is None:
                continue
            await self._wake.wait(wait)

    async def _round(self) -> timedelta | None:
        """Deliver one batch; None when there may be more, else how long to wait."""
        name, now = self.destination.name, self._road.clock.now()
        if self._trigger:
            await self._trigger.pull(now)
        gate = await self._gates.gate(self.destination)
        if not gate.open:
            return min(self._until_open(gate, now), LOOK_AGAIN)
        if (wait := await self._until_there(now)) is not None:
            return wait
        limit, self._most = await self._limit(now)
        self._held.clear()
        left, only, wary = self._budget.left(now), self._only_asked, self._gates.wary(name)
        claimed = await self._road.outbox.claim(name, now, limit, backfill=left, only_asked=only, longest_untried=wary)
        if not claimed:
            return await self._until_due(now)
        self._budget = self._budget.spent(sum(one.backfill for one in claimed), now)
        await self._deliver_while_allowed(claimed)
        return None

    async def _limit(self, now: datetime) -> tuple[int, int]:
        """How many deliveries make sense together, and how many letters one request may have."""
        limit = self._gates.at_once(self.destination.name, self._at_once)
        # After `now` by more than it can be: the clock was set back.
        apart = self._apart_until is not None and timedelta() < self._apart_until - now <= APART
        if limit < AT_ONCE or apart or not isinstance(self.dialect, Batching):
            return limit, 1
        most = min(self.dialect.most_together(await self._road.offers.known(self.destination)), TOGETHER)
        return max(most, limit), most

    def _until_open(self, gate: Gate, now: datetime) -> timedelta:
        if gate.until is not None:
            return max(gate.until - now, timedelta())
        return max(self._gates.keys.look_again(self.destination.name), SHORTEST_LOOK)

    async def _until_there(self, now: datetime) -> timedelta | None:
        """None where it is there, as far as anybody knows; else how long to wait before the next look.

        After the network failed it is asked, by a request without a body, before a letter is sent again. Its owner may
        have closed the gate meanwhile, so a letter waits for another look, too.
        """
        name, dialect = self.destination.name, self.dialect
        if not (isinstance(dialect, Probing) and self._gates.doubtful(name)):
            return None
        if (wait := await self._until_due(now)) > timedelta():
            return wait
        talk = dialect.probe(url=self.destination.url, now=now)
        answer = await converse(self._road.sender, self.destination, lambda _: {}, talk)
        if answer is None:
            self._gates.there(name)
            return timedelta()
        if isinstance(answer, Later):
            self._gates.not_there(name, answer.reason, self._road.chance.jitter())
        else:
            self._tell_gates(answer)
        return SHORTEST_LOOK

    async def _until_due(self, now: datetime) -> timedelta:
        """How long nothing can be sent, as far as anybody knows."""
        name, outbox = self.destination.name, self._road.outbox
        due = await outbox.next_due(name, backfill=False, only_asked=self._only_asked)
        old = await outbox.next_due(name, backfill=True, only_asked=self._only_asked)
        known = [due, max(old, self._budget.ready(now)) if old else None]
        waits = [max(one - now, timedelta()) for one in known if one is not None]
        if self._trigger and self._trigger.wait:
            waits.append(self._trigger.wait)
        return min([*waits, LOOK_AGAIN])

    @property
    def _only_asked(self) -> bool:
        return self._trigger is not None and self._trigger.only_asked

    async def _deliver_while_allowed(self, claimed: Sequence[Claimed]) -> None:
        """Deliver all; stop in the middle when the owner takes consent back or pauses."""
        self._under_way = {one.row.id for one in claimed}
        if not self._gates.consents.given(self.destination):
            # Its owner changed something in the very moment: a letter may be from before that.
            await self._road.outbox.released(sorted(self._under_way))
            return
        work = asyncio.ensure_future(self._deliver_all(claimed))
        watch = asyncio.ensure_future(self._until_closed_by_owner())
        try:
            await asyncio.wait({work, watch}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (work, watch):
                task.cancel()
            ended, _ = await asyncio.gather(work, watch, return_exceptions=True)
        await self._road.outbox.released(sorted(self._under_way))
        for delivery in self._under_way:
            self._changed(delivery)
        if isinstance(ended, Exception):
            raise ended

    async def _deliver_all(self, claimed: Sequence[Claimed]) -> None:
        self._recalled = await self._recall(claimed)
        together = min(self._most, len(claimed)) > 1
        carriage = Carriage(len(claimed), self._most, self._send_together) if together else None
        try:
            async with asyncio.TaskGroup() as group:
                self._tasks = {one.row.id: group.create_task(self._deliver(one, carriage)) for one in claimed}
        finally:
            if carriage is not None:
                await carriage.stop()

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
            self._tell_gates(outcome)
            await self._note_surely(row, outcome, started)
        self._under_way.discard(row.id)
        log.info(
            "delivery tried",
            extra={"action": type(outcome).__name__, "delivery": row.id, "destination": row.destination},
        )
        self._changed(row.id)

    async def _outcome(self, seat: Seat, claimed: Claimed) -> Outcome:
        """Nothing that happens to one delivery may end the courier."""
        if (arrived := self._recalled.get(claimed.row.id)) is not None:
            seat.give_up()
            return arrived
        try:
            async with self._hands:
                letter = await self._letter(claimed)
            return await self._sent(seat, claimed, letter)
        except Refused as error:
            return Parked(reason=error.message)
        except Unreachable as error:
            # Only the keyring is asked before anything is sent. The gate finds out what it is.
            self._gates.keys.doubt(self.destination.name)
            return Stop(reason=error.message, wait=SHORTEST_LOOK)
        except LogferryError as error:
            return Later(reason=str(error), trouble=False)
        except Exception as error:
            log.exception("delivery failed", extra={"action": "courier", "delivery": claimed.row.id})
            return Parked(reason=f"a mistake in Logferry: {type(error).__name__}")
        finally:
            seat.give_up()

    async def _sent(self, seat: Seat, claimed: Claimed, letter: Letter) -> Outcome:
        """In company where there is some, else by itself."""
        if claimed.upload == Upload() and not isinstance(outcome := await seat.ride(letter), Alone):
            return outcome
        seat.give_up()
        async with self._hands:
            return await self._converse(claimed, letter)

    async def _recall(self, claimed: Sequence[Claimed]) -> Mapping[str, Acked]:
        """Delivery -> proof, of those whose sending was broken off: asked for before they are sent again."""
        broken_off = {one.row.id: one.letter for one in claimed if one.letter and _is_broken_off(one)}
        if not (isinstance(self.dialect, Recalling) and min(self._most, len(broken_off)) > 1):
            return {}
        secret = await self._gates.keys.secret(self.destination)
        if secret is None:
            return {}
        now, headers = self._road.clock.now(), proofs(self.dialect, secret, self._road.clock)
        talk = self.dialect.recall(tuple(broken_off.values()), url=self.destination.url, now=now)
        found = await converse(self._road.sender, self.destination, headers, talk)
        if isinstance(found, Later | Stop):
            return {}  # what is wrong is told by whatever is sent next
        return {delivery: proof for delivery, proof in zip(broken_off, found, strict=True) if proof}

    async def _send_together(self, letters: Sequence[Letter]) -> Sequence[Outcome | Alone]:
        """In one request; where it had no good end, letters go one by one for a while."""
        dialect, now = self.dialect, self._road.clock.now()
        secret = await self._gates.keys.secret(self.destination)
        if secret is None or not isinstance(dialect, Batching):
            return [Alone()] * len(letters)
        talk = dialect.together(letters, url=self.destination.url, now=now)
        found = await converse(self._road.sender, self.destination, proofs(dialect, secret, self._road.clock), talk)
        outcomes = for_all(found, len(letters)) if isinstance(found, Later | Stop) else found
        if isinstance(found, Later) or any(isinstance(one, Alone) for one in outcomes):
            self._apart_until = now + APART
        return [one if isinstance(one, Alone) else hushed(one, secret) for one in outcomes]

    async def _letter(self, claimed: Claimed) -> Letter:
        if claimed.letter is not None:
            await self._road.scribe.check(claimed.letter, self.destination)
            return claimed.letter
        offer = await self._road.offers.for_letter(self.destination, self.dialect, claimed.row.id)
        written = await self._road.scribe.write(claimed, self.destination, self.dialect, offer)
        await self._road.outbox.keep_letter(claimed.row.id, written.letter)
        return written.letter

    async def _converse(self, claimed: Claimed, letter: Letter) -> Outcome:
        secret = await self._gates.keys.secret(self.destination)
        if secret is None:
            # It was there a moment ago: the keyring was locked in between, say. The gate finds out what it is.
            self._gates.keys.doubt(self.destination.name)
            return Stop(reason="no key", hint="Give it one with: logferry login {name}", wait=SHORTEST_LOOK)
        return hushed(await outcome_of(self._hand(claimed, letter, secret)), secret)

    async def _hand(self, claimed: Claimed, letter: Letter, key: str) -> Outcome:
        """By the key or a token of it; a token that is not taken any more is made anew, once."""
        proof, outcome = await self._hand_by(claimed, letter, key)
        if proof.may_be_old(outcome):
            self._tokens.forget(proof)
            proof, outcome = await self._hand_by(claimed, letter, key)
        return hushed(outcome, proof.secret)

    async def _hand_by(self, claimed: Claimed, letter: Letter, key: str) -> tuple[Proof, Outcome]:
        proof = await self._tokens.proof(self.destination, self.dialect, key)
        headers = proofs(self.dialect, proof.secret, self._road.clock)
        outcome = await self._handover.hand(
            claimed, letter, self.destination, self.dialect, proofs_of=headers, now=self._road.clock.now()
        )
        return proof, outcome

    def _tell_gates(self, outcome: Outcome) -> None:
        """What the outcome says about the destination as a whole."""
        name = self.destination.name
        match outcome:
            case Stop():
                hint = outcome.hint.format(name=name)
                self._gates.block(
                    name,
                    Block(
                        reason=outcome.reason,
                        hint=hint,
                        until=self._until(outcome),
                        offline=outcome.offline,
                        by_network=outcome.by_network,
                    ),
                )
            case Later(trouble=True):
                jitter = self._road.chance.jitter()
                self._gates.failed(name, outcome.reason, jitter, unreached=outcome.unreached, floor=outcome.floor)
            case Acked() | GoneByOwner() | Parked():
                self._gates.succeeded(name)

    async def _note_surely(self, row: DeliveryRow, outcome: Outcome, started: datetime) -> None:
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
                await self._road.clock.sleep(RETRY)

    async def _note(self, row: DeliveryRow, outcome: Outcome, started: datetime) -> None:
        now, outbox = self._road.clock.now(), self._road.outbox
        self._unreached.discard(row.id)
        if is_of_the_network(outcome):
            self._unreached.add(row.id)
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
        attempts = row.attempts + 1
        if outcome.parks_after and attempts >= outcome.parks_after and now - row.created_at >= outcome.parks_age:
            await self._road.outbox.parked(row.id, f"{outcome.reason}, after {attempts} attempts", now)
            return
        wait = delay(attempts=attempts, jitter=self._road.chance.jitter(), floor=outcome.floor, cap=self._road.longest)
        await self._road.outbox.deferred(
            row.id, outcome.reason, now + wait, counts=not outcome.free, now=now, anew=bool(outcome.refused_encoding)
        )

    def _until(self, stop: Stop) -> datetime | None:
        return None if stop.wait is None else self._road.clock.now() + stop.wait


def proofs(dialect: Dialect, secret: str, clock: Clock) -> Proofs:
    """Those of one key; a signature holds a time, so each request has its own."""
    return lambda request: dialect.credentials(secret, request, clock.now())


async def converse(
    sender: Sender, destination: Destination, proofs_of: Proofs, talk: Generator[Request, Response, T]
) -> T | Later | Stop:
    """What comes of a conversation with a destination; it may end without a request."""
    return await outcome_of(exchange(sender, destination, proofs_of, talk))


async def outcome_of(exchanging: Awaitable[T]) -> T | Later | Stop:
    """What comes of it, also where there was no whole answer or the key is of no use there."""
    try:
        return await exchanging
    except Unreachable as error:
        return _no_answer(error)
    except Misconfigured as error:
        return Stop(reason=error.message, hint=error.hint)


def _no_answer(error: Unreachable) -> Later | Stop:
    """What it means that there was no whole answer. The network's trouble never parks a delivery."""
    if error.code == PIN_CHANGED:
        return Stop(reason=error.message, hint=error.hint)
    if error.code == "tls":
        hint = "Check its address and your clock; nothing was sent, and nothing goes there unencrypted."
        return Stop(reason=error.message, hint=hint, wait=TLS_PAUSE, by_network=True)
    return Later(reason=error.message, unreached=True)


def _is_broken_off(claimed: Claimed) -> bool:
    """Whether nobody knows what came of its last try: a daemon ended in it, or it was held."""
    return not claimed.row.last_error and claimed.row.last_attempt is not None and claimed.upload == Upload()


def is_of_the_network(outcome: Outcome | Erasure) -> bool:
    """Whether another network may be all that it takes."""
    match outcome:
        case Later():
            return outcome.unreached
        case Stop():
            return outcome.offline or outcome.by_network
    return False
