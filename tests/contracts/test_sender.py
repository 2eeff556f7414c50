from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
import ssl
import subprocess
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from logferry_collector.limits import Limits
from logferry_daemon.adapters.send_http import KEPT_ALIVE, MAX_ANSWER, Patience, open_sender
from logferry_daemon.core.exchange import Request, Response
from logferry_daemon.ports import Sender
from logferry_model.errors import Unreachable
from tests.conftest import needs, only_on
from tests.fakes import ScriptedSender

SECRET = {"Authorization": "Bearer s3cret-canary-key"}
REQUEST = Request(method="POST", path="/api/v1/ingest", headers={"X-Schema-Version": "1"}, body=b"the letter")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Heard:
    """What a server was sent."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Site:
    """A collector on this computer that answers as it is told."""

    url: str
    heard: list[Heard] = field(default_factory=list)


@asynccontextmanager
async def site(handler: Handler, *, secure: ssl.SSLContext | None = None) -> AsyncIterator[Site]:
    found = Site("")

    async def hear(request: web.Request) -> web.StreamResponse:
        found.heard.append(Heard(request.method, request.path_qs, dict(request.headers), await request.read()))
        return await handler(request)

    application = web.Application(client_max_size=2**30)
    application.router.add_route("*", "/{tail:.*}", hear)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, listener, ssl_context=secure).start()
    found.url = f"{'https' if secure else 'http'}://127.0.0.1:{listener.getsockname()[1]}"
    try:
        yield found
    finally:
        await runner.cleanup()


def says(response: Response) -> Handler:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=response.status, headers=dict(response.headers), body=response.body)

    return handler


Answering = Callable[[Response], Awaitable[tuple[Sender, str]]]


@pytest.fixture(params=["http", "scripted"])
async def answering(request: pytest.FixtureRequest) -> AsyncIterator[Answering]:
    """A sender, and the address of somebody who answers like this."""
    async with AsyncExitStack() as stack:

        async def http(response: Response) -> tuple[Sender, str]:
            server = await stack.enter_async_context(site(says(response)))
            return await stack.enter_async_context(open_sender("logferry/0")), server.url

        async def scripted(response: Response) -> tuple[Sender, str]:
            return ScriptedSender(response), "http://127.0.0.1:1"

        yield http if request.param == "http" else scripted


@pytest.fixture
async def sender() -> AsyncIterator[Sender]:
    async with open_sender("logferry/0") as opened:
        yield opened


async def code_of(sender: Sender, url: str, request: Request = REQUEST) -> str:
    with pytest.raises(Unreachable) as caught:
        await sender.send(url, request, SECRET)
    return caught.value.code


# What both do


@pytest.mark.parametrize("status", [200, 201, 301, 302, 307, 308, 401, 422, 429, 500, 503])
async def test_any_whole_answer_comes_back_as_it_is(answering: Answering, status: int) -> None:
    said = Response(status=status, headers={"retry-after": "7", "location": "https://elsewhere.example/"}, body=b"{}")
    sender, url = await answering(said)
    got = await sender.send(url, REQUEST, SECRET)
    assert (got.status, got.body, got.headers["retry-after"]) == (status, b"{}", "7")


async def test_nobody_there_is_unreachable() -> None:
    async with open_sender("logferry/0") as real:
        assert await code_of(real, "http://127.0.0.1:1") == "refused"
    fake = ScriptedSender(Unreachable("refused", "no connection: connection refused"))
    assert await code_of(fake, "http://127.0.0.1:1") == "refused"


# What only the real one shows


async def test_the_request_goes_out_as_it_was_written(sender: Sender) -> None:
    async with site(says(Response(status=201, headers={}, body=b""))) as server:
        await sender.send(f"{server.url}/", REQUEST, SECRET)
    (heard,) = server.heard
    assert (heard.method, heard.target, heard.body) == ("POST", "/api/v1/ingest", b"the letter")
    assert heard.headers["Authorization"] == SECRET["Authorization"]
    assert heard.headers["User-Agent"] == "logferry/0"
    assert heard.headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_an_answer_and_its_target_hears_nothing(sender: Sender, status: int) -> None:
    async with site(says(Response(status=200, headers={}, body=b""))) as other:
        moved = Response(status=status, headers={"Location": f"{other.url}/api/v1/ingest"}, body=b"")
        async with site(says(moved)) as server:
            got = await sender.send(server.url, REQUEST, SECRET)
    assert got.status == status
    assert other.heard == []


async def test_a_cookie_is_not_kept(sender: Sender) -> None:
    async with site(says(Response(status=200, headers={"Set-Cookie": "id=1; Path=/"}, body=b""))) as server:
        for _ in range(2):
            await sender.send(server.url, REQUEST, {})
    assert all("Cookie" not in heard.headers for heard in server.heard)


async def test_a_proxy_in_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with site(says(Response(status=200, headers={}, body=b"proxy"))) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        async with open_sender("logferry/0") as sender:
            assert await code_of(sender, "http://127.0.0.1:1") == "refused"
    assert proxy.heard == []


@only_on("linux", "darwin")
async def test_where_nobody_listens_that_is_said_in_the_systems_words() -> None:
    """Without an address, which the destination's name says better."""
    async with open_sender("logferry/0") as real:
        with pytest.raises(Unreachable) as caught:
            await real.send("http://127.0.0.1:1", REQUEST, SECRET)
    assert caught.value.message == "no connection: connection refused"


