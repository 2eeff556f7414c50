"""May every destination be sent to, and if not, what does it wait for?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from logferry_daemon.checks.check import Check, Level
from logferry_daemon.fleet import Fleet


@dataclass(frozen=True, slots=True)
class DestinationsCheck:
    """Looks at the gates of all destinations."""

    fleet: Fleet

    async def run(self) -> AsyncIterator[Check]:
        """One finding a destination, or advice when there is none."""
        gates = await self.fleet.all_gates()
        if not gates:
            hint = "Add one with: logferry destinations add NAME --dialect logferry --url URL"
            yield Check(name="destinations", level="advice", message="No destination is set up.", hint=hint)
        for name, gate in gates.items():
            if gate.open:
                yield Check(name=f"destination {name}", level="ok", message=self._ready(name))
            else:
                level: Level = "problem" if gate.held else "advice"
                yield Check(name=f"destination {name}", level=level, message=f"{gate.reason}.", hint=gate.hint)

    def _ready(self, name: str) -> str:
        courier = self.fleet.couriers.get(name)
        pin = courier.destination.pin if courier else None
        return f"Ready; only the holder of the pinned key {pin} is sent anything." if pin else "Ready."
