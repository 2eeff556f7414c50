"""Stands before a tus server: counts what reaches it, breaks what it is told to, and answers what tus does not have.

`/info` and receipts are Logferry's own; the receipt is made from the very bytes that the server has on its disk.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from logferry_model.envelope import Envelope, Receipt, ReceiptStatus, sha256_hex
from tests.acceptance.running import HOST
from tests.faults.served import served
from tests.packed import unpacked

SLICE = 2**16
SECONDS = 30.0


@dataclass(frozen=True)
class Break:
    """What happens to one request."""

    status: int | None = None
    """Answered so, and the server hears nothing of it."""
    after: int | None = None
    """So many bytes of the body reach the server, then both connections are reset."""
    lose: bool = False
    """The server answers, and nobody hears it."""
    vanish: bool = False
    """After those bytes nothing comes through any more, and nobody is told: so it is for a connection whose own network
    was exchanged for another one."""


@dataclass
class Front:
    """Listens on `port`, in a thread of its own."""

    target: int
    folder: Path
    """Where the server keeps what it has."""
    chunk: int
    breaks: Callable[[str, int], Break | None] = lambda _method, _number: None
    """By the method, and the how manieth request of that method it is, from 1."""
    extensions: tuple[str, ...] = ("creation", "termination")
    """What `/info` says that the server has."""
    pause: float = 0.0
    """Seconds for each slice of a body: a slow line."""
    heard: bool = True
    """Whether receipts are answered; else by 503."""
    port: int = 0
    received: int = 0
    """Bytes of pieces that were passed on to the server."""
    vanished: int = 0
    """Connections of which nobody was told that they are over."""
    methods: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def uploads(self) -> list[tuple[bytes, dict[str, str]]]:
        """What the server has whole, and what it was told about it."""
        found = []
        for note in sorted(self.folder.glob("*.json")):
            told, body = json.loads(note.read_bytes()), note.with_suffix("").read_bytes()
            if len(body) == told["size"]:
                found.append((body, told["metadata"]))
        return found

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        with suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
            await self._answer(reader, writer)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), SECONDS)
        method, path, _ = head.split(b" ", 2)
        if not path.startswith(b"/api/v1/uploads"):
            writer.write(self._own(path.decode()))
            return
        self.methods.append(method.decode())
        broken = self.breaks(method.decode(), self.methods.count(method.decode())) or Break()
        if broken.status is not None:
            await self._drain(reader, _length(head))
            writer.write(_http(broken.status, b""))
            return
        host_reader, host_writer = await asyncio.open_connection(HOST, self.target)
        try:
            host_writer.write(_for_once(head))
            if not await self._pass_on(reader, host_writer, _length(head), broken.after):
                if broken.vanish:
                    await self._until_given_up(reader)
                for each in (host_writer, writer):
                    each.transport.abort()
                return
            answer = await asyncio.wait_for(host_reader.read(-1), SECONDS)
        finally:
            host_writer.close()
        if broken.lose:
            writer.transport.abort()
        else:
            writer.write(answer)
            await writer.drain()

    async def _pass_on(
        self, reader: asyncio.StreamReader, host: asyncio.StreamWriter, size: int, stop: int | None
    ) -> bool:
        """Whether the whole body went through."""
        left = size if stop is None else min(stop, size)
        while left:
            piece = await asyncio.wait_for(reader.read(min(SLICE, left)), SECONDS)
            if not piece:
                return False
            host.write(piece)
            await host.drain()
            self.received += len(piece)
            left -= len(piece)
            await asyncio.sleep(self.pause)
        return stop is None

    async def _until_given_up(self, reader: asyncio.StreamReader) -> None:
        self.vanished += 1
        # What still comes goes nowhere, and nobody answers.
        while await asyncio.wait_for(reader.read(SLICE), 4 * SECONDS):
            pass

    async def _drain(self, reader: asyncio.StreamReader, size: int) -> None:
        while size and (piece := await asyncio.wait_for(reader.read(min(SLICE, size)), SECONDS)):
            size -= len(piece)

    def _own(self, path: str) -> bytes:
        if path == "/info":
            chunk = {"min": 2**18, "default": self.chunk, "max": 2**23}
            tus = {"version": "1.0.0", "extensions": self.extensions, "chunk_bytes": chunk}
            return _http(200, msgspec.json.encode({"encodings": ["zstd", "gzip"], "tus": tus}))
        for body, told in self.uploads():
            if not self.heard:
                return _http(503, b"{}")
            if path.endswith(f"/receipts/{told['idempotency_key']}"):
                return _http(200, msgspec.json.encode(_receipt(body, told)))
        return _http(404, b"{}")


def _receipt(body: bytes, told: dict[str, str]) -> Receipt:
    envelope = msgspec.json.decode(unpacked(body), type=Envelope)
    assert told["sha256"] == sha256_hex(body)
    return Receipt(
        receipt_id="receipt",
        report_id="report",
        report_url="/r/report",
        status=ReceiptStatus.STORED,
        natural_key=envelope.natural_key,
        revision=envelope.revision,
        received_digest=sha256_hex(body),
        payload_digest=sha256_hex(bytes(envelope.payload)),
        idempotency_key=told["idempotency_key"],
        created_at=datetime.now(UTC),
    )


def _http(status: int, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status} So\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: close\r\n\r\n".encode() + body


def _length(head: bytes) -> int:
    named = (line.partition(b":") for line in head.lower().split(b"\r\n"))
    return next((int(value) for name, _, value in named if name == b"content-length"), 0)


def _for_once(head: bytes) -> bytes:
    """The same request on a connection that ends with the answer."""
    lines = [line for line in head.split(b"\r\n")[:-2] if not line.lower().startswith(b"connection:")]
    return b"\r\n".join([*lines, b"Connection: close", b"", b""])


@contextmanager
def front_of(target: int, folder: Path, chunk: int) -> Iterator[Front]:
    """A front that listens while the block lasts."""
    front = Front(target, folder, chunk)
    with served(front.answer) as front.port:
        yield front
