"""A proxy between a daemon and a collector: counts connections, keeps every request, loses answers when told to."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tests.acceptance.running import HOST
from tests.faults.served import served
from tests.packed import opened

LARGEST = 64 * 2**20
SECONDS = 30.0
"""Without a byte."""


@dataclass(frozen=True)
class Message:
    """One HTTP message, as it was on the wire."""

    head: bytes
    body: bytes

    @property
    def wire(self) -> bytes:
        return self.head + self.body

    @property
    def text(self) -> bytes:
        """Head and body, the body without its compression."""
        return self.head + opened(self.head, self.body)


def nothing_lost(_: int) -> bool:
    """The well-behaved network."""
    return False


@dataclass
class Proxy:
    """Listens on `port`, in a thread of its own."""

    target: int
    loses: Callable[[int], bool] = nothing_lost
    """Whether the answer to the n-th request, from 1, is lost after the collector has given it."""
    slow: float = 0.0
    """Seconds that each answer takes on its way."""
    answers: Callable[[int, bytes], bytes | None] | None = None
    """By the number of a request and all its bytes: what is said in the collector's place; None passes it on."""
    port: int = 0
    connections: int = 0
    lost: int = 0
    requests: list[Message] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def letters(self) -> list[Message]:
        """Those of the requests that bring something."""
        return [one for one in self.requests if one.head.startswith(b"POST ")]

    @property
    def keys(self) -> list[bytes]:
        """Of every session that they bring, alone or in a batch."""
        named = (re.findall(rb"(?im)^idempotency-key: *([^\r\n]+)", one.text) for one in self.letters)
        return [key for keys in named for key in keys]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.connections += 1
        with suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
            upstream = await asyncio.open_connection(HOST, self.target, limit=LARGEST)
            try:
                await self._converse((reader, writer), upstream)
            finally:
                upstream[1].close()

    async def _converse(
        self,
        guest: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        host: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        while True:
            request = await _message(guest[0])
            self.requests.append(request)
            number = len(self.requests)
            if self.answers is not None and (said := self.answers(number, request.wire)) is not None:
                guest[1].write(said)
                await guest[1].drain()
                return
            host[1].write(request.wire)
            answer = await _message(host[0])
            if self.loses(number):
                self.lost += 1
                return
            await asyncio.sleep(self.slow)
            guest[1].write(answer.wire)
            await guest[1].drain()


async def _message(reader: asyncio.StreamReader) -> Message:
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), SECONDS)
    headers = dict(line.split(b":", 1) for line in head.lower().split(b"\r\n")[1:] if b":" in line)
    assert b"transfer-encoding" not in headers, "this proxy reads messages with a length"
    size = int(headers.get(b"content-length", b"0"))
    return Message(head, await asyncio.wait_for(reader.readexactly(size), SECONDS))


@contextmanager
def proxy_to(target: int, loses: Callable[[int], bool] = nothing_lost, *, slow: float = 0.0) -> Iterator[Proxy]:
    """A proxy that listens while the block lasts."""
    proxy = Proxy(target, loses, slow)
    with served(proxy.answer, limit=LARGEST) as proxy.port:
        yield proxy
