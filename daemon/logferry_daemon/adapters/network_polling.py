"""Changes of this computer's network, found by looking: which interfaces are up, and which addresses they have.

No packet is sent for it. Where the system can tell, it is asked instead: adapters/network_netlink.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import psutil

EVERY = 10.0
"""Seconds between two looks."""

Seen = frozenset[tuple[str, str]]
"""Interface and address of all that are up."""


async def changes(every: float = EVERY) -> AsyncGenerator[None, None]:
    """One item for every look that shows another picture than the one before."""
    before = await asyncio.to_thread(seen)
    while True:
        await asyncio.sleep(every)
        now = await asyncio.to_thread(seen)
        if now != before:
            before = now
            yield


def seen() -> Seen:
    """As it is at this moment; nothing where the system does not say."""
    try:
        up = {name for name, interface in psutil.net_if_stats().items() if interface.isup}
        addresses = psutil.net_if_addrs()
    except (psutil.Error, OSError):
        return frozenset()
    return frozenset((name, one.address) for name in up for one in addresses.get(name, ()))