async def test_a_connection_that_was_idle_is_used_no_more_when_its_server_may_hang_up() -> None:
    kept, peers = timedelta(seconds=0.05), []

    async def handler(request: web.Request) -> web.Response:
        assert request.transport is not None
        peers.append(request.transport.get_extra_info("peername"))
        return web.Response()

    async with site(handler) as server, open_sender("logferry/0", kept_alive=kept) as sender:
        await sender.send(server.url, REQUEST, SECRET)
        await asyncio.sleep(4 * kept.total_seconds())
        await sender.send(server.url, REQUEST, SECRET)
    assert len(set(peers)) == 2
    assert timedelta(seconds=Limits().head_seconds) >= 2 * KEPT_ALIVE, "the collector hangs up first"


async def words_of(sender: Sender, url: str) -> str:
    with pytest.raises(Unreachable) as caught:
        await sender.send(url, REQUEST, SECRET)
    return caught.value.message


UNASKED = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmore",
    b"HTTP/1.1 408 Request Timeout\r\n\r\n",
    b"\0",
]


@pytest.mark.parametrize("unasked", UNASKED)
async def test_what_nobody_asked_for_is_no_answer_to_the_next_request(sender: Sender, unasked: bytes) -> None:
    connections, said = 0, asyncio.Event()

    async def answer_and_more(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError), contextlib.closing(writer):
            while request := await reader.readuntil(b"\r\n\r\n"):
                path = request.split()[1]
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(path), path))
                await writer.drain()
                await said.wait()
                if connections == 1:
                    writer.write(unasked)

    server = await asyncio.start_server(answer_and_more, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        first = await sender.send(url, Request(method="GET", path="/1"), {})
        said.set()
        await asyncio.sleep(0.2)
        second = await sender.send(url, Request(method="GET", path="/2"), {})
    assert (first.body, second.body, connections) == (b"/1", b"/2", 2)


async def test_a_cut_body_is_no_answer(sender: Sender) -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": "100"})
        await answer.prepare(request)
        await answer.write(b'{"half')
        assert request.transport is not None
        request.transport.close()
        return answer

    async with site(cut) as server:
        assert await code_of(sender, server.url) == "cut"
        assert await words_of(sender, server.url) == "the connection broke: it hung up in the middle of its answer"


async def test_a_connection_that_closes_without_a_word_is_no_answer(sender: Sender) -> None:
    async def rude(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    async with site(rude) as server:
        assert await code_of(sender, server.url) == "cut"
        assert await words_of(sender, server.url) == "the connection broke: it hung up without an answer"


async def test_what_is_no_http_is_no_answer(sender: Sender) -> None:
    async def babble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    async with server:
        assert await code_of(sender, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}") == "cut"


ENDLESS = {
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 1_000, "cut"),
    "one header": (b"HTTP/1.1 200 OK\r\nX: ", b"y" * 8_000, "cut"),
    "status line": (b"HTTP/1.1 200 ", b"y" * 8_000, "cut"),
    "trailers": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n" * 1_000, "cut"),
    "early hints": (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100, "timeout"),
    "invitations": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100, "timeout"),
    "an extension of a chunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;", b"y" * 8_000, "timeout"),
    "chunks of one byte": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n" * 1_000, "timeout"),
}


