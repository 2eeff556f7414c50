"""A TCP proxy that breaks connections as it is told: slow, thin, sliced, cut, reset, stalled, unanswered.

It knows bytes only, and where a request begins: what a connection suffers is asked when its first bytes are there, and
again at each further request, so that none goes past the plan on a connection that is kept alive. What HTTP servers say
in trouble stands in scripts.py.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum

from tests.faults.served import HOST, SECONDS, served

PIECE = 2**16
REQUESTS = (b"POST ", b"GET ", b"HEAD ", b"PATCH ", b"PUT ", b"DELETE ")
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on, for no time: closing sends RST in place of FIN."""


class End(StrEnum):
    """How a direction ends before its time."""

    RESET = "reset"
    """Both sides hear that the connection was reset."""
    CLOSE = "close"
    """Both sides hear that it is over, in order: an answer is cut short."""
    STALL = "stall"
    """Nothing moves any more and nobody is told."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One direction of a connection."""

    latency: float = 0.0
    """Seconds before its first byte."""
    rate: float | None = None
    """Bytes a second."""
    slices: int = PIECE
    """Bytes at a time, each in a segment of its own."""
    pause: float = 0.0
    """Seconds between two slices."""
    end: End | None = None
    after: int = 0
    """Bytes that go through before `end`."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What happens to one connection."""

    up: Line = field(default_factory=Line)
    """From the client to the server."""
    down: Line = field(default_factory=Line)
    answer: bytes | None = None
    """Said in the server's place, which hears nothing; then the connection is over."""
    silent: bool = False
    """Nothing is taken and nothing is said: a black hole with a door."""


HEALTHY = Fault()
UNANSWERED = Fault(down=Line(end=End.RESET))
"""The server has done its work and answers; not a byte of that arrives."""

Plan = Callable[[int, bytes], Fault]
"""By the number of the connection or further request, from 1, and its first bytes."""


def healthy(_: int, __: bytes) -> Fault:
    """The well-behaved network."""
    return HEALTHY


@dataclass(frozen=True)
class _Next:
    """A further request on the same connection, which suffers something else."""

    fault: Fault
    first: bytes


@dataclass
class FaultProxy:
    """Stands before `target`; the plan may be exchanged at any time and counts for new connections."""

    target: int
    plan: Plan = healthy
    port: int = 0
    connections: int = 0
    """And further requests on them."""
    broken: int = 0
    """How many of these were not simply passed on."""
    up: int = 0
    """Bytes that reached the server."""
    down: int = 0
    """Bytes that reached clients."""

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    async def guest(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from its first byte to its end."""
        try:
            with suppress(OSError, TimeoutError):
                first = await asyncio.wait_for(reader.read(PIECE), SECONDS)
                coming = _Next(self._fault(first), first) if first else None
                while coming:
                    coming = await self._suffer(coming.fault, coming.first, (reader, writer))
        finally:
            writer.close()

    def _fault(self, first: bytes) -> Fault:
        self.connections += 1
        fault = self.plan(self.connections, first)
        self.broken += fault != HEALTHY
        return fault

    async def _suffer(
        self, fault: Fault, first: bytes, client: tuple[asyncio.StreamReader, asyncio.StreamWriter]
    ) -> _Next | None:
        reader, writer = client
        if fault.silent:
            await _until_gone(reader)
            return None
        if fault.answer is not None:
            writer.write(fault.answer)
            await writer.drain()
            # Bytes that nobody reads would make the end of the connection a reset.
            writer.write_eof()
            await asyncio.wait_for(_until_gone(reader), SECONDS)
            return None
        host_reader, host_writer = await asyncio.open_connection(HOST, self.target)
        both = (writer, host_writer)
        try:
            over = await _until_over(
                self._carry("up", fault, first, (reader, host_writer)),
                self._carry("down", fault, b"", (host_reader, writer)),
            )
            if over is End.RESET:
                for each in both:
                    _reset(each)
            return over if isinstance(over, _Next) else None
        finally:
            host_writer.close()

    async def _carry(
        self, way: str, fault: Fault, first: bytes, ends: tuple[asyncio.StreamReader, asyncio.StreamWriter]
    ) -> End | _Next | None:
        """One direction; how it was ended, or None when its source had no more to say."""
        reader, writer = ends
        line = fault.up if way == "up" else fault.down
        left = line.after
        piece = first or await reader.read(PIECE)
        await asyncio.sleep(line.latency if piece else 0.0)
        while piece:
            allowed = piece if line.end is None else piece[:left]
            await self._pass(way, line, allowed, writer)
            left -= len(allowed)
            if len(allowed) < len(piece):
                if line.end is End.STALL:
                    await _until_gone(reader)
                return line.end
            piece = await reader.read(PIECE)
            if way == "up" and piece.startswith(REQUESTS) and (other := self._fault(piece)) != fault:
                return _Next(other, piece)
        with suppress(OSError):
            writer.write_eof()
        return None

    async def _pass(self, way: str, line: Line, piece: bytes, writer: asyncio.StreamWriter) -> None:
        for begin in range(0, len(piece), line.slices):
            cut = piece[begin : begin + line.slices]
            writer.write(cut)
            await writer.drain()
            if way == "up":
                self.up += len(cut)
            else:
                self.down += len(cut)
            await asyncio.sleep(line.pause + (len(cut) / line.rate if line.rate else 0.0))


async def _until_over(*directions: Coroutine[None, None, End | _Next | None]) -> End | _Next | None:
    """Until both directions had their say or one was ended, and how; a reset may come from outside, too."""
    tasks = {asyncio.ensure_future(one) for one in directions}
    try:
        while tasks:
            done, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                if isinstance(one.exception(), OSError):
                    return End.RESET
                if one.result() is not None:
                    return one.result()
        return None
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _until_gone(reader: asyncio.StreamReader) -> None:
    """What still comes is thrown away."""
    while await reader.read(PIECE):
        pass


def _reset(writer: asyncio.StreamWriter) -> None:
    """Closed by RST: what is under way is lost, and the other side is told so."""
    with suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()


@contextmanager
def faults_before(target: int, plan: Plan = healthy) -> Iterator[FaultProxy]:
    """A proxy that listens while the block lasts."""
    proxy = FaultProxy(target, plan)
    with served(proxy.guest) as proxy.port:
        yield proxy
