"""Answers whether a destination can be sent to now, and whether it takes the key that is kept for it."""

from __future__ import annotations

from dataclasses import dataclass

from logferry_daemon.core.validity import Invalid, Valid
from logferry_daemon.fleet import Fleet
from logferry_daemon.key_trial import KeyTrial
from logferry_ipc import messages as m


@dataclass(frozen=True, slots=True)
class TrialDesk:
    """Looks at the gate and asks about the key; sends nothing else."""

    fleet: Fleet
    trial: KeyTrial

    async def test(self, name: str) -> m.DestinationTest:
        """Of one destination."""
        said = await self.trial.of(name)
        gate = await self.fleet.gates.gate(self.fleet.couriers[name].destination)
        return m.DestinationTest(
            name=name,
            state=gate.state,
            reason=gate.reason,
            hint=gate.hint,
            key="valid" if isinstance(said, Valid) else "invalid" if isinstance(said, Invalid) else "unclear",
            account=said.account if isinstance(said, Valid) else "",
            key_reason="" if isinstance(said, Valid) else said.reason,
            key_hint=said.hint if isinstance(said, Invalid) else "",
        )