@pytest.mark.parametrize("what", ENDLESS)
async def test_what_never_ends_is_given_up_and_nothing_of_it_is_kept(what: str) -> None:
    begin, more, code = ENDLESS[what]

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError), contextlib.closing(writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(begin)
            while True:
                writer.write(more)
                await writer.drain()
                await asyncio.sleep(0.01)

    patience = Patience(connect=timedelta(seconds=0.5), answer=timedelta(seconds=0.5), whole=timedelta(seconds=1))
    server = await asyncio.start_server(endless, "127.0.0.1", 0)
    async with asyncio.timeout(60), server, open_sender("logferry/0", patience) as sender:
        with pytest.raises(Unreachable) as caught:
            await sender.send(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", REQUEST, SECRET)
    assert caught.value.code == code
    assert "Error" not in caught.value.message


async def test_an_endless_body_is_capped(sender: Sender) -> None:
    written = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal written
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(b"x" * 2**16)
            written += 2**16

    async with site(endless) as server:
        assert await code_of(sender, server.url) == "too-long"
    assert MAX_ANSWER <= written < 3 * MAX_ANSWER


async def test_the_longest_answer_that_is_allowed_is_read(sender: Sender) -> None:
    async with site(says(Response(status=200, headers={}, body=b"x" * MAX_ANSWER))) as server:
        assert len((await sender.send(server.url, REQUEST, {})).body) == MAX_ANSWER


async def test_a_compressed_answer_is_never_inflated(sender: Sender) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    async with site(says(Response(status=200, headers={"Content-Encoding": "gzip"}, body=bomb))) as server:
        got = await sender.send(server.url, REQUEST, {})
    assert got.body == bomb


@pytest.fixture(scope="module")
def own_certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """Signed by nobody but itself."""
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run([*command.split(), "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


@needs("openssl")
async def test_a_certificate_that_nobody_vouches_for_is_refused(
    sender: Sender, own_certificate: ssl.SSLContext
) -> None:
    async with site(says(Response(status=200, headers={}, body=b"")), secure=own_certificate) as server:
        assert await code_of(sender, server.url) == "tls"
    assert server.heard == []


async def test_a_server_without_encryption_behind_https_is_refused(sender: Sender) -> None:
    async with site(says(Response(status=200, headers={}, body=b""))) as server:
        assert await code_of(sender, server.url.replace("http:", "https:")) == "tls"
    assert server.heard == []


@needs("openssl")
async def test_an_old_tls_is_refused(sender: Sender, own_certificate: ssl.SSLContext) -> None:
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        own_certificate.minimum_version = ssl.TLSVersion.TLSv1
        own_certificate.maximum_version = ssl.TLSVersion.TLSv1_1
    try:
        async with site(says(Response(status=200, headers={}, body=b"")), secure=own_certificate) as server:
            # Depending on who hangs up first, it looks like a broken connection.
            assert await code_of(sender, server.url) in {"tls", "refused"}
        assert server.heard == []
    finally:
        own_certificate.maximum_version = ssl.TLSVersion.MAXIMUM_SUPPORTED


async def test_a_letter_of_many_megabytes_arrives_whole(sender: Sender, tmp_path: Path) -> None:
    large = Request(method="POST", path="/", body=bytes(range(256)) * 2**15)
    async with site(says(Response(status=200, headers={}, body=b""))) as server:
        await sender.send(server.url, large, {})
    assert server.heard[0].body == large.body
