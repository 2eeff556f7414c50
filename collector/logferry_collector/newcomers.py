"""How many may come in by a key of their own making: so many from one address in an hour. Pure; time is an argument.

Without it one computer could fill the list of accounts. It counts accounts that were made, not requests.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_network

from logferry_model.errors import Refused

HOUR = timedelta(hours=1)
MOST_ADDRESSES = 10_000
"""Remembered at a time: beyond that nobody new comes in until an hour is over for one of them."""


class Newcomers:
    """One for a collector that takes them in."""

    def __init__(self, per_hour: int, *, addresses: int = MOST_ADDRESSES) -> None:
        self._per_hour = per_hour
        self._addresses = addresses
        self._came: dict[str, deque[datetime]] = {}

    def check(self, address: str, now: datetime) -> None:
        """Refused when no more may come from there for the moment."""
        self._forget(now)
        came = self._came.get(address)
        full = len(came) >= self._per_hour if came else len(self._came) >= self._addresses
        if full:
            raise Refused(
                "too-many-newcomers",
                f"{self._per_hour} new installations an hour may come from one address.",
                hint="Wait, or ask the operator of this collector for a key.",
            )

    def count(self, address: str, now: datetime) -> None:
        """One came."""
        self._came.setdefault(address, deque()).append(now)

    def _forget(self, now: datetime) -> None:
        for address in list(self._came):
            came = self._came[address]
            while came and not timedelta() <= now - came[0] < HOUR:
                came.popleft()
            if not came:
                del self._came[address]


def address_of(remote: str | None) -> str:
    """Who counts as one: an address, or the net of one of IPv6, of which everybody has a great many."""
    try:
        net = ip_network(remote or "")
    except ValueError:
        return remote or ""
    if not isinstance(net.network_address, IPv6Address):
        return str(net.network_address)
    if inside := net.network_address.ipv4_mapped:
        return str(inside)
    return str(ip_network((net.network_address, 64), strict=False))
