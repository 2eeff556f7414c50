"""The destinations of a fleet: they come and go, and are served on other terms."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from logferry_daemon.core.consent import field_lines
from logferry_daemon.core.destination import Destination
from logferry_daemon.core.evening import Gathering
from logferry_daemon.core.exchange import Dialect, takes_partials, takes_summaries
from logferry_daemon.core.filters import in_order
from logferry_daemon.core.sending import Occasion
from logferry_daemon.courier import Courier
from logferry_daemon.eraser import Eraser
from logferry_daemon.errands import CopyErrands, RemnantErrands
from logferry_daemon.fleet.places import check_place
from logferry_daemon.fleet.wants import Wants
from logferry_daemon.ports import place_note, trackers_note, trackers_text
from logferry_daemon.settings import DestinationSettings
from logferry_daemon.triggers import Trigger


class Serving(Wants):
    """A fleet's destinations."""

    async def add_destination(self, name: str, settings: DestinationSettings) -> None:
        """Send to one more place everything that is and will be in the spool, once its gate opens."""
        await self._send_to(name, settings)
        await self._tidy()

    async def _send_to(self, name: str, settings: DestinationSettings) -> None:
        dialect = self.dialect(settings.dialect)
        self.check_place(settings.url)
        destination = self._destination(name, settings, dialect)
        told = self.listeners.delivery_changed
        # Who sends and who deletes never write at once: of a report with several sessions each would undo the other's.
        turn = asyncio.Lock() if isinstance(dialect, Gathering) else None
        sending, apps = destination.sending, self.world.apps
        trigger = None if sending.at_once else Trigger(name, sending, self.road.outbox, apps, self.programs_of)
        courier = Courier(
            destination, dialect, self.road, self.gates, told, budget=self.budget, turn=turn, trigger=trigger
        )
        # First known, then enlisted: a session that is admitted in between gets its delivery either way.
        self.couriers[name] = courier
        await self.gates.arrived(destination, await self.spool.note(place_note(name)))
        await self.spool.enlist(name, destination.place, self.road.clock.now())
        await self.spool.set_note(trackers_note(name), trackers_text(destination.trackers))
        await self.spool.leave_barred(name)
        self.crew.hire(f"courier:{name}", courier.run())
        changed, errands = self.listeners.state_changed, (CopyErrands(self.spool), RemnantErrands(self.spool))
        self.erasers[name] = Eraser(destination, dialect, self.road, errands, self.gates, changed=changed, turn=turn)
        self.crew.hire(f"eraser:{name}", self.erasers[name].run())

    def _destination(self, name: str, settings: DestinationSettings, dialect: Dialect) -> Destination:
        """As its owner set it, with all that he agrees to."""
        return Destination(
            name=name,
            dialect=settings.dialect,
            url=settings.url,
            pin=settings.fingerprint,
            privacy=settings.policy,
            upload_hosts=settings.upload_hosts,
            token_url=settings.token_url,
            account=settings.account,
            fields=field_lines({one: tracker.listing for one, tracker in self.trackers.items()}),
            sending=self.upload.sending(settings),
            takes_partials=takes_partials(dialect),
            takes_summaries=takes_summaries(dialect),
            trackers=in_order(settings.trackers),
        )

    async def remove_destination(self, name: str) -> None:
        """Send nothing there any more."""
        del self.couriers[name], self.erasers[name]
        await self.crew.dismiss(f"courier:{name}")
        await self.crew.dismiss(f"eraser:{name}")
        await self.spool.dismiss(name)
        await self._tidy()
        self.gates.forgive(name)

    def check_place(self, url: str) -> None:
        """Misconfigured where a destination is a folder that none can be; it need not exist yet."""
        check_place(url, (runner.source.root for runner in self.runners.values()), self.user_home)

    async def _tidy(self) -> None:
        """Forget what no destination needs any more."""
        await self.spool.keep_only(self.kept_groups())
        sending = {name: courier.destination.sending for name, courier in self.couriers.items()}
        await self.spool.heed_only([name for name, one in sending.items() if one.when is Occasion.SCHEDULE])

    async def change_privacy(self, name: str, settings: DestinationSettings) -> None:
        """Other terms for a destination; its owner has to agree to them anew."""
        await self._become(replace(self.couriers[name].destination, privacy=settings.policy))
        await self.spool.keep_only(self.kept_groups())

    async def pin_destination(self, name: str, settings: DestinationSettings) -> None:
        """Its owner vouches for another key; the consent was about the old one."""
        await self._become(replace(self.couriers[name].destination, pin=settings.fingerprint))

    async def rename_owner(self, name: str, settings: DestinationSettings) -> None:
        """Its owner is called otherwise there, or nothing any more; the consent was about who he was."""
        await self._become(replace(self.couriers[name].destination, account=settings.account))

    async def leave_barred(self, name: str) -> None:
        """What was begun there of sessions that its owner keeps from there now is taken back."""
        await self.spool.leave_barred(name)

    async def change_trackers(self, name: str, settings: DestinationSettings) -> None:
        """Others' sessions go there from now on; what was left out so far waits, and what is left out now does not."""
        await self.spool.set_note(trackers_note(name), trackers_text(settings.trackers))
        await self._become(replace(self.couriers[name].destination, trackers=in_order(settings.trackers)))

    async def _become(self, destination: Destination) -> None:
        """Whoever sends and whoever deletes have it so; what is on its way as it was agreed to before stops."""
        courier, eraser = self.couriers[destination.name], self.erasers[destination.name]
        courier.destination = eraser.destination = destination
        if not self.gates.consents.given(destination):
            await courier.hold(courier.under_way)
            await self.gates.consents.outdated(destination.name)
        self.gates.forgive(destination.name)
