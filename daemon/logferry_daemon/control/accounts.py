"""Who the owner is at a destination: a name that he has there, or none."""

from __future__ import annotations

from dataclasses import dataclass

from logferry_daemon.control.settings_store import SettingsStore
from logferry_daemon.core.account import reason_against_account
from logferry_daemon.fleet import Fleet
from logferry_ipc.messages import NewAccount
from logferry_model.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class AccountDesk:
    """Changes the name, and holds the destination until its owner has agreed to that."""

    fleet: Fleet
    settings: SettingsStore

    async def change(self, name: str, wanted: NewAccount) -> None:
        """Another name, or none any more."""
        destination = self.fleet.couriers[name].destination
        check_account(destination.dialect, wanted.account)
        settings = self.settings.change("destinations", name, {"account": wanted.account})
        await self.fleet.rename_owner(name, settings.destinations[name])
        self.fleet.listeners.state_changed()


def check_account(dialect: str, account: str) -> None:
    """Misconfigured where nobody can be called so in this dialect."""
    if reason := reason_against_account(dialect, account):
        # Not repeated: it may be a key, given in the wrong place.
        said = f"The account cannot be named so: {reason}."
        raise Misconfigured("account-unusable", said, hint="Leave it out to be anonymous there.")
