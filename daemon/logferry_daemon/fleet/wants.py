"""What destinations want and wait for: what is kept for them, what is made for them, and their gates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from logferry_daemon.core.destination import Destination
from logferry_daemon.core.gate import Gate
from logferry_daemon.core.policy import Group
from logferry_daemon.core.sending import waits_for
from logferry_daemon.fleet.roster import Roster
from logferry_daemon.triggers import following


class Wants(Roster):
    """Of all destinations together."""

    def kept_groups(self) -> frozenset[Group]:
        """What some destination is sent as the log says it."""
        kept = (courier.destination.privacy.kept for courier in self.couriers.values())
        return frozenset(group for groups in kept for group in groups)

    def destinations_of_partials(self) -> Sequence[str]:
        """Those that are sent long sessions while they run."""
        return [name for name, one in self.couriers.items() if one.destination.while_it_runs]

    def filters(self) -> Mapping[str, Sequence[str]]:
        """Destination -> the trackers whose sessions it is sent; those that are sent all have none."""
        return {name: courier.destination.trackers for name, courier in self.couriers.items()}

    def summaries(self) -> Mapping[str, int]:
        """Those that get a summary first, and of how many events on."""
        wanted = ((name, one.destination.summary_from) for name, one in self.couriers.items())
        return {name: events for name, events in wanted if events is not None}

    async def all_gates(self) -> Mapping[str, Gate]:
        """Destination -> gate, as of now, and what is waited for there."""
        return {name: await self._gate(courier.destination) for name, courier in self.couriers.items()}

    async def _gate(self, destination: Destination) -> Gate:
        gate, sending = await self.gates.gate(destination), destination.sending
        if sending.at_once:
            return gate
        comes = following(sending, self.road.clock.now())
        return replace(gate, waits_for=waits_for(sending, comes), turn=comes)
