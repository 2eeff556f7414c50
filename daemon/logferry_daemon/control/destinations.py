"""Where sessions may be sent: destinations listed, added, forgotten."""

from __future__ import annotations

from dataclasses import dataclass

from logferry_daemon.control.accounts import AccountDesk
from logferry_daemon.control.filters import check_trackers
from logferry_daemon.control.hosts import check_hosts
from logferry_daemon.control.keys import KeyDesk
from logferry_daemon.control.naming import check_name, unknown
from logferry_daemon.control.pinning import pin_setting
from logferry_daemon.control.settings_store import SettingsStore, Value
from logferry_daemon.core.destination import Destination
from logferry_daemon.core.filters import takers
from logferry_daemon.core.services import reason_against_destination
from logferry_daemon.fleet import Fleet
from logferry_ipc.messages import DestinationInfo, Destinations, Forgetting, NewDestination
from logferry_model.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class DestinationDesk:
    """Changes the settings and the fleet; nothing goes anywhere before its owner agreed."""

    fleet: Fleet
    settings: SettingsStore
    keys: KeyDesk
    accounts: AccountDesk

    def called(self, name: str) -> Destination:
        """The one of this name; Misconfigured where there is none."""
        if name not in self.fleet.couriers:
            raise unknown("destination", name, "logferry destinations list")
        return self.fleet.couriers[name].destination

    async def all(self) -> Destinations:
        """Every destination, without secrets."""
        found = [await self._info(courier.destination) for courier in self.fleet.couriers.values()]
        dialects = self.fleet.dialects
        return Destinations(destinations=tuple(found), dialects=tuple(dialects), takes=takers(dialects))

    async def add(self, wanted: NewDestination) -> None:
        """One more place to send to."""
        await self._check(wanted)
        settings = self.settings.add("destinations", wanted.name, _values(wanted))
        await self.fleet.add_destination(wanted.name, settings.destinations[wanted.name])
        self.fleet.listeners.state_changed()

    async def remove(self, name: str, wanted: Forgetting) -> None:
        """Forget it, its consent and its secret."""
        again = f"logferry destinations remove {name} --yes"
        await self.keys.check_loss(self.called(name), wanted, again=again)
        self.settings.remove("destinations", name)
        await self.fleet.remove_destination(name)
        await self.fleet.gates.consents.load()
        self.fleet.listeners.state_changed()
        # Last: a keyring may refuse, and the destination is gone all the same.
        await self.keys.forget(name)

    async def _check(self, wanted: NewDestination) -> None:
        self.fleet.dialect(wanted.dialect)
        check_name(wanted.name, self.fleet.couriers, "destination")
        if reason := reason_against_destination(wanted.dialect, wanted.url):
            # The address of a webhook may be its key: then it is not repeated.
            shown = "This" if wanted.dialect.startswith("webhook") else f'"{wanted.url}"'
            said = f"{shown} cannot be a destination: {reason}."
            example = "file:///home/you/sessions" if wanted.dialect == "folder" else "https://example.org"
            raise Misconfigured("url-refused", said, hint=f"Give its address, as {example}")
        self.fleet.check_place(wanted.url)
        await self.accounts.check(wanted.dialect, wanted.account)
        check_trackers(self.fleet, wanted.trackers)
        check_hosts(wanted)

    async def _info(self, destination: Destination) -> DestinationInfo:
        return DestinationInfo(
            name=destination.name,
            dialect=destination.dialect,
            url=destination.url,
            consent=self.fleet.gates.consents.given(destination),
            credential=(await self.fleet.gates.keys.access(destination)).value,
            pin=str(destination.pin or ""),
            account=destination.account,
            trackers=destination.trackers,
            upload_hosts=destination.upload_hosts,
            token_url=destination.token_url,
            own_key=await self.keys.has_own(destination),
            lost_with_key=await self.keys.lost_with(destination),
        )


def _values(wanted: NewDestination) -> dict[str, Value]:
    """What the settings say of it: nothing of what was not said."""
    values: dict[str, Value] = {"dialect": wanted.dialect, "url": wanted.url}
    optional = ("account", "trackers", "upload_hosts", "token_url")
    values |= {name: told for name in optional if (told := getattr(wanted, name))}
    if wanted.pin:
        values["pin"] = pin_setting(wanted.pin, wanted.url)
    return values
