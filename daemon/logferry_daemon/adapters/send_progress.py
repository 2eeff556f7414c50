"""How one request gets on, and when to give it up: not after so long in all, but when nothing has moved for so long.

Only the answer has a longest time besides: it is a small thing, and whoever makes it last holds a line of ours.

What has been written is not what has been sent: it may lie in our own buffers, and in those of the system. Linux tells
how much of it nobody has confirmed; elsewhere the system's buffer is allowed its time.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta

from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import Payload

from logferry_daemon.adapters.throttle import Throttle

if sys.platform == "linux":
    import fcntl
    import struct
    import termios

    def unconfirmed(sock: socket.socket) -> int:
        """Bytes that the system has taken and the other side has not."""
        try:
            return int(struct.unpack("i", fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4)))[0])
        except (OSError, ValueError):  # the latter of one that is closed
            return 0

    def unseen(_: socket.socket) -> int:
        """Bytes of which nobody here knows whether they are under way."""
        return 0
else:

    def unconfirmed(_: socket.socket) -> int:
        """The system does not tell."""
        return 0

    def unseen(sock: socket.socket) -> int:
        """Bytes of which nobody here knows whether they are under way."""
        try:
            return sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
        except OSError:
            return 0


SLOWEST = 2_048
"""Bytes a second on the whole; whoever is slower than a modem of 1994 keeps a line open and does not move."""
SLOWEST_ANSWER = 8_192
"""The same of an answer once it has begun: a poor line brings more."""
PIECE = 2**16
LOOKS = 15
"""In the time that nothing may move."""


class Progress:
    """Of one request and its answer."""

    def __init__(self, limit: asyncio.Timeout, patience: timedelta, allowance: timedelta, longest: timedelta) -> None:
        self._limit = limit
        self._patience = patience.total_seconds()
        self._loop = asyncio.get_running_loop()
        self._began = self._since = self._loop.time()
        self._allowance = allowance.total_seconds()
        """Before the rate counts: the connection has to be made, and the other side may think about it."""
        self._longest = longest.total_seconds()
        """That the answer may take, however steadily it comes."""
        self._rate = SLOWEST
        self._last = float("inf")
        """When it is over whatever moves."""
        self._moved = 0
        self._written = 0
        self._received = 0
        self._transport: asyncio.WriteTransport | None = None
        self._unseen = 0
        self._next: asyncio.TimerHandle | None = None
        self._held_since: float | None = None

    def writing(self, transport: asyncio.WriteTransport | None) -> None:
        """The body begins, perhaps once more on another connection."""
        self._transport, self._written = transport, 0

    def wrote(self, size: int) -> None:
        """So much was handed to the connection."""
        self._written += size

    @contextmanager
    def held(self) -> Iterator[None]:
        """It does not move inside the block because we do not let it: that time does not count."""
        self._held_since = self._loop.time()
        try:
            yield
        finally:
            waited = self._loop.time() - self._held_since
            self._held_since = None
            self._began += waited
            self._since += waited

    def answering(self) -> None:
        """The head of the answer is there: what was sent does not count any more."""
        self._transport = None
        self._unseen = self._written = self._received = self._moved = 0
        self._began = self._since = self._loop.time()
        self._allowance = self._patience
        self._rate = SLOWEST_ANSWER
        self._last = self._began + self._longest

    def received(self, size: int) -> None:
        """So much came of the body of the answer."""
        self._received += size

    def look(self) -> None:
        """Move the limit as far as what has moved allows."""
        now, moved = self._loop.time(), self._received + self._sent()
        if moved != self._moved:
            self._moved, self._since = moved, now
        if self._limit.expired():
            return
        waited = 0.0 if self._held_since is None else now - self._held_since
        idle = self._since + self._patience + self._unseen / SLOWEST
        slow = self._began + self._allowance + (moved + self._unseen) / self._rate
        self._limit.reschedule(min(idle, slow, self._last) + waited)
        self._next = self._loop.call_later(self._patience / LOOKS, self.look)

    def stop(self) -> None:
        """It is over."""
        if self._next is not None:
            self._next.cancel()

    def _sent(self) -> int:
        if self._transport is None:
            return self._written
        pending, sock = self._transport.get_write_buffer_size(), self._transport.get_extra_info("socket")
        if sock is not None:
            pending += unconfirmed(sock)
            self._unseen = min(unseen(sock), self._written)
        return max(self._written - pending, 0)


@asynccontextmanager
async def watched(patience: timedelta, allowance: timedelta, longest: timedelta) -> AsyncIterator[Progress]:
    """TimeoutError when nothing moves for `patience`, all that moved is less than a drip, or the answer has no end."""
    async with asyncio.timeout(None) as limit:
        progress = Progress(limit, patience, allowance, longest)
        progress.look()
        try:
            yield progress
        finally:
            progress.stop()


class WatchedBody(Payload):
    """Bytes in pieces, each handed over when there is room for it, and when it is its turn."""

    def __init__(self, body: bytes, progress: Progress, throttle: Throttle | None = None) -> None:
        super().__init__(body, content_type="application/octet-stream")
        self._body = memoryview(body)
        self._size = len(body)
        self._progress = progress
        self._throttle = throttle

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """As text: aiohttp wants to show it."""
        return bytes(self._body).decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """All of it."""
        self._progress.writing(writer.transport)
        size = self._throttle.piece if self._throttle else PIECE
        for begin in range(0, self._size or 0, size):
            piece = self._body[begin : begin + size]
            if self._throttle:
                with self._progress.held():
                    await self._throttle.turn(len(piece))
            # First: it may be long until there is room for it, and it lies in a buffer meanwhile.
            self._progress.wrote(len(piece))
            await writer.write(piece)


def attentive_socket(
    address: tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[object, ...]],
) -> socket.socket:
    """One in which little waits to be sent: what a slow line does not take is seen, and does not pile up."""
    family, kind, protocol = address[:3]
    made = socket.socket(family, kind, protocol)
    if sys.platform != "win32" and hasattr(socket, "TCP_NOTSENT_LOWAT"):
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, 2 * PIECE)
    return made
