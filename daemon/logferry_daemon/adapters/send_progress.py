"""How one request gets on, and when to give it up: not after so long in all, but when nothing has moved for so long.

Only the answer has a longest time besides: it is a small thing, and whoever makes it last holds a line of ours.

What has been written is not what has been sent: it may lie in our own buffers, and in those of the system.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import Payload

from logferry_daemon.adapters.send_socket import unconfirmed, unseen
from logferry_daemon.adapters.throttle import Throttle

SLOWEST = 2_048
"""Bytes a second on the whole; whoever is slower than a modem of 1994 keeps a line open and does not move."""
SLOWEST_ANSWER = 8_192
"""The same of an answer once it has begun: a poor line brings more."""
PIECE = 2**16
LOOKS = 15
"""In the time that nothing may move, so it may take that much longer until somebody is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What one request has to keep to. Seconds, as the event loop counts: it is asked for with every request."""

    still: float
    """That nothing may move."""
    allowance: float
    """Before the rate counts: the connection has to be made, and the other side may think about it."""
    longest: float
    """That the answer may take, however steadily it comes."""


class Lookout:
    """Looks at all that is under way. One timer for everybody: most requests are over before the first look."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self._under_way: set[Progress] = set()
        self._next: asyncio.TimerHandle | None = None

    @property
    def rests(self) -> bool:
        """Nothing wakes it."""
        return self._next is None

    def watch(self, progress: Progress) -> None:
        """From now on."""
        self._under_way.add(progress)
        if self.rests:
            self._look_later()

    def leave(self, progress: Progress) -> None:
        """It is over."""
        self._under_way.discard(progress)

    def close(self) -> None:
        """Nobody is looked at any more."""
        if self._next is not None:
            self._next.cancel()

    def _look(self) -> None:
        self._next = None
        if not self._under_way:
            return  # it rests until there is something again
        self._look_later()
        for progress in tuple(self._under_way):
            progress.look()

    def _look_later(self) -> None:
        self._next = asyncio.get_running_loop().call_later(self.pace.still / LOOKS, self._look)


class Progress:
    """Of one request and its answer; it is looked at inside its block, and `limit` runs out when nothing moves."""

    def __init__(self, limit: asyncio.Timeout, lookout: Lookout) -> None:
        self._limit = limit
        self._lookout = lookout
        pace = self._pace = lookout.pace
        self._loop = asyncio.get_running_loop()
        self._began = self._since = self._loop.time()
        self._allowance = pace.allowance
        self._rate = SLOWEST
        self._last = float("inf")
        """When it is over whatever moves."""
        self._moved = 0
        self._written = 0
        self._received = 0
        self._transport: asyncio.WriteTransport | None = None
        self._unseen = 0
        self._held_since: float | None = None

    def __enter__(self) -> Self:
        self._lookout.watch(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._lookout.leave(self)

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
        self._allowance = self._pace.still
        self._rate = SLOWEST_ANSWER
        self._last = self._began + self._pace.longest

    def received(self, size: int) -> None:
        """So much came of the body of the answer."""
        self._received += size

    def look(self) -> None:
        """See what has moved since the last look, and give it up when that is too little."""
        now, moved = self._loop.time(), self._received + self._sent()
        if moved != self._moved:
            self._moved, self._since = moved, now
        waited = 0.0 if self._held_since is None else now - self._held_since
        idle = self._since + self._pace.still + self._unseen / SLOWEST
        slow = self._began + self._allowance + (moved + self._unseen) / self._rate
        if min(idle, slow, self._last) + waited <= now:
            self._lookout.leave(self)
            self._limit.reschedule(now)

    def _sent(self) -> int:
        if self._transport is None:
            return self._written
        pending, sock = self._transport.get_write_buffer_size(), self._transport.get_extra_info("socket")
        if sock is not None:
            pending += unconfirmed(sock)
            self._unseen = min(unseen(sock), self._written)
        return max(self._written - pending, 0)


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
