"""Whose sessions a destination is sent: its owner may leave trackers out, and take them in again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from logferry_daemon.control.holding import hold_back
from logferry_daemon.control.settings_store import SettingsStore
from logferry_daemon.fleet import Fleet
from logferry_daemon.ports import Ledger
from logferry_ipc.messages import NewTrackers


@dataclass(frozen=True, slots=True)
class FilterDesk:
    """Changes the filter; what was not sent yet is judged anew."""

    fleet: Fleet
    settings: SettingsStore
    ledger: Ledger

    async def change(self, name: str, wanted: NewTrackers) -> None:
        """Those trackers and no others; none named are all of them."""
        check_trackers(self.fleet, wanted.trackers)
        settings = self.settings.change("destinations", name, {"trackers": wanted.trackers})
        await self.fleet.change_trackers(name, settings.destinations[name])
        await hold_back(self.fleet, self.ledger, name)
        self.fleet.listeners.state_changed()
        self.fleet.wake_couriers()


def check_trackers(fleet: Fleet, trackers: Iterable[str]) -> None:
    """Misconfigured where one of them is none."""
    for name in trackers:
        fleet.tracker(name)
