"""Collectors that no authority vouches for: who is there, which key they show, and whose key is pinned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from urllib.parse import urlsplit

from logferry_daemon.core.pins import reason_against_pin
from logferry_daemon.core.places import reason_against_url
from logferry_daemon.fleet import Fleet
from logferry_daemon.ports import Discovery, Fingerprints
from logferry_daemon.settings import Settings
from logferry_ipc.messages import Candidate, Candidates, DiscoverRequest, Fingerprint, FingerprintRequest, NewPin
from logferry_model.errors import Misconfigured
from logferry_model.fingerprint import parse_fingerprint

LONGEST = timedelta(seconds=25)
"""A client waits for half a minute."""


class Changing(Protocol):
    """The settings file, as a pin changes it."""

    def change(self, section: str, name: str, values: Mapping[str, str]) -> Settings:
        """The settings with these values in a table that is there."""
        ...


@dataclass(frozen=True, slots=True)
class PinDesk:
    """Looks around and pins. Sends nothing: a look at a key is a handshake."""

    fleet: Fleet
    settings: Changing
    discovery: Discovery
    fingerprints: Fingerprints

    async def discover(self, request: DiscoverRequest) -> Candidates:
        """Whoever on the local network says to be a collector."""
        if not 0 < request.seconds <= LONGEST.total_seconds():
            most = f"{LONGEST.total_seconds():g}"
            raise Misconfigured("search-length", f"A search takes up to {most} seconds.", hint="As in: --seconds 10")
        found = await self.discovery.browse(timedelta(seconds=request.seconds))
        return Candidates(
            candidates=tuple(
                Candidate(name=one.name, url=one.url, fingerprint=str(one.fingerprint or "")) for one in found
            )
        )

    async def fingerprint(self, request: FingerprintRequest) -> Fingerprint:
        """The key that is shown at an address."""
        if reason := _reason_against_look(request.url):
            said = f'"{request.url}" shows no key: {reason}.'
            raise Misconfigured("url-refused", said, hint="Give the collector's address, as https://192.168.1.20:8765")
        return Fingerprint(url=request.url, fingerprint=str(await self.fingerprints.look(request.url)))

    async def pin(self, name: str, request: NewPin) -> None:
        """Another key counts for a destination from now on."""
        destination = self.fleet.couriers[name].destination
        settings = self.settings.change("destinations", name, {"pin": pin_setting(request.pin, destination.url)})
        await self.fleet.pin_destination(name, settings.destinations[name])
        self.fleet.listeners.state_changed()


def pin_setting(pin: str, url: str) -> str:
    """A pin as it stands in settings; Misconfigured `pin-unusable` when it can be none."""
    fingerprint = parse_fingerprint(pin)
    reason = reason_against_pin(pin, url)
    if reason or fingerprint is None:
        hint = "Copy it from the collector: it says it when it starts."
        raise Misconfigured("pin-unusable", f"{url} cannot be pinned so: {reason}.", hint=hint)
    return fingerprint.setting


def _reason_against_look(url: str) -> str | None:
    if reason := reason_against_url(url):
        return reason
    return None if urlsplit(url).scheme == "https" else "http has none; a pinned collector is reached by https"
