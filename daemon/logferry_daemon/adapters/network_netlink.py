"""Changes of this computer's network as Linux tells them: interfaces, addresses and routes, over a netlink socket.

What exactly changed is not even looked at: whoever hears of it tries for himself.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import sys
from collections.abc import AsyncGenerator

QUIET = 0.5
"""Seconds without another change, after which a burst is over: a link comes before its address and its routes."""
LONGEST = 3.0
"""Seconds after which it is told all the same."""

_LINK, _IPV4_ADDRESS, _IPV4_ROUTE, _IPV6_ADDRESS, _IPV6_ROUTE = 0x1, 0x10, 0x40, 0x100, 0x400
_GROUPS = _LINK | _IPV4_ADDRESS | _IPV4_ROUTE | _IPV6_ADDRESS | _IPV6_ROUTE
_READ = 2**16

if sys.platform == "linux":

    async def changes() -> AsyncGenerator[None, None]:
        """One item for every burst; ends at once where the kernel does not tell this program."""
        try:
            news = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
        except OSError:
            return  # a sandbox without such sockets
        with news:
            news.setblocking(False)
            news.bind((0, _GROUPS))
            while True:
                await _one(news)
                await _until_quiet(news)
                yield


async def _one(news: socket.socket) -> None:
    try:
        await asyncio.get_running_loop().sock_recv(news, _READ)
    except OSError as error:
        # More came than the kernel keeps for us: that something changed is all that we want to know.
        if error.errno != errno.ENOBUFS:
            raise


async def _until_quiet(news: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + LONGEST
    while True:
        try:
            async with asyncio.timeout_at(min(loop.time() + QUIET, end)):
                await _one(news)
        except TimeoutError:
            return
