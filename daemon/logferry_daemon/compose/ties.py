"""What the parts of a fleet ask of the whole: one of the two has to be made first, so the whole is tied in later."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from logferry_daemon.core.policy import Group
from logferry_daemon.fleet import Fleet


class Ties:
    """To one fleet; nobody asks before it is there."""

    def __init__(self) -> None:
        self._fleet: Fleet | None = None

    def tie(self, fleet: Fleet) -> None:
        """That is the one."""
        self._fleet = fleet

    @property
    def fleet(self) -> Fleet:
        """The whole."""
        if self._fleet is None:
            raise RuntimeError("the fleet was asked before it was there")
        return self._fleet

    def destinations(self) -> Sequence[str]:
        """As the fleet has it."""
        return self.fleet.destinations()

    def destinations_of_partials(self) -> Sequence[str]:
        """As the fleet has it."""
        return self.fleet.destinations_of_partials()

    def summaries(self) -> Mapping[str, int]:
        """As the fleet has it."""
        return self.fleet.summaries()

    def kept_groups(self) -> frozenset[Group]:
        """As the fleet has it."""
        return self.fleet.kept_groups()

    def wake_couriers(self) -> None:
        """As the fleet has it."""
        self.fleet.wake_couriers()

    async def hold(self, deliveries: Collection[str]) -> None:
        """As the fleet has it."""
        await self.fleet.hold(deliveries)
