"""Who the owner is at a destination: a name that he has there, or none."""

from __future__ import annotations

from dataclasses import dataclass

from logferry_daemon.control.settings_store import SettingsStore
from logferry_daemon.core.account import A_KEY, reason_against_account
from logferry_daemon.core.known_secrets import Secrets
from logferry_daemon.fleet import Fleet
from logferry_daemon.ports import Credentials
from logferry_ipc.messages import NewAccount
from logferry_model.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class AccountDesk:
    """Changes the name, and holds the destination until its owner has agreed to that."""

    fleet: Fleet
    settings: SettingsStore
    credentials: Credentials

    async def change(self, name: str, wanted: NewAccount) -> None:
        """Another name, or none any more."""
        destination = self.fleet.couriers[name].destination
        await self.check(destination.dialect, wanted.account)
        settings = self.settings.change("destinations", name, {"account": wanted.account})
        await self.fleet.rename_owner(name, settings.destinations[name])
        self.fleet.listeners.state_changed()

    async def check(self, dialect: str, account: str) -> None:
        """Misconfigured where nobody can be called so in this dialect, or a key was given for a name."""
        reason = reason_against_account(dialect, account)
        if reason is None and account and (await self._keys()).stand_in(account):
            reason = A_KEY
        if reason:
            # Not repeated: it may be a key, given in the wrong place.
            said = f"The account cannot be named so: {reason}."
            raise Misconfigured("account-unusable", said, hint="Leave it out to be anonymous there.")

    async def _keys(self) -> Secrets:
        """Those of all destinations that can be had; what is written is searched for the others."""
        keys = [await self.credentials.secret(name) for name in self.fleet.couriers]
        return Secrets(filter(None, keys))
