"""Sends one delivery: has its letter written, hands it over in company or alone, and says what came of it.

Nothing that happens to one delivery is more than its outcome.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection

from logferry_daemon.carriage import Seat
from logferry_daemon.conversing import outcome_of, proofs
from logferry_daemon.core.exchange import Alone, Later, Letter, Outcome, Parked, Stop, Upload
from logferry_daemon.core.hushing import hushed
from logferry_daemon.core.losses import WORKER_LOST, Losses
from logferry_daemon.handover import Handover
from logferry_daemon.ports import Claimed
from logferry_daemon.road import AT_ONCE, SHORTEST_LOOK, Post
from logferry_daemon.tokens import Proof, Tokens
from logferry_model.errors import Damaged, LogferryError, Refused, Unreachable

log = logging.getLogger(__name__)

PENS = 2
"""Letters that are written ahead of their round at a time: the workshop has one in work and one that waits."""


class Dispatch:
    """To one destination."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._hands = asyncio.Semaphore(AT_ONCE)
        self._pens = asyncio.Semaphore(PENS)
        self._begun: dict[str, asyncio.Task[Letter]] = {}
        """Letters that are written ahead, by their delivery."""
        self._tokens = Tokens(post.road.clock, post.road.sender)
        self._losses = Losses()
        self._handover = Handover(post.road.outbox, post.road.sender, post.road.offers)

    def begin(self, claimed: Claimed) -> None:
        """Have its letter written: whoever asks for its outcome later waits for that one."""
        self._begun[claimed.row.id] = asyncio.ensure_future(self._written_ahead(claimed))

    async def break_off(self, deliveries: Collection[str]) -> None:
        """Nobody will ask for these."""
        begun = [task for one in deliveries if (task := self._begun.pop(one, None))]
        for one in begun:
            one.cancel()
        await asyncio.gather(*begun, return_exceptions=True)

    async def _written_ahead(self, claimed: Claimed) -> Letter:
        async with self._pens:
            return await self._letter(claimed)

    async def outcome(self, seat: Seat, claimed: Claimed) -> Outcome:
        """What comes of it; nothing that happens to one delivery may end the courier."""
        try:
            async with self._hands:
                begun = self._begun.pop(claimed.row.id, None)
                letter = await (begun or self._letter(claimed))
            return await self._sent(seat, claimed, letter)
        except Refused as error:
            return Parked(reason=error.message)
        except Unreachable as error:
            # Only the keyring is asked before anything is sent. The gate finds out what it is.
            self._post.gates.keys.doubt(self._post.name)
            return Stop(reason=error.message, wait=SHORTEST_LOOK)
        except LogferryError as error:
            if isinstance(error, Damaged) and error.code == WORKER_LOST:
                return self._losses.outcome(claimed.row.id, claimed.row.session, error)
            return Later(reason=str(error), trouble=False)
        except Exception as error:
            log.exception("delivery failed", extra={"action": "courier", "delivery": claimed.row.id})
            return Parked(reason=f"a mistake in Logferry: {type(error).__name__}")
        finally:
            seat.give_up()

    async def _letter(self, claimed: Claimed) -> Letter:
        road, destination, dialect = self._post.road, self._post.destination, self._post.dialect
        if claimed.letter is not None:
            await road.scribe.check(claimed.letter, destination)
            return claimed.letter
        offer = await road.offers.for_letter(destination, dialect, claimed.row.id)
        written = await road.scribe.write(claimed, destination, dialect, offer)
        self._losses.forget(claimed.row.id)
        await road.outbox.keep_letter(claimed.row.id, written.letter)
        return written.letter

    async def _sent(self, seat: Seat, claimed: Claimed, letter: Letter) -> Outcome:
        """In company where there is some, else by itself."""
        if claimed.upload == Upload() and not isinstance(outcome := await seat.ride(letter), Alone):
            return outcome
        seat.give_up()
        async with self._hands:
            return await self._converse(claimed, letter)

    async def _converse(self, claimed: Claimed, letter: Letter) -> Outcome:
        secret = await self._post.gates.keys.secret(self._post.destination)
        if secret is None:
            # It was there a moment ago: the keyring was locked in between, say. The gate finds out what it is.
            self._post.gates.keys.doubt(self._post.name)
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
        post, clock = self._post, self._post.road.clock
        proof = await self._tokens.proof(post.destination, post.dialect, key)
        headers = proofs(post.dialect, proof.secret, clock)
        outcome = await self._handover.hand(
            claimed, letter, post.destination, post.dialect, proofs_of=headers, now=clock.now()
        )
        return proof, outcome
