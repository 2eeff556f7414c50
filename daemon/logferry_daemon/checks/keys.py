"""Are the destinations' keys where they should be?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from logferry_daemon.checks.check import Check
from logferry_daemon.fleet import Fleet
from logferry_daemon.ports import Credentials


@dataclass(frozen=True, slots=True)
class KeysCheck:
    """Looks at keys outside a keyring."""

    fleet: Fleet
    credentials: Credentials

    async def run(self) -> AsyncIterator[Check]:
        """One finding for everything that the owner should know."""
        for note in await self.credentials.notes(tuple(self.fleet.couriers)):
            yield Check(name="keys", level="advice", message=note.message, hint=note.hint)
