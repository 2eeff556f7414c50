"""The real sender and each service's dialect, against a server on this computer that does what the service documents."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from aiohttp import web

from logferry_daemon.adapters.send_http import open_sender
from logferry_daemon.conversing import converse
from logferry_daemon.core.destination import Destination
from logferry_daemon.core.exchange import Acked, Dialect, Erased, Erasure, Later, Outcome, Parcel, Parked, Request, Stop
from logferry_daemon.dialects.firebase import FirebaseDialect
from logferry_daemon.dialects.object_store import S3Dialect
from logferry_daemon.dialects.supabase import SupabaseDialect
from logferry_daemon.dialects.webhook import WebhookDialect
from logferry_daemon.dialects.webhook_json import JsonWebhookDialect
from logferry_daemon.ports import Sender
from tests.contracts.test_sender import Handler, Site, site
from tests.daemon.dialects.talking import NOW, PARCEL, report
from tests.discord_server import Discord

NEWER = replace(PARCEL, revision=4)


@dataclass
class Desk:
    """A sender and what is set up for it."""

    sender: Sender
    dialect: Dialect
    destination: Destination
    key: str

    def proofs(self, request: Request) -> Mapping[str, str]:
        return self.dialect.credentials(self.key, request, NOW)

    async def deliver(self, parcel: Parcel = PARCEL) -> Outcome:
        talk = self.dialect.deliver(self.dialect.write(parcel), url=self.destination.url, now=NOW)
        return await converse(self.sender, self.destination, self.proofs, talk)

    async def delete(self, report_id: str) -> Erasure:
        talk = self.dialect.delete(report(report_id=report_id), now=NOW)
        return await converse(self.sender, self.destination, self.proofs, talk)


@dataclass
class Street:
    """Servers and desks that close with the test."""

    stack: AsyncExitStack

    async def open(self, handler: Handler) -> Site:
        return await self.stack.enter_async_context(site(handler))

    async def desk(self, dialect: Dialect, url: str, key: str, *hosts: str) -> Desk:
        sender = await self.stack.enter_async_context(open_sender("logferry/0"))
        return Desk(sender, dialect, Destination(name="x", dialect=dialect.name, url=url, upload_hosts=hosts), key)


@pytest.fixture
async def street() -> AsyncIterator[Street]:
    async with AsyncExitStack() as stack:
        yield Street(stack)


# Discord


@dataclass
class Channel(Discord):
    """The same over a socket."""

    async def __call__(self, request: web.Request) -> web.Response:
        asked = Request(method=request.method, path=request.path_qs, body=await request.read())
        told = self.answer(asked)
        return web.Response(status=told.status, headers=told.headers, body=told.body)


async def test_a_session_is_a_message_that_can_be_deleted(street: Street) -> None:
    channel = Channel(secret="77/s3cret-Token_1")
    server = await street.open(channel)
    desk = await street.desk(WebhookDialect(), f"{server.url}/api/webhooks", "77/s3cret-Token_1")
    outcome = await desk.deliver()
    assert isinstance(outcome, Acked)
    assert list(channel.messages) == [outcome.receipt.report_id]
    assert "Authorization" not in server.heard[0].headers
    assert not any(name.startswith(":") for name in server.heard[0].headers)
    assert await desk.delete(outcome.receipt.report_id) == Erased()
    assert channel.messages == {}
    assert isinstance(await desk.delete(outcome.receipt.report_id), Erased)


async def test_a_wrong_key_posts_nothing_and_is_not_repeated_in_what_is_told(street: Street) -> None:
    channel = Channel(secret="77/s3cret-Token_1")
    server = await street.open(channel)
    desk = await street.desk(WebhookDialect(), f"{server.url}/api/webhooks", "77/s3cret-other")
    stopped = await desk.deliver()
    assert isinstance(stopped, Stop)
    assert "s3cret" not in str(stopped)
    assert channel.messages == {}


async def test_a_key_in_the_address_is_in_no_error_when_nobody_is_there(street: Street) -> None:
    desk = await street.desk(WebhookDialect(), "http://127.0.0.1:1/api/webhooks", "77/s3cret-Token_1")
    outcome = await desk.deliver()
    assert isinstance(outcome, Later)
    assert "s3cret" not in str(outcome)


async def test_a_program_confirms_by_the_digest(street: Street) -> None:
    async def receiver(request: web.Request) -> web.Response:
        told = msgspec.json.decode(await request.read(), type=dict[str, msgspec.Raw])
        digest = hashlib.sha256(bytes(told["document"])).hexdigest()
        return web.json_response({"digest": digest, "id": "7"})

    server = await street.open(receiver)
    desk = await street.desk(JsonWebhookDialect(), f"{server.url}/catch", "123/s3cret")
    assert isinstance(await desk.deliver(), Acked)
    assert server.heard[0].target == "/catch/123/s3cret"


# PostgREST


@dataclass
class Table:
    """Upserts by tracker and natural key, as PostgREST does with merge-duplicates."""

    rows: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    async def __call__(self, request: web.Request) -> web.Response:
        if request.headers.get("apikey") != "s3cret" or request.headers["Authorization"] != "Bearer s3cret":
            return web.json_response({"code": "PGRST301", "message": "No suitable key"}, status=401)
        if request.path != "/rest/v1/sessions":
            return web.json_response({"code": "PGRST205", "message": "Could not find the table"}, status=404)
        chosen = request.query["select"].split(",")
        if request.method == "POST":
            assert request.query["on_conflict"] == "tracker,natural_key"
            assert request.headers["Prefer"] == "resolution=merge-duplicates,return=representation"
            found = await request.json()
            self.rows |= {(row["tracker"], row["natural_key"]): row for row in found}
        else:
            wanted = request.query["session_id"].removeprefix("eq.")
            found = [row for row in self.rows.values() if row["session_id"] == wanted]
        if request.method == "DELETE":
            self.rows = {key: row for key, row in self.rows.items() if row not in found}
        body = [{name: row[name] for name in chosen} for row in found]
        return web.json_response(body, status=201 if request.method == "POST" else 200)


async def test_a_session_is_a_row_once_and_the_newest(street: Street) -> None:
    table = Table()
    server = await street.open(table)
    desk = await street.desk(SupabaseDialect(), f"{server.url}/rest/v1/sessions", "s3cret")
    for parcel in (PARCEL, PARCEL, NEWER):
        assert isinstance(await desk.deliver(parcel), Acked)
    assert [row["revision"] for row in table.rows.values()] == [4]
    assert await desk.delete(PARCEL.session) == Erased()
    assert table.rows == {}


async def test_a_table_or_key_that_is_not_there_holds_all(street: Street) -> None:
    server = await street.open(Table())
    for url, key in ((f"{server.url}/rest/v1/other", "s3cret"), (f"{server.url}/rest/v1/sessions", "s3cret-old")):
        desk = await street.desk(SupabaseDialect(), url, key)
        assert isinstance(await desk.deliver(), Stop)


# Firestore


@dataclass
class Documents:
    """Documents by name, behind a key."""

    kept: dict[str, Any] = field(default_factory=dict)

    async def __call__(self, request: web.Request) -> web.Response:
        if request.headers.get("X-Goog-Api-Key") != "s3cret":
            said = {"code": 403, "message": "Missing or insufficient permissions.", "status": "PERMISSION_DENIED"}
            return web.json_response({"error": said}, status=403)
        if request.method == "DELETE":
            self.kept.pop(request.path.removeprefix("/v1/"), None)
            return web.json_response({})
        assert request.path == "/v1/projects/p/databases/(default)/documents:commit"
        for write in (await request.json())["writes"]:
            self.kept[write["update"]["name"]] = write["update"]["fields"]
        when = "2026-03-01T22:00:00.123456Z"
        return web.json_response({"writeResults": [{"updateTime": when}], "commitTime": when})


DOCUMENTS = "projects/p/databases/(default)/documents"


async def test_a_session_is_a_document_once_and_the_newest(street: Street) -> None:
    documents = Documents()
    server = await street.open(documents)
    desk = await street.desk(FirebaseDialect(), f"{server.url}/v1/{DOCUMENTS}", "s3cret")
    for parcel in (PARCEL, PARCEL, NEWER):
        assert isinstance(await desk.deliver(parcel), Acked)
    assert list(documents.kept) == [f"{DOCUMENTS}/logferry_sessions/{PARCEL.session}"]
    assert next(iter(documents.kept.values()))["revision"] == {"integerValue": "4"}
    assert await desk.delete(PARCEL.session) == Erased()
    assert documents.kept == {}


async def test_rules_that_refuse_hold_all(street: Street) -> None:
    server = await street.open(Documents())
    desk = await street.desk(FirebaseDialect(), f"{server.url}/v1/{DOCUMENTS}", "s3cret-other")
    assert isinstance(await desk.deliver(), Stop)


# An object store behind a collector

SIGNING = b"the store's own"


def signature(target: str) -> str:
    return hmac.new(SIGNING, target.encode(), hashlib.sha256).hexdigest()


@dataclass
class Store:
    """Takes what is put to a signed address, as long as the address is the signed one to the letter."""

    objects: dict[str, bytes] = field(default_factory=dict)

    async def __call__(self, request: web.Request) -> web.Response:
        target, _, signed = request.raw_path.rpartition("&sig=")
        if not hmac.compare_digest(signed, signature(target)):
            said = "<Error><Code>SignatureDoesNotMatch</Code></Error>"
            return web.Response(status=403, text=said, content_type="application/xml")
        body = await request.read()
        self.objects[urlsplit(target).path] = body
        etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
        return web.Response(headers={"ETag": f'"{etag}"'})


@dataclass
class Signer:
    """The collector in front of it."""

    address: Callable[[str], str]
    store: Store
    confirm: bool = True

    async def __call__(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer s3cret"
        told = await request.json()
        if request.path == "/base/uploads":
            slot = {"url": self.address(told["key"]), "headers": {"x-amz-meta-from": "logferry"}}
            return web.json_response(slot | ({"confirm": "/done"} if self.confirm else {}))
        (body,) = self.store.objects.values()
        return web.json_response({"sha256": hashlib.sha256(body).hexdigest(), "report_url": "/r/1"})


@pytest.mark.parametrize("confirm", [True, False])
async def test_a_file_is_put_to_the_signed_address_without_the_key(street: Street, *, confirm: bool) -> None:
    store = Store()
    files = await street.open(store)

    def address(key: str) -> str:
        # Two ways to write the same: only the one that was signed counts.
        target = f"/bucket/{key}?X-Amz-Credential=K%2F20260301%2Fus%2Fs3&x=%7e"
        return f"{files.url}{target}&sig={signature(target)}"

    front = await street.open(Signer(address, store, confirm))
    desk = await street.desk(S3Dialect(), f"{front.url}/base", "s3cret", files.url.removeprefix("http://"))
    outcome = await desk.deliver()
    assert isinstance(outcome, Acked)
    assert outcome.receipt.report_url == (f"{front.url}/r/1" if confirm else "")
    assert list(store.objects) == [f"/bucket/{outcome.receipt.report_id}"]
    (heard,) = files.heard
    assert "Authorization" not in heard.headers
    assert "s3cret" not in str(heard)
    assert heard.headers["x-amz-meta-from"] == "logferry"
    assert isinstance(await desk.delete(outcome.receipt.report_id), Parked)


@pytest.mark.parametrize(
    "turned",
    [
        "{url}/bucket/a",
        "http://localhost:{port}/bucket/a",
        "http://127.0.0.1@localhost:{port}/bucket/a",
        "http://127.0.0.1:{port}\\@evil.example/a",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
    ],
)
async def test_an_address_that_its_owner_did_not_name_hears_nothing(street: Street, turned: str) -> None:
    store = Store()
    files = await street.open(store)
    port = files.url.rpartition(":")[2]
    front = await street.open(Signer(lambda _: turned.format(url=files.url, port=port), store))
    desk = await street.desk(S3Dialect(), f"{front.url}/base", "s3cret", "s3.example")
    async with asyncio.timeout(60):
        stopped = await desk.deliver()
    assert isinstance(stopped, Stop)
    assert "not gone to" in stopped.reason
    assert files.heard == []


async def test_a_redirect_of_the_store_is_not_followed(street: Street) -> None:
    elsewhere = await street.open(Store())

    async def moved(_: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": f"{elsewhere.url}/bucket/a"})

    files = await street.open(moved)
    front = await street.open(Signer(lambda _: f"{files.url}/bucket/a", Store()))
    desk = await street.desk(S3Dialect(), f"{front.url}/base", "s3cret", files.url.removeprefix("http://"))
    assert isinstance(await desk.deliver(), Stop)
    assert elsewhere.heard == []


async def test_a_signature_that_is_too_old_is_asked_for_again(street: Street) -> None:
    store, asked = Store(), 0
    files = await street.open(store)

    def address(key: str) -> str:
        nonlocal asked
        asked += 1
        target = f"/bucket/{key}?x=1"
        return f"{files.url}{target}&sig={'0' * 64 if asked == 1 else signature(target)}"

    front = await street.open(Signer(address, store))
    desk = await street.desk(S3Dialect(), f"{front.url}/base", "s3cret", files.url.removeprefix("http://"))
    assert isinstance(await desk.deliver(), Later)
    assert isinstance(await desk.deliver(), Acked)


# What all have in common


@pytest.mark.parametrize(
    "dialect",
    [WebhookDialect(), JsonWebhookDialect(), SupabaseDialect(), FirebaseDialect(), S3Dialect()],
    ids=lambda dialect: str(dialect.name),
)
@pytest.mark.parametrize("kind", ["page", "empty", "wrong"])
async def test_nobody_is_believed_who_is_not_the_service(street: Street, dialect: Dialect, kind: str) -> None:
    async def other(_: web.Request) -> web.Response:
        if kind == "page":
            return web.Response(text="<html>Welcome</html>", content_type="text/html")
        return web.Response(status=204) if kind == "empty" else web.json_response({"success": True})

    server = await street.open(other)
    desk = await street.desk(dialect, f"{server.url}/v1/x", "1/s3cret", server.url.removeprefix("http://"))
    outcome = await desk.deliver()
    assert not isinstance(outcome, Acked | Parked)
    if kind == "page":
        assert isinstance(outcome, Stop)
        assert outcome.offline
    assert not isinstance(await desk.delete("1"), Erased) or (dialect.name == "webhook" and kind == "empty")


@pytest.mark.parametrize(
    "dialect",
    [WebhookDialect(), JsonWebhookDialect(), SupabaseDialect(), FirebaseDialect(), S3Dialect()],
    ids=lambda dialect: str(dialect.name),
)
async def test_a_redirect_takes_no_key_along(street: Street, dialect: Dialect) -> None:
    elsewhere = await street.open(Channel("x"))

    async def moved(_: web.Request) -> web.Response:
        return web.Response(status=308, headers={"Location": f"{elsewhere.url}/a"})

    server = await street.open(moved)
    desk = await street.desk(dialect, f"{server.url}/v1/x", "1/s3cret")
    assert isinstance(await desk.deliver(), Stop)
    assert elsewhere.heard == []
