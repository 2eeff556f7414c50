"""Who is sent anything at all: whom an authority vouches for, or the holder of the pinned key. Nobody else, not a byte."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from logferry_daemon.adapters.send_http import open_sender
from logferry_daemon.adapters.tls import TlsFingerprints, trusted
from logferry_daemon.core.exchange import Request
from logferry_daemon.ports import Fingerprints, Sender
from logferry_model.errors import Unreachable
from logferry_model.fingerprint import Fingerprint
from tests.certificates import Authority, certificate, fingerprint, new_key, serving
from tests.fakes import FakeFingerprints, ScriptedSender

SECRET = {"Authorization": "Bearer canary-key"}
REQUEST = Request(method="POST", path="/api/v1/ingest", body=b"canary-letter")
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
KEY, OTHER = new_key(), new_key()


@dataclass
class Server:
    """Counts whoever connects and keeps every byte that it could decrypt."""

    url: str = ""
    hands: int = 0
    """Handshakes that succeeded on this side."""
    heard: bytearray = field(default_factory=bytearray)


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(talk: Talk, secure: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """The port of somebody who talks so; every connection is over when the block is."""
    talks: dict[asyncio.Task[None] | None, asyncio.StreamWriter] = {}

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks[asyncio.current_task()] = writer
        with suppress(OSError):
            await talk(reader, writer)
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()

    opened = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=secure)
    async with opened:
        yield opened.sockets[0].getsockname()[1]
        # Whatever is on its way arrives before anybody counts.
        await asyncio.sleep(0.05)
        for writer in talks.values():
            writer.transport.abort()
        await asyncio.gather(*filter(None, talks))


@asynccontextmanager
async def server(secure: ssl.SSLContext, answer: bytes = ANSWER) -> AsyncIterator[Server]:
    found = Server()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found.hands += 1
        while part := await reader.read(2**16):
            found.heard += part
            if b"canary-letter" in part:
                writer.write(answer)

    async with listening(talk, secure) as port:
        found.url = f"https://127.0.0.1:{port}"
        yield found


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
async def sender(authority: Authority) -> AsyncIterator[Sender]:
    async with open_sender("logferry/0", None, authority.trusting(trusted())) as opened:
        yield opened


async def refusal(sender: Sender, url: str, pin: Fingerprint | None = None) -> Unreachable:
    with pytest.raises(Unreachable) as caught:
        await sender.send(url, REQUEST, SECRET, pin)
    return caught.value


# By authority


async def test_whom_an_authority_vouches_for_is_sent_to(sender: Sender, authority: Authority) -> None:
    async with server(serving(KEY, certificate(KEY, signed_by=authority))) as there:
        assert (await sender.send(there.url, REQUEST, SECRET)).status == 200
    assert b"canary-letter" in there.heard


BAD: dict[str, Callable[[Authority], ssl.SSLContext]] = {
    "expired": lambda by: serving(KEY, certificate(KEY, signed_by=by, days=(-3, -2))),
    "not yet": lambda by: serving(KEY, certificate(KEY, signed_by=by, days=(2, 3))),
    "self-signed": lambda _: serving(KEY, certificate(KEY)),
    "foreign authority": lambda _: serving(KEY, certificate(KEY, signed_by=Authority())),
    "wrong host": lambda by: serving(KEY, certificate(KEY, signed_by=by, address="192.168.1.77")),
    "old TLS": lambda by: old_tls(serving(KEY, certificate(KEY, signed_by=by))),
}


def old_tls(context: ssl.SSLContext) -> ssl.SSLContext:
    """1.1 at most, with whatever it needs to speak that."""
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


@pytest.mark.parametrize("how", BAD)
async def test_whom_nobody_vouches_for_hears_nothing(sender: Sender, authority: Authority, how: str) -> None:
    async with server(BAD[how](authority)) as there:
        error = await refusal(sender, there.url)
    # Depending on who hangs up first, an old TLS looks like a broken connection.
    assert error.code in ({"tls", "refused"} if how == "old TLS" else {"tls"})
    assert bytes(there.heard) == b""


def test_an_old_tls_would_have_answered() -> None:
    """The server above speaks 1.1 in earnest: a client that may, agrees with it."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
    one = old_tls(client).wrap_bio(inward, outward)
    other = old_tls(serving(KEY, certificate(KEY))).wrap_bio(outward, inward, server_side=True)
    for side in (one, other, one, other, one):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    assert one.version() == "TLSv1.1"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed_and_no_credential_reaches_its_target(
    sender: Sender, authority: Authority, status: int
) -> None:
    """The second host is as trusted as the first: it is not sent to because nobody chose it."""
    secure = serving(KEY, certificate(KEY, signed_by=authority))
    async with server(secure) as second:
        head = f"HTTP/1.1 {status} Moved\r\nLocation: {second.url}/api/v1/ingest\r\nContent-Length: 0\r\n\r\n"
        async with server(secure, head.encode()) as first:
            assert (await sender.send(first.url, REQUEST, SECRET)).status == status
    assert b"canary-key" in first.heard
    assert (second.hands, bytes(second.heard)) == (0, b"")


# By pin


PINNED: dict[str, Callable[[], ssl.SSLContext]] = {
    "self-signed": lambda: serving(KEY, certificate(KEY)),
    "renewed": lambda: serving(KEY, certificate(KEY, days=(-2, 300))),
    "expired": lambda: serving(KEY, certificate(KEY, days=(-3, -2))),
    "under another address": lambda: serving(KEY, certificate(KEY, address="192.168.1.77")),
}


