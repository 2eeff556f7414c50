"""Asks destinations whether they still have what they gave receipts for. Sends nothing of a session.

As a deletion, a question is held up neither by a pause nor by a consent that was taken back: nothing leaves.
"""

from __future__ import annotations

from logferry_daemon.control.views import place_name
from logferry_daemon.conversing import converse, proofs
from logferry_daemon.core.proof import Different, Missing, Proof, Unclear, Verified, Verifier
from logferry_daemon.courier import Courier
from logferry_daemon.fleet import Fleet
from logferry_daemon.ports import ReceiptRow, Spool
from logferry_ipc import messages as m
from logferry_model.envelope import Receipt
from logferry_model.errors import LogferryError, Misconfigured

AT_ONCE = 20
"""Deliveries in one question: whoever asks waits for the answer."""
_WORDS = {Verified: "verified", Missing: "missing", Different: "different", Unclear: "unclear"}


class VerifyDesk:
    """One question a delivery."""

    def __init__(self, fleet: Fleet, spool: Spool) -> None:
        self._fleet = fleet
        self._spool = spool

    async def verify(self, request: m.VerifyRequest) -> m.Verification:
        """In the order that was asked in."""
        if len(request.deliveries) > AT_ONCE:
            said = f"{len(request.deliveries)} deliveries are too many for one question."
            raise Misconfigured("too-many", said, hint=f"Ask about {AT_ONCE} at a time.")
        known = [await self._receipt(one) for one in request.deliveries]
        silent: dict[str, Proof] = {}
        return m.Verification(deliveries=tuple([await self._verified(row, silent) for row in known]))

    async def _receipt(self, delivery: str) -> ReceiptRow:
        row = await self._spool.delivery(delivery)
        for one in await self._spool.receipts(row.session) if row else ():
            if one.delivery == delivery:
                return one
        said = f'There is no receipt of a delivery "{delivery[:40]}".'
        raise Misconfigured("receipt-unknown", said, hint="See: logferry receipts list")

    async def _verified(self, row: ReceiptRow, silent: dict[str, Proof]) -> m.Verified:
        """One that does not answer is not asked about its next delivery: whoever asks would wait for each."""
        if row.destination in silent:
            return verified_message(row, silent[row.destination])
        proof = await self._proof(row)
        if isinstance(proof, Unclear) and not proof.alone:
            silent[row.destination] = proof
        return verified_message(row, proof)

    async def _proof(self, row: ReceiptRow) -> Proof:
        if row.receipt is None:
            return Missing(reason=row.note or "no receipt was kept")
        courier = self._fleet.couriers.get(row.destination)
        if courier is None:
            return Unclear(reason=f"{place_name(row.destination)} is no destination any more")
        try:
            return await self._asked(courier, row.receipt)
        except LogferryError as error:
            return Unclear(reason=error.message)

    async def _asked(self, courier: Courier, receipt: Receipt) -> Proof:
        destination, dialect, road = courier.destination, courier.dialect, self._fleet.road
        if not isinstance(dialect, Verifier):
            return Unclear(reason=f"nothing of the kind can be asked of a destination that speaks {dialect.name}")
        gate = await self._fleet.gates.way_to_delete(destination)
        secret = await self._fleet.gates.keys.secret(destination) if gate.open else None
        if secret is None:
            return Unclear(reason=gate.reason or "no key")
        talk = dialect.verify(receipt, now=road.clock.now())
        found = await converse(road.sender, destination, proofs(dialect, secret, road.clock), talk)
        if isinstance(found, Verified | Missing | Different | Unclear):
            return found
        return Unclear(reason=found.reason)


def verified_message(row: ReceiptRow, proof: Proof) -> m.Verified:
    """An answer, in the words of the local API."""
    there = proof if isinstance(proof, Verified | Different) else None
    reason = f"not as the receipt says: {', '.join(proof.fields)}" if isinstance(proof, Different) else ""
    return m.Verified(
        delivery=row.delivery,
        session=row.session,
        destination=place_name(row.destination),
        state=_WORDS[type(proof)],
        reason=reason or getattr(proof, "reason", ""),
        received_digest=row.receipt.received_digest if row.receipt else "",
        payload_digest=row.receipt.payload_digest if row.receipt else "",
        received_there=there.received_digest if there else "",
        payload_there=there.payload_digest if there else "",
    )
