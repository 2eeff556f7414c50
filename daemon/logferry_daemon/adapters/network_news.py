"""Says that the network of this computer may be another one. A hint that shortens the wait, never the record."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress

if sys.platform == "linux":
    from logferry_daemon.adapters.network_netlink import changes
else:
    from logferry_daemon.adapters.network_polling import changes


class SystemNetwork:
    """The network of this computer."""

    async def changes(self) -> AsyncIterator[None]:
        """One item for every burst; ends where the system does not tell, or not any more."""
        with suppress(OSError):
            async with aclosing(changes()) as bursts:
                async for _ in bursts:
                    yield
