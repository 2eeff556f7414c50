"""Everything that runs: a runner for each source, a courier and an eraser for each destination, and what joins them.

Sources and destinations come and go while it runs; every change goes through here, so there is one list of each.
"""

from __future__ import annotations

from collections.abc import Collection

from logferry_daemon.fleet.following import Following
from logferry_daemon.fleet.serving import Serving
from logferry_daemon.ports import UNASKED
from logferry_daemon.settings import Settings


class Fleet(Following, Serving):
    """Runners and couriers by name."""

    async def launch(self, settings: Settings) -> None:
        """Start what the settings name."""
        await self.spool.set_note(UNASKED, "yes" if settings.watch.backfill else None)
        if settings.watch.backfill:
            await self.spool.release(None, None)
        for name, destination in settings.destinations.items():
            await self._send_to(name, destination)
        # Once all are known: what a later one keeps is no earlier one's to forget.
        await self._tidy()
        for name, source in settings.sources.items():
            await self.add_source(name, source)
        self.crew.hire("left-over", self._look_and_complete())

    async def network_changed(self) -> None:
        """Whatever could not be reached is tried at once."""
        for courier in list(self.couriers.values()):
            await courier.network_changed()
        for eraser in list(self.erasers.values()):
            await eraser.network_changed()
        self.gates.network_changed()

    async def hasten_deletions(self, name: str | None = None) -> None:
        """Their owner did something, about one destination or all: deletions need not wait any longer."""
        for destination, eraser in list(self.erasers.items()):
            if name in {None, destination}:
                await eraser.hasten()

    async def drop(self, deliveries: Collection[str]) -> None:
        """Nothing of these is sent any more when this returns."""
        for courier in list(self.couriers.values()):
            await courier.drop(deliveries)

    async def hold(self, deliveries: Collection[str]) -> None:
        """These are not being sent any more when this returns; what is claimed later is written anew."""
        for courier in list(self.couriers.values()):
            if meant := courier.under_way.intersection(deliveries):
                await courier.hold(meant)
