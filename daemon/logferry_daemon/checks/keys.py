"""Are the destinations' keys where they should be?"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass

from logferry_daemon.checks.check import Check
from logferry_daemon.core.gate import Access
from logferry_daemon.fleet import Fleet
from logferry_daemon.ports import Credentials


@dataclass(frozen=True, slots=True)
class KeysCheck:
    """Looks at keys outside a keyring, and at those that cannot be had."""

    fleet: Fleet
    credentials: Credentials
    out_of_sight: Callable[[], Mapping[str, Access]] = dict

    async def run(self) -> AsyncIterator[Check]:
        """One finding for everything that the owner should know."""
        for note in await self.credentials.notes(tuple(self.fleet.couriers)):
            yield Check(name="keys", level="advice", message=note.message, hint=note.hint)
        for name, access in self.out_of_sight().items():
            yield Check(
                name="keys",
                level="advice",
                message=f"The key of {name} cannot be looked for in what is read: it is {access.value}.",
                hint="Once it can be had, all that was kept is searched for it; nothing has to be done again.",
            )
