"""Connections that are kept for the next request, unless something came on them that nobody had asked for.

aiohttp would take it for the answer to that next request: some proxies say 408 to a connection that rests, and a server
that answers twice would have the second answer count for another session.
"""

from __future__ import annotations

import aiohttp
from aiohttp.connector import Connection
from aiohttp.tracing import Trace


class CleanConnector(aiohttp.TCPConnector):
    """aiohttp's own, that hands out no connection with an answer in it."""

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 -- aiohttp's own signature
    ) -> Connection:
        """A clean one: of those that were kept, or a new one."""
        while True:
            connection = await super().connect(req, traces, timeout)
            if connection.protocol is None or not connection.protocol.should_close:
                return connection
            connection.close()
