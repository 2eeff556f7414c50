"""Against a store that checks signatures: rclone serves a folder as S3, and a collector in front of it signs addresses."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import hmac
import os
import secrets
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import msgspec
import pytest
from aiohttp import web

from logferry_daemon.adapters.send_http import open_sender
from logferry_daemon.conversing import converse
from logferry_daemon.core.destination import Destination
from logferry_daemon.core.exchange import Acked, Later, Outcome
from logferry_daemon.dialects.object_store import S3Dialect
from logferry_model.envelope import Envelope
from tests.contracts.test_sender import site
from tests.daemon.dialects.talking import DOCUMENT, NOW, PARCEL

RCLONE = shutil.which("rclone", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))))
pytestmark = pytest.mark.skipif(RCLONE is None, reason="not installed: rclone")
BUCKET = "sessions"


@dataclass
class Store:
    """A running rclone, and what signs for it."""

    host: str
    folder: Path
    access: str
    secret: str


@dataclass(frozen=True, kw_only=True)
class Order:
    """How an address is signed, and with what mistake."""

    age: timedelta = timedelta()
    secret: str | None = None
    tail: str = ""
    header: str = "application/json"


@asynccontextmanager
async def rclone(folder: Path) -> AsyncIterator[Store]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / BUCKET).mkdir(parents=True)
    store = Store(f"127.0.0.1:{port}", folder, secrets.token_hex(8), secrets.token_hex(16))
    assert RCLONE is not None
    process = await asyncio.create_subprocess_exec(
        RCLONE, "serve", "s3", "--auth-key", f"{store.access},{store.secret}", "--addr", store.host, str(folder),
        "--config", os.devnull, "--vfs-cache-mode", "off", stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        await _until_up("127.0.0.1", port)
        yield store
    finally:
        process.kill()
        await process.wait()


async def _until_up(host: str, port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection(host, port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


def signed(store: Store, key: str, order: Order) -> str:
    """A pre-signed address to put `key` to: AWS Signature Version 4, in the query, with the content type signed."""
    now = datetime.now(UTC) - order.age
    day, scope = f"{now:%Y%m%d}", f"{now:%Y%m%d}/us-east-1/s3/aws4_request"
    path = f"/{BUCKET}/{quote(key)}"
    query = "&".join(
        f"{quote(name, safe='')}={quote(value, safe='')}"
        for name, value in sorted(
            {
                "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
                "X-Amz-Credential": f"{store.access}/{scope}",
                "X-Amz-Date": f"{now:%Y%m%dT%H%M%SZ}",
                "X-Amz-Expires": "60",
                "X-Amz-SignedHeaders": "content-type;host",
            }.items()
        )
    )
    headers = f"content-type:application/json\nhost:{store.host}\n"
    canonical = f"PUT\n{path}\n{query}\n{headers}\ncontent-type;host\nUNSIGNED-PAYLOAD"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join(("AWS4-HMAC-SHA256", f"{now:%Y%m%dT%H%M%SZ}", scope, digest))
    signing = f"AWS4{order.secret or store.secret}".encode()
    for part in (day, "us-east-1", "s3", "aws4_request"):
        signing = hmac.new(signing, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(signing, text.encode(), hashlib.sha256).hexdigest()
    return f"http://{store.host}{path}?{query}&X-Amz-Signature={signature}{order.tail}"


async def deliver(stack: AsyncExitStack, store: Store, orders: Sequence[Order]) -> list[Outcome]:
    """One delivery for each order, by the real sender."""
    left = list(orders)

    async def front(request: web.Request) -> web.Response:
        told, order = await request.json(), left.pop(0)
        return web.json_response({"url": signed(store, told["key"], order), "headers": {"Content-Type": order.header}})

    server = await stack.enter_async_context(site(front))
    sender = await stack.enter_async_context(open_sender("logferry/0"))
    dialect = S3Dialect()
    home = Destination(name="x", dialect="s3", url=server.url, upload_hosts=(store.host,))
    letter = dialect.write(PARCEL)
    talks = [dialect.deliver(letter, url=home.url, now=NOW) for _ in orders]
    return [
        await converse(sender, home, lambda request: dialect.credentials("s3cret", request, NOW), talk)
        for talk in talks
    ]


def files(store: Store) -> list[Path]:
    return [one for one in store.folder.rglob("*") if one.is_file()]


async def test_a_store_that_checks_signatures_takes_the_file_whole(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(rclone(tmp_path / "s3"))
        outcomes = await deliver(stack, store, [Order(), Order()])
        assert all(isinstance(outcome, Acked) for outcome in outcomes), outcomes
        (file,) = files(store)
        envelope = msgspec.json.decode(gzip.decompress(file.read_bytes()), type=Envelope)
        assert bytes(envelope.payload) == DOCUMENT
        assert file.relative_to(store.folder / BUCKET).as_posix() == (f"artemis/2026/03/01/{PARCEL.session}.3.json.gz")


@pytest.mark.parametrize(
    "order",
    [
        Order(age=timedelta(hours=2)),
        Order(secret="another"),
        Order(tail="0"),
        Order(tail="&X-Amz-Expires=999999"),
        Order(header="text/plain"),
    ],
    ids=["too old", "another secret", "another signature", "a longer life", "another header"],
)
async def test_what_the_store_refuses_is_asked_for_anew_and_never_taken_for_done(tmp_path: Path, order: Order) -> None:
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(rclone(tmp_path / "s3"))
        refused, taken = await deliver(stack, store, [order, Order()])
        assert isinstance(refused, Later), refused
        assert "the store refused it" in refused.reason
        assert isinstance(taken, Acked), taken
        assert len(files(store)) == 1
