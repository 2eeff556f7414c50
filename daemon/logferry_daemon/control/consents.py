"""What an owner agrees to for a destination: shown, granted, withdrawn."""

from __future__ import annotations

from dataclasses import dataclass

from logferry_daemon.control.identities import IdentityDesk
from logferry_daemon.core.consent import POLICY_VERSION, Grant, policy_digest
from logferry_daemon.core.delivery import LEFT_OUT, State
from logferry_daemon.core.destination import Destination
from logferry_daemon.fleet import Fleet
from logferry_daemon.ports import Clock, Credentials, Spool
from logferry_ipc.messages import Consent, ConsentGrant
from logferry_model.errors import Refused


@dataclass(frozen=True, slots=True)
class ConsentDesk:
    """An agreement is to exactly the text that was shown."""

    fleet: Fleet
    spool: Spool
    clock: Clock
    credentials: Credentials
    identities: IdentityDesk

    async def show(self, wanted: Destination) -> Consent:
        """The policy text and whether it was agreed to."""
        consents = self.fleet.gates.consents
        agreed, grant = consents.given(wanted), consents.of(wanted.name)
        return Consent(
            destination=wanted.name,
            granted=agreed,
            policy=wanted.policy,
            policy_digest=policy_digest(wanted.policy),
            granted_at=grant.granted_at if agreed and grant else None,
            waiting=await self._waiting(wanted.name),
            terms=wanted.terms,
            agreed_terms=grant.terms if grant else (),
            identities=await self.identities.of(wanted.name),
            key_note=await self._key_note(wanted),
        )

    async def grant(self, wanted: Destination, grant: ConsentGrant) -> None:
        """Record the owner's agreement; Refused where the text is another one by now."""
        if grant.policy_digest != policy_digest(wanted.policy):
            said = f"The policy of {wanted.name} is not the one that was shown."
            raise Refused("policy-changed", said, hint=f"Read it again: logferry consent show {wanted.name}")
        # First: with the agreement, sessions are on their way.
        await self.identities.allow(wanted.name, grant.identities)
        await self.fleet.gates.rededicated(wanted)
        await self.fleet.gates.consents.agreed(
            Grant(
                destination=wanted.name,
                policy_digest=grant.policy_digest,
                policy_version=POLICY_VERSION,
                granted_at=self.clock.now(),
                terms=wanted.terms,
            )
        )

    async def revoke(self, wanted: Destination) -> None:
        """Nothing more is sent."""
        await self.fleet.gates.consents.withdrawn(wanted.name)

    async def _waiting(self, name: str) -> int:
        totals = await self.spool.totals()
        pending = totals.by_state.get((name, State.PENDING), 0)
        return pending - sum(totals.barred.get((name, State.PENDING, said), 0) for said in LEFT_OUT)

    async def _key_note(self, destination: Destination) -> str:
        if not await self.fleet.gates.keys.laid_for_another(destination):
            return ""
        origin = await self.credentials.origin(destination.name)
        return f"The key from {origin} served another address. If you agree, it is sent to {destination.url}."
