"""Gates over fakes, for the tests of what they are made of."""

from __future__ import annotations

from datetime import timedelta

from logferry_daemon.core.consent import Grant, policy_digest
from logferry_daemon.core.destination import Destination
from logferry_daemon.gates import Gates
from tests.daemon.shell.office import DESTINATION
from tests.fake_spool import MemorySpool
from tests.fakes import ManualClock, MemoryCredentials

HOUR = timedelta(hours=1)
JUMPS = [one * HOUR for one in (-72, -12, -0.5, 0.5, 12, 72)]
"""To where a clock is set while something waits for an hour."""


class House:
    """Gates over fakes, and a count of what they tell."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.spool = MemorySpool()
        self.credentials = MemoryCredentials(home="s3cret")
        self.told = 0
        self.gates = self._gates()

    def _gates(self) -> Gates:
        return Gates(self.clock, self.spool, self.credentials, self._tell)

    def _tell(self) -> None:
        self.told += 1

    async def restart(self) -> None:
        self.gates = self._gates()
        await self.gates.load()

    async def agree(self, destination: Destination = DESTINATION) -> None:
        digest = policy_digest(destination.policy)
        await self.gates.consents.agreed(
            Grant(destination=destination.name, policy_digest=digest, policy_version=1, granted_at=self.clock.now())
        )

    async def reason(self, destination: Destination = DESTINATION) -> str:
        return (await self.gates.gate(destination)).reason


async def agreed() -> House:
    """One whose owner agreed."""
    made = House()
    await made.agree()
    return made
