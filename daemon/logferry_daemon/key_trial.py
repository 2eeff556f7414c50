"""Asks a destination whether it takes the key that is kept for it, and sends it nothing else.

Only where its owner agreed to the destination: before that, nothing goes there. It never takes long, and what cannot be
found out is said so.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from logferry_daemon.conversing import exchange, proofs
from logferry_daemon.core.destination import Destination
from logferry_daemon.core.exchange import Dialect, Stop
from logferry_daemon.core.gate import Access
from logferry_daemon.core.hushing import hushed_text
from logferry_daemon.core.validity import Invalid, Unclear, Valid, Validating, Validity
from logferry_daemon.fleet import Fleet
from logferry_daemon.tokens import Tokens
from logferry_model.errors import Misconfigured, Unreachable

PATIENCE = timedelta(seconds=5)
"""Somebody waits in front of it."""


class KeyTrial:
    """For all destinations."""

    def __init__(self, fleet: Fleet, patience: timedelta = PATIENCE) -> None:
        self._fleet = fleet
        self._patience = patience

    def can_be_asked(self, name: str) -> bool:
        """Whether its contract has such a question, and its owner agreed that anything goes there."""
        courier = self._fleet.couriers[name]
        asked = isinstance(courier.dialect, Validating) or bool(courier.destination.token_url)
        return asked and self._fleet.gates.consents.given(courier.destination)

    async def of(self, name: str) -> Validity:
        """What it says now."""
        courier = self._fleet.couriers[name]
        destination, dialect = courier.destination, courier.dialect
        if destination.keyless:
            return Unclear(reason="it needs no key")
        if not (isinstance(dialect, Validating) or destination.token_url):
            return Unclear(reason=f"{destination.dialect} has no way to ask for that; the first session will tell")
        if not self._fleet.gates.consents.given(destination):
            return Unclear(reason="nothing goes there before you agree to it")
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                return await self._ask(destination, dialect)
        except Misconfigured as error:
            return Invalid(reason=error.message, hint=error.hint.format(name=name))
        except TimeoutError:
            return Unclear(reason=f"no answer within {self._patience.total_seconds():.0f} seconds")
        except Unreachable as error:
            return Unclear(reason=error.message)

    async def _ask(self, destination: Destination, dialect: Dialect) -> Validity:
        road = self._fleet.road
        # The gate's word first: a key that was given for another address does not go to this one.
        access = await self._fleet.gates.keys.access(destination)
        secret = await self._fleet.gates.keys.secret(destination) if access is Access.AVAILABLE else None
        if secret is None:
            return Unclear(reason=f"there is no key for it, or it cannot be had now ({access.value})")
        if not isinstance(dialect, Validating):
            # A key of which tokens are made is good when one is made of it.
            await Tokens(road.clock, road.sender).proof(destination, dialect, secret)
            return Valid()
        talk = dialect.validate(now=road.clock.now())
        found = await exchange(road.sender, destination, proofs(dialect, secret, road.clock), talk)
        if isinstance(found, Stop):
            return Invalid(reason=found.reason, hint=found.hint.format(name=destination.name))
        # Some servers repeat what they were sent.
        return found if isinstance(found, Valid) else replace(found, reason=hushed_text(found.reason, secret))