@pytest.mark.parametrize("how", PINNED)
async def test_the_holder_of_the_pinned_key_is_sent_to_under_any_certificate(sender: Sender, how: str) -> None:
    async with server(PINNED[how]()) as there:
        assert (await sender.send(there.url, REQUEST, SECRET, fingerprint(KEY))).body == b"{}"
    assert b"canary-key" in there.heard


async def test_another_key_hears_not_a_byte_and_both_are_told(sender: Sender) -> None:
    async with server(serving(OTHER, certificate(OTHER))) as there:
        error = await refusal(sender, there.url, fingerprint(KEY))
    assert error.code == "pin-changed"
    assert str(fingerprint(KEY)) in error.message
    assert str(fingerprint(OTHER)) in error.message
    assert "destinations pin {name} --accept" in error.hint
    assert bytes(there.heard) == b""


async def test_an_authority_does_not_stand_in_for_the_pinned_key(sender: Sender, authority: Authority) -> None:
    async with server(serving(OTHER, certificate(OTHER, signed_by=authority))) as there:
        assert (await refusal(sender, there.url, fingerprint(KEY))).code == "pin-changed"
    assert bytes(there.heard) == b""


async def test_a_certificate_is_not_taken_for_its_key(sender: Sender) -> None:
    """Who shows the pinned key's certificate without holding the key cannot finish the handshake."""
    context = serving(OTHER, certificate(OTHER))
    with pytest.raises(ssl.SSLError, match=r"(?i)key values mismatch"):
        serving(OTHER, certificate(KEY))
    async with server(context) as there:
        assert (await refusal(sender, there.url, fingerprint(KEY))).code == "pin-changed"


async def test_a_pin_needs_encryption(sender: Sender) -> None:
    heard = bytearray()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.extend(await reader.read(2**16))

    async with listening(talk) as port:
        assert (await refusal(sender, f"http://127.0.0.1:{port}", fingerprint(KEY))).code == "tls"
    assert bytes(heard) == b""


async def test_a_connection_under_one_pin_is_not_used_under_another_or_none(sender: Sender) -> None:
    async with server(serving(KEY, certificate(KEY))) as there:
        for _ in range(2):
            await sender.send(there.url, REQUEST, SECRET, fingerprint(KEY))
        assert there.hands == 1, "it was kept alive"
        sent = bytes(there.heard)
        assert (await refusal(sender, there.url)).code == "tls"
        assert (await refusal(sender, there.url, fingerprint(OTHER))).code == "pin-changed"
    assert bytes(there.heard) == sent


async def test_a_key_that_changes_between_two_requests_is_noticed(sender: Sender) -> None:
    secure = serving(KEY, certificate(KEY))
    async with server(secure, ANSWER.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")) as there:
        await sender.send(there.url, REQUEST, SECRET, fingerprint(KEY))
        sent = bytes(there.heard)
        file = serving(OTHER, certificate(OTHER))
        secure.sni_callback = lambda side, *_: setattr(side, "context", file)
        assert (await refusal(sender, there.url, fingerprint(KEY))).code == "pin-changed"
    assert bytes(there.heard) == sent


async def test_an_old_tls_is_too_old_for_a_pin_too(sender: Sender) -> None:
    async with server(old_tls(serving(KEY, certificate(KEY)))) as there:
        assert (await refusal(sender, there.url, fingerprint(KEY))).code in {"tls", "refused"}
    assert bytes(there.heard) == b""


async def test_the_scripted_sender_is_told_the_pin_too() -> None:
    scripted = ScriptedSender(Unreachable("pin-changed", "another key"))
    assert (await refusal(scripted, "https://192.168.1.20", fingerprint(KEY))).code == "pin-changed"
    assert scripted.sent[0].pin == fingerprint(KEY)


# Looking at a key


@pytest.fixture(params=["tls", "fake"])
async def looking(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Fingerprints, str]]:
    """Something that looks at keys, and where KEY is shown."""
    if request.param == "fake":
        fake = FakeFingerprints()
        fake.keys["https://192.168.1.20"] = fingerprint(KEY)
        yield fake, "https://192.168.1.20"
        return
    async with server(serving(KEY, certificate(KEY))) as there:
        yield TlsFingerprints(timedelta(seconds=30)), there.url
    assert bytes(there.heard) == b"", "a look is no request"


async def test_the_key_at_an_address_is_seen(looking: tuple[Fingerprints, str]) -> None:
    fingerprints, url = looking
    assert await fingerprints.look(url) == fingerprint(KEY)


async def test_nobody_there_shows_no_key(looking: tuple[Fingerprints, str]) -> None:
    with pytest.raises(Unreachable) as caught:
        await looking[0].look("https://127.0.0.1:1")
    assert caught.value.code == "refused"
    assert caught.value.hint


async def test_who_does_not_encrypt_or_does_not_answer_shows_no_key() -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        await reader.read()

    async def brood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(2**16):
            pass

    codes = []
    for talk, patience in ((babble, 30), (brood, 1)):
        async with listening(talk) as port:
            with pytest.raises(Unreachable) as caught:
                await TlsFingerprints(timedelta(seconds=patience)).look(f"https://127.0.0.1:{port}")
        codes.append(caught.value.code)
    assert codes == ["tls", "timeout"]
