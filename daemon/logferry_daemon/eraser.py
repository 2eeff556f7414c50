"""Has one destination delete what its owner wants gone or nobody goes on with, and asks until that is confirmed.

Beside the courier and not in it: a pause or a consent that was taken back stops what is sent, never what is taken away.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta

from logferry_daemon.conversing import exchange, is_of_the_network, outcome_of, proofs
from logferry_daemon.core.backoff import delay
from logferry_daemon.core.destination import Destination
from logferry_daemon.core.exchange import Dialect, Erased, Erasure, Later, Parked, Stop
from logferry_daemon.core.gate import Block
from logferry_daemon.core.hushing import hushed
from logferry_daemon.errands import Errand, Errands
from logferry_daemon.floors import Floors
from logferry_daemon.gates import Gates
from logferry_daemon.road import AT_ONCE, LOOK_AGAIN, Road, Turn
from logferry_daemon.tokens import Proof, Tokens
from logferry_daemon.wake import Wake
from logferry_model.errors import LogferryError

log = logging.getLogger(__name__)


class Eraser:
    """One destination's deletions."""

    def __init__(
        self,
        destination: Destination,
        dialect: Dialect,
        road: Road,
        errands: Sequence[Errands],
        gates: Gates,
        *,
        changed: Callable[[], None],
        turn: Turn | None = None,
    ) -> None:
        self.destination = destination
        self._dialect = dialect
        self._road = road
        self._errands = errands
        self._gates = gates
        self._changed = changed
        self._turn = turn or nullcontext()
        self._tokens = Tokens(road.clock, road.sender)
        self._wake = Wake(road.clock)
        self._floors = Floors(road.clock)
        self._put_off: set[str] = set()
        """Errands that the destination itself put off; all others wait for the network, or since before a restart."""

    def wake(self) -> None:
        """Something may have become possible."""
        self._wake.set()

    async def network_changed(self) -> None:
        """What waits because of the network alone need not wait any longer."""
        for kind in self._errands:
            await kind.hasten(self.destination.name, but=sorted(self._put_off))
        self.wake()

    async def hasten(self) -> None:
        """Somebody did something about it: nothing need wait any longer but for what the gate says."""
        for kind in self._errands:
            await kind.hasten(self.destination.name)
        self.wake()

    async def run(self) -> None:
        """Ask until cancelled; what is asked for then is asked for again at the next start."""
        while True:
            self._wake.clear()
            try:
                wait = await self._round()
            except LogferryError as error:
                log.warning("deletion stopped for a moment", extra={"action": "eraser", "code": error.code})
                wait = LOOK_AGAIN
            await self._wake.wait(wait)

    async def _round(self) -> timedelta | None:
        """Ask for what is due; how long to wait then, None while there is nothing to ask for."""
        name, clock = self.destination.name, self._road.clock
        now = clock.now()
        if (wait := await self._until_due(now)) != timedelta():
            return wait
        gate = await self._gates.way_to_delete(self.destination)
        if not gate.open:
            return LOOK_AGAIN if gate.until is None else min(max(gate.until - clock.now(), timedelta()), LOOK_AGAIN)
        for kind in self._errands:
            limit, but = self._gates.at_once(name, AT_ONCE), self._floors.holding()
            for errand in await kind.due(name, clock.now(), limit, but=but):
                await self._erase(kind, errand)
        return timedelta()

    async def _until_due(self, now: datetime) -> timedelta | None:
        """How long there is nothing to ask for, as far as anybody knows; None where that is for good."""
        but = self._floors.holding()
        known = [await kind.next(self.destination.name, now, but=but) for kind in self._errands]
        waits = [max(due - now, timedelta()) for due in known if due is not None]
        if (over := self._floors.next_over()) is not None:
            waits.append(over)
        return min((*waits, LOOK_AGAIN)) if waits else None

    async def _erase(self, kind: Errands, errand: Errand) -> None:
        async with self._turn:
            outcome = await self._outcome(errand)
            self._tell_gates(errand.id, outcome)
            await self._note(kind, errand, outcome)
        log.info(
            "deletion tried",
            extra={
                "action": type(outcome).__name__,
                "session": errand.session,
                "destination": self.destination.name,
            },
        )
        self._changed()

    async def _outcome(self, errand: Errand) -> Erasure:
        """Nothing that happens to one deletion may end the others."""
        try:
            secret = await self._gates.keys.secret(self.destination)
            if secret is None:
                return Stop(reason="no key", hint="Give it one with: logferry login {name}", wait=LOOK_AGAIN)
            found = hushed(await outcome_of(self._ask(errand, secret)), secret)
            if isinstance(found, Stop) and secret != await self._gates.keys.secret(self.destination):
                # An account may have taken over: what the old key is told says nothing of the new one.
                return Later(reason="its key was replaced meanwhile", trouble=False, free=True)
            return found
        except LogferryError as error:
            return Later(reason=str(error), trouble=False, free=True)
        except Exception as error:
            log.exception("deletion failed", extra={"action": "eraser", "session": errand.session})
            return Parked(reason=f"a mistake in Logferry: {type(error).__name__}")

    async def _ask(self, errand: Errand, key: str) -> Erasure:
        """By the key or a token of it, as the courier does."""
        proof, found = await self._ask_by(errand, key)
        if proof.may_be_old(found):
            self._tokens.forget(proof)
            proof, found = await self._ask_by(errand, key)
        return hushed(found, proof.secret)

    async def _ask_by(self, errand: Errand, key: str) -> tuple[Proof, Erasure]:
        proof = await self._tokens.proof(self.destination, self._dialect, key)
        talk = errand.talk(self._dialect, self._road.clock.now())
        headers = proofs(self._dialect, proof.secret, self._road.clock)
        return proof, await exchange(self._road.sender, self.destination, headers, talk)

    def _tell_gates(self, errand: str, outcome: Erasure) -> None:
        """What the outcome says about the destination as a whole."""
        name = self.destination.name
        match outcome:
            case Stop():
                until = None if outcome.wait is None else self._road.clock.now() + outcome.wait
                hint = outcome.hint.format(name=name)
                block = Block(
                    reason=outcome.reason,
                    hint=hint,
                    until=until,
                    offline=outcome.offline,
                    by_network=outcome.by_network,
                )
                self._gates.block(name, block)
            case Later(trouble=True):
                jitter = self._road.chance.jitter()
                self._gates.failed(
                    name, outcome.reason, jitter, item=errand, unreached=outcome.unreached, floor=outcome.floor
                )
            case Erased() | Parked():
                self._gates.succeeded(name, errand)

    async def _note(self, kind: Errands, errand: Errand, outcome: Erasure) -> None:
        now = self._road.clock.now()
        self._put_off.discard(errand.id)
        if isinstance(outcome, Later | Stop) and not is_of_the_network(outcome):
            self._put_off.add(errand.id)
        self._floors.note(errand.id, outcome.floor if isinstance(outcome, Later) else timedelta())
        match outcome:
            case Erased():
                await kind.gone(errand, outcome.note, now)
            case Parked():
                await kind.refused(errand, outcome.reason, now)
            case Later():
                # However long it takes: a person wants it gone, and nothing is lost by asking once more.
                wait = delay(attempts=errand.attempts + 1, jitter=self._road.chance.jitter(), floor=outcome.floor)
                await kind.deferred(errand, outcome.reason, now, now + wait, counts=not outcome.free)
            case Stop():
                wait = outcome.wait or timedelta()
                await kind.deferred(errand, outcome.reason, now, now + wait, counts=False)
