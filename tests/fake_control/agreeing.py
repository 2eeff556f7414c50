"""What an owner agrees to: terms, consents, and whose sessions go where."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from msgspec.structs import replace

from logferry_ipc import messages as m
from logferry_model.errors import Refused
from tests.fake_control.books import Books


def policy(destination: m.DestinationInfo, terms: Mapping[str, str]) -> str:
    chosen = "".join(f"\n- {treatment}: {group}" for group, treatment in sorted(terms.items()))
    return f"Finished sessions are sent to {destination.url}, without names and chat.{chosen}"


class Agreeing(Books):
    """Keeps what was agreed to."""

    async def change_privacy(self, destination: str, change: m.PrivacyChange) -> m.Consent:
        self.terms[destination] = {**self.terms.get(destination, {}), **change.treatments}
        await self.revoke(destination)
        return await self.consent(destination)

    async def consent(self, destination: str) -> m.Consent:
        self.calls.append("consent")
        chosen = self.terms.get(destination, {})
        text = policy(self._place(destination), chosen)
        return m.Consent(
            destination=destination,
            granted=destination in self.granted_at,
            policy=text,
            policy_digest=hashlib.sha256(text.encode()).hexdigest(),
            granted_at=self.granted_at.get(destination),
            terms=tuple(f"{treatment}: {group}" for group, treatment in sorted(chosen.items())),
            agreed_terms=self.agreed_terms,
            identities=tuple(one for one in self.players if one.destination == destination),
        )

    async def grant(self, destination: str, grant: m.ConsentGrant) -> m.Consent:
        self.calls.append("grant")
        if grant.policy_digest != (await self.consent(destination)).policy_digest:
            raise Refused("policy-changed", "The policy is not the one that was agreed to.", hint="Read it again.")
        for one in grant.identities:
            self._decide(destination, one.tracker, one.identity, allowed=True)
        self.granted_at[destination] = self.now
        self._changed()
        return await self.consent(destination)

    async def revoke(self, destination: str) -> m.Consent:
        self.calls.append("revoke")
        self._place(destination)
        self.granted_at.pop(destination, None)
        self._changed()
        return await self.consent(destination)

    async def identities(self) -> m.Identities:
        self.calls.append("identities")
        return m.Identities(identities=tuple(self.players), rules=tuple(self.rules))

    async def decide_identity(self, decision: m.IdentityDecision) -> m.Identities:
        self.calls.append("decide_identity")
        self._place(decision.destination)
        self._decide(decision.destination, decision.tracker, decision.identity, allowed=decision.allowed)
        self._changed()
        return m.Identities(identities=tuple(self.players), rules=tuple(self.rules))

    def _decide(self, destination: str, tracker: str, identity: str, *, allowed: bool | None) -> None:
        """One rule more or less; whose name it is, or everybody, is what it says."""
        about = destination, tracker, identity
        self.rules = [one for one in self.rules if (one.destination, one.tracker, one.identity) != about]
        if allowed is not None:
            self.rules.append(
                m.IdentityRule(
                    destination=destination,
                    tracker=tracker,
                    identity=identity,
                    allowed=allowed,
                    decided_at=self.now,
                )
            )
        state = {None: "unknown", True: "allowed", False: "denied"}[allowed]
        self.players = [
            replace(one, state=state)
            if one.destination == destination and identity in {one.identity, "*"} and tracker in {one.tracker, "*"}
            else one
            for one in self.players
        ]
