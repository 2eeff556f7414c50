"""A server that takes every body, keeps none, and says 200: what any client's time is measured against.

`python -m benchmarks.sink` says its port. Written on a bare protocol, so that it is never what is waited for.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

HOST = "127.0.0.1"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
CHUNKED_END = b"0\r\n\r\n"


class Sink(asyncio.Protocol):
    """One connection: heads are read, bodies are counted."""

    def __init__(self) -> None:
        self._head = b""
        self._left = 0
        self._chunked = False
        self._tail = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        while data:
            if self._chunked:
                self._tail = (self._tail + data)[-len(CHUNKED_END) :]
                data = b""
                if self._tail == CHUNKED_END:
                    self._chunked = False
                    self._say(ANSWER)
            elif self._left:
                taken = min(self._left, len(data))
                self._left, data = self._left - taken, data[taken:]
                if not self._left:
                    self._say(ANSWER)
            else:
                data = self._read_head(data)

    def _read_head(self, data: bytes) -> bytes:
        head, end, rest = (self._head + data).partition(b"\r\n\r\n")
        if not end:
            self._head = head
            return b""
        self._head, lower = b"", head.lower()
        fields = dict(line.split(b":", 1) for line in lower.split(b"\r\n")[1:])
        self._left = int(fields.get(b"content-length", b"0"))
        self._chunked, self._tail = b"chunked" in fields.get(b"transfer-encoding", b""), b""
        if b"expect" in fields:
            self._say(CONTINUE)
        if not self._left and not self._chunked:
            self._say(ANSWER)
        return rest

    def _say(self, what: bytes) -> None:
        if self._transport is not None:
            self._transport.write(what)


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Sink, HOST, 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


@contextmanager
def sink() -> Iterator[str]:
    """The address of one, in a process of its own."""
    command = (sys.executable, "-m", "benchmarks.sink")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 -- our own program
        try:
            if process.stdout is None:
                raise RuntimeError("no pipe")
            yield f"http://{HOST}:{int(process.stdout.readline())}"
        finally:
            process.kill()


if __name__ == "__main__":
    asyncio.run(main())
