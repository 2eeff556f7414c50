"""The collector over real HTTP: what each route answers, and that every answer keeps the frame."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import sqlite3
from pathlib import Path
from urllib.parse import quote

import msgspec
import pytest
from aiohttp import ClientSession

from logferry_collector.compose import open_collector
from logferry_collector.keys import create_key, revoke_key
from logferry_collector.limits import MIB, Limits
from logferry_collector.settings import CollectorSettings
from logferry_model.envelope import ReceiptStatus, encode_session, sha256_hex
from tests.packed import zstd

from .client import Answer, Client
from .factories import KEY, document_of, headers_for, hunting_session, pack, tiny_session
from .test_inflate import bomb, zstd_bomb

OTHER_KEY = "fedcba9876543210"


async def raw(client: Client, request: bytes) -> bytes:
    """What comes back for bytes on a socket."""
    host, _, port = client.url.removeprefix("http://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    try:
        return await asyncio.wait_for(reader.read(65_536), 60)
    finally:
        writer.close()


async def test_a_session_is_stored_and_proved(client: Client) -> None:
    wire = pack(document_of(hunting_session()))
    answer = await client.post(wire, headers_for(wire))
    assert answer.status == 201
    assert answer.receipt.status is ReceiptStatus.STORED
    assert answer.receipt.received_digest == sha256_hex(wire)
    assert answer.receipt.payload_digest == sha256_hex(encode_session(hunting_session()))
    assert answer.receipt.report_url == f"{client.url}/r/{answer.receipt.report_id}"
    assert "Idempotency-Replayed" not in answer.headers


async def test_a_receipt_has_exactly_its_fields(client: Client) -> None:
    answer = await client.upload(tiny_session())
    assert set(json.loads(answer.body)) == {
        "receipt_id", "report_id", "report_url", "status", "natural_key", "revision",
        "received_digest", "payload_digest", "idempotency_key", "created_at",
    }  # fmt: skip


async def test_a_repeated_upload_is_answered_alike(client: Client) -> None:
    first = await client.upload(tiny_session())
    again = await client.upload(tiny_session(), key=f'"{KEY}"')
    assert (again.status, again.headers["Idempotency-Replayed"]) == (200, "true")
    assert again.receipt == first.receipt


async def test_a_replay_proves_the_bytes_of_its_own_request(client: Client) -> None:
    first = await client.upload(tiny_session())
    plain = document_of(tiny_session())
    again = await client.post(plain, headers_for(plain, Content_Encoding=""))
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.receipt.received_digest == sha256_hex(plain) != first.receipt.received_digest
    assert again.receipt.receipt_id == first.receipt.receipt_id


async def test_a_key_cannot_be_used_for_other_content(client: Client) -> None:
    await client.upload(tiny_session())
    answer = await client.upload(tiny_session(name="other"))
    assert (answer.status, answer.problem.code) == (422, "idempotency-key-reused")
    assert not answer.problem.retryable


async def test_the_same_session_under_another_key_is_a_duplicate(client: Client) -> None:
    first = await client.upload(tiny_session())
    again = await client.upload(tiny_session(), key=OTHER_KEY)
    assert (again.status, again.receipt.status) == (200, ReceiptStatus.DUPLICATE)
    assert again.receipt.report_id == first.receipt.report_id
    assert again.receipt.idempotency_key == OTHER_KEY


async def test_a_new_revision_keeps_the_address(client: Client) -> None:
    first = await client.upload(tiny_session(name="Before"))
    second = await client.upload(tiny_session(name="After"), key=OTHER_KEY, revision=2)
    assert (second.status, second.receipt.revision) == (201, 2)
    assert second.receipt.report_url == first.receipt.report_url
    page = await client.get(f"/r/{first.receipt.report_id}")
    assert "After" in page.text
    assert "Before" not in page.text


async def test_fifty_identical_posts_at_once_make_one_report(client: Client, settings: CollectorSettings) -> None:
    answers = await asyncio.gather(*(client.upload(hunting_session()) for _ in range(50)))
    statuses = [answer.status for answer in answers]
    assert set(statuses) <= {200, 201, 409}
    assert statuses.count(201) == 1
    assert len({answer.receipt.report_id for answer in answers if answer.status != 409}) == 1
    for busy in (answer for answer in answers if answer.status == 409):
        assert (busy.headers["Retry-After"], busy.problem.code, busy.problem.retryable) == ("1", "in-flight", True)
    database = sqlite3.connect(settings.database_url.removeprefix("sqlite:///"))
    assert database.execute("SELECT count(*) FROM reports").fetchone() == (1,)
    assert database.execute("SELECT count(*) FROM revisions").fetchone() == (1,)
    database.close()


async def test_everyone_who_was_turned_away_gets_the_receipt_later(client: Client) -> None:
    answers = await asyncio.gather(*(client.upload_settled(hunting_session()) for _ in range(20)))
    assert len({answer.receipt.receipt_id for answer in answers}) == 1


async def test_fifty_sessions_at_once_make_fifty_reports(client: Client) -> None:
    answers = await asyncio.gather(
        *(client.upload(tiny_session(natural_key=f"n-{at}"), key=f"idempotency-{at:04}") for at in range(50))
    )
    assert {answer.status for answer in answers} == {201}
    assert len({answer.receipt.report_id for answer in answers}) == 50


@pytest.mark.parametrize("length", [15, 256])
async def test_a_key_outside_its_length_is_refused(client: Client, length: int) -> None:
    answer = await client.upload(tiny_session(), key="k" * length)
    assert (answer.status, answer.problem.code) == (400, "idempotency-key-invalid")


@pytest.mark.parametrize("length", [16, 255])
async def test_a_key_inside_its_length_is_taken(client: Client, length: int) -> None:
    assert (await client.upload(tiny_session(), key="k" * length)).status == 201


async def test_a_missing_key_is_refused(client: Client) -> None:
    wire = pack(document_of(tiny_session()))
    answer = await client.post(wire, headers_for(wire, key=""))
    assert (answer.status, answer.problem.code) == (400, "idempotency-key-missing")


async def test_a_flipped_byte_is_found_and_may_be_sent_again(client: Client) -> None:
    wire = pack(document_of(tiny_session()))
    flipped = bytes([wire[0] ^ 1]) + wire[1:]
    answer = await client.post(flipped, headers_for(wire))
    assert (answer.status, answer.problem.code, answer.problem.retryable) == (400, "digest-mismatch", True)
    assert (await client.post(wire, headers_for(wire))).status == 201


async def test_a_refused_upload_does_not_use_up_its_key(client: Client) -> None:
    refused = await client.upload(tiny_session(), platform="amiga")
    assert refused.status == 422
    assert refused.problem.errors[0].pointer == "/platform"
    assert (await client.upload(tiny_session())).status == 201


@pytest.mark.parametrize(
    ("wire", "status"),
    [
        (bomb(1024 * MIB), 413),
        (gzip.compress(b"") * 200_000, 400),
        (pack(b"{}") + b"trailing", 400),
        (pack(document_of(tiny_session()))[:-9], 400),
        (pack(pack(document_of(tiny_session()))), 400),
        (b"", 400),
        (b"\x00" * 100, 400),
        (pack(b"[" * 1_000_000), 400),
    ],
    ids=["1 GiB", "200k members", "trailing", "truncated", "packed twice", "empty", "not gzip", "deep"],
)
async def test_a_bomb_is_refused_and_the_collector_goes_on(client: Client, wire: bytes, status: int) -> None:
    answer = await client.post(wire, headers_for(wire))
    assert answer.status == status
    assert answer.problem.retryable is False
    assert (await client.upload(tiny_session(), key=OTHER_KEY)).status == 201


async def test_a_session_that_comes_as_zstd_is_stored_shown_and_vouched_for(client: Client) -> None:
    document = document_of(tiny_session())
    wire = zstd.compress(document)
    answer = await client.post(wire, headers_for(wire, Content_Encoding="zstd"))
    assert (answer.status, answer.receipt.received_digest) == (201, sha256_hex(wire))
    shown = await client.get(f"/r/{answer.receipt.report_id}.json")
    assert sha256_hex(shown.body) == answer.receipt.payload_digest
    again = await client.post(pack(document), headers_for(pack(document), key=OTHER_KEY))
    assert (again.status, again.receipt.status) == (200, "duplicate")


@pytest.mark.parametrize(
    ("wire", "status"),
    [
        (zstd_bomb(1024 * MIB), 413),
        (zstd.compress(b"") * 200_000, 400),
        (zstd.compress(b"{}") + b"trailing", 400),
        (zstd.compress(document_of(tiny_session()))[:-9], 400),
        (b"", 400),
        (pack(document_of(tiny_session())), 400),
    ],
    ids=["1 GiB", "200k frames", "trailing", "truncated", "empty", "gzip"],
)
async def test_a_zstd_bomb_is_refused_and_the_collector_goes_on(client: Client, wire: bytes, status: int) -> None:
    answer = await client.post(wire, headers_for(wire, Content_Encoding="zstd"))
    assert (answer.status, answer.problem.retryable) == (status, False)
    assert (await client.upload(tiny_session(), key=OTHER_KEY)).status == 201


@pytest.mark.parametrize("encoding", ["deflate", "br", "gzip, gzip"])
async def test_an_encoding_that_is_not_offered_is_refused(client: Client, encoding: str) -> None:
    answer = await client.post(b"{}", headers_for(b"{}", Content_Encoding=encoding))
    assert (answer.status, answer.problem.code) == (415, "encoding-unsupported")


async def test_the_wire_size_is_exact(settings: CollectorSettings) -> None:
    document = document_of(tiny_session())
    key = create_key(settings, "mila").text
    limits = Limits(wire_bytes=len(document))
    async with open_collector(settings, limits) as running, ClientSession() as session:
        client = Client(session, running.url, key)
        plain = {"Content_Encoding": ""}
        assert (await client.post(document + b" ", headers_for(document + b" ", **plain))).status == 413
        chunked = await client.ask_chunked(document + b" ", headers_for(document + b" ", **plain))
        assert chunked.status == 413
        assert (await client.post(document, headers_for(document, **plain))).status == 201


async def test_a_slow_body_is_cut(settings: CollectorSettings) -> None:
    key = create_key(settings, "mila").text
    async with open_collector(settings, Limits(body_grace_seconds=0.2)) as running, ClientSession() as session:
        client = Client(session, running.url, key)
        head = "".join(f"{name}: {value}\r\n" for name, value in headers_for(b"", key=KEY).items())
        request = (
            f"POST /api/v1/ingest HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\n{head}Content-Length: 500\r\n\r\nhalf"
        )
        answer = await raw(client, request.encode())
        assert answer.startswith(b"HTTP/1.1 408")
        assert b'"retryable":true' in answer


async def test_a_body_is_invited_only_from_a_known_sender(client: Client) -> None:
    wire = pack(document_of(tiny_session()))
    head = "".join(f"{name}: {value}\r\n" for name, value in headers_for(wire).items())
    request = (
        f"POST /api/v1/ingest HTTP/1.1\r\nHost: x\r\n{head}Expect: 100-continue\r\nContent-Length: {len(wire)}\r\n"
    )
    unknown = await raw(client, f"{request}\r\n".encode())
    assert unknown.startswith(b"HTTP/1.1 401")
    invited = await raw(client, f"{request}X-API-Key: {client.key}\r\n\r\n".encode())
    assert invited.startswith(b"HTTP/1.1 100 Continue")


async def test_an_invited_body_is_stored(client: Client) -> None:
    wire = pack(document_of(tiny_session()))
    assert (await client.post(wire, headers_for(wire), expect100=True)).status == 201


@pytest.mark.parametrize("key", ["", "lf_0123456789abcdef_" + "x" * 43, "nonsense"])
async def test_nothing_is_taken_without_a_valid_key(client: Client, key: str) -> None:
    wire = pack(document_of(tiny_session()))
    answer = await client.post(wire, dict(headers_for(wire)) | {"X-API-Key": key})
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.problem.code.startswith("credential-")


async def test_two_different_keys_are_refused(client: Client) -> None:
    answer = await client.get(f"/api/v1/receipts/{KEY}", X_API_Key=client.key, Authorization="Bearer other")
    assert (answer.status, answer.problem.code) == (400, "credential-ambiguous")


async def test_a_revoked_key_stops_at_once(client: Client, settings: CollectorSettings) -> None:
    revoke_key(settings, client.key.split("_")[1])
    assert (await client.upload(tiny_session())).status == 401


async def test_a_new_key_of_the_account_continues_its_history(client: Client, settings: CollectorSettings) -> None:
    first = await client.upload(tiny_session())
    renewed = Client(client.session, client.url, create_key(settings, "mila").text)
    again = await renewed.upload(tiny_session())
    assert again.receipt == first.receipt


async def test_a_receipt_is_for_its_account_alone(client: Client, settings: CollectorSettings) -> None:
    stored = await client.upload(tiny_session())
    stranger = create_key(settings, "noa").text
    mine = await client.get(f"/api/v1/receipts/{KEY}", Authorization=f"Bearer {client.key}")
    theirs = await client.get(f"/api/v1/receipts/{KEY}", X_API_Key=stranger)
    assert (mine.status, mine.receipt) == (200, stored.receipt)
    assert (theirs.status, theirs.problem.code) == (404, "not-found")
    assert (await client.get(f"/api/v1/receipts/{KEY}")).status == 401


async def test_the_document_is_what_was_sent(client: Client) -> None:
    stored = await client.upload(hunting_session())
    answer = await client.get(f"/r/{stored.receipt.report_id}.json")
    assert answer.body == encode_session(hunting_session())
    assert answer.headers["Content-Type"] == "application/json"


async def test_a_report_is_a_page(client: Client) -> None:
    stored = await client.upload(hunting_session())
    answer = await client.get(f"/r/{stored.receipt.report_id}")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "Atrox Provider" in answer.text


async def test_health_says_that_uploads_are_possible(client: Client) -> None:
    answer = await client.get("/health")
    assert json.loads(answer.body) == {"status": "ok", "version": "0.1.0", "database": "ok"}
    head = await client.ask("HEAD", "/health")
    assert (head.status, head.body) == (200, b"")


async def test_without_its_database_the_collector_says_so_and_takes_nothing(
    client: Client, settings: CollectorSettings
) -> None:
    Path(settings.database_url.removeprefix("sqlite:///")).unlink()
    for answer in (await client.get("/health"), await client.upload(tiny_session())):
        assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
        assert (answer.problem.code, answer.problem.retryable) == ("database-unavailable", True)


async def test_info_publishes_the_limits_in_force(client: Client) -> None:
    info = json.loads((await client.get("/info")).body)
    assert info["limits"] == msgspec.to_builtins(Limits())
    assert (info["encodings"], info["schema_versions"]) == (["zstd", "gzip", "identity"], [1])


@pytest.mark.parametrize(("name", "kind"), [("page.css", "text/css"), ("icon.svg", "image/svg+xml")])
async def test_the_files_of_the_pages_are_served(client: Client, name: str, kind: str) -> None:
    answer = await client.get(f"/static/{name}")
    assert (answer.status, answer.headers["Content-Type"]) == (200, kind)


@pytest.mark.parametrize("path", ["/static/..%2fweb.py", "/static/report.html.j2", "/static/%2e%2e/web.py"])
async def test_no_other_file_is_served(client: Client, path: str) -> None:
    assert (await client.get(path)).status == 404


async def every_kind_of_answer(client: Client) -> dict[str, Answer]:
    stored = (await client.upload(tiny_session())).receipt
    return {
        "receipt": await client.get(f"/api/v1/receipts/{KEY}", X_API_Key=client.key),
        "page": await client.get(f"/r/{stored.report_id}"),
        "document": await client.get(f"/r/{stored.report_id}.json"),
        "error page": await client.get("/r/nosuch", Accept="text/html"),
        "asset": await client.get("/static/page.css"),
        "health": await client.get("/health"),
        "nowhere": await client.get("/nowhere"),
        "wrong method": await client.ask("DELETE", "/health"),
        "refused": await client.get(f"/api/v1/receipts/{KEY}"),
    }


async def test_every_answer_has_the_headers_of_the_house(client: Client) -> None:
    for name, answer in (await every_kind_of_answer(client)).items():
        assert answer.headers["X-API-Version"] == "1", name
        assert len(answer.headers["X-Request-Id"]) >= 16, name
        assert answer.headers["X-Content-Type-Options"] == "nosniff", name
        assert answer.headers["Referrer-Policy"] == "no-referrer", name
        assert answer.headers["Server"] == "logferry-collector", name


async def test_every_page_forbids_scripts_and_frames(client: Client) -> None:
    answers = await every_kind_of_answer(client)
    for name in ("page", "error page"):
        policy = answers[name].headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; img-src 'self';"), name
        assert "frame-ancestors 'none'" in policy, name
        assert "script-src" not in policy, name
        assert answers[name].headers["Cache-Control"] == "no-store", name


async def test_every_error_is_a_problem_document(client: Client) -> None:
    answers = await every_kind_of_answer(client)
    for name, code in (
        ("nowhere", "not-found"),
        ("wrong method", "method-not-allowed"),
        ("refused", "credential-missing"),
    ):
        assert answers[name].problem.code == code
        assert answers[name].problem.instance == answers[name].headers["X-Request-Id"]
    assert answers["wrong method"].headers["Allow"] == "GET,HEAD"


async def test_a_browser_is_told_in_a_page_and_a_program_in_a_problem(client: Client) -> None:
    page = await client.get("/r/nosuch", Accept="text/html,*/*")
    assert (page.status, page.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "There is no report at this address" in page.text
    assert (await client.get("/r/nosuch")).problem.code == "not-found"
    assert (await client.get("/r/nosuch.json", Accept="text/html")).problem.code == "not-found"


async def test_the_log_names_routes_and_no_secrets(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    stored = await client.upload(tiny_session(name="canary-name"))
    await client.get(f"/api/v1/receipts/{KEY}", X_API_Key=client.key)
    await client.get(f"/r/{stored.receipt.report_id}")
    logged = "\n".join(
        str(vars(record)) for record in caplog.records if record.name.startswith(("logferry", "aiohttp"))
    )
    assert "/api/v1/receipts/{key}" in logged
    for secret in (client.key, KEY, stored.receipt.report_id, "canary-name"):
        assert secret not in logged


async def test_a_key_with_a_slash_finds_its_receipt(client: Client) -> None:
    key = 'folder/session "7"'
    stored = await client.upload(tiny_session(), key='"folder/session \\"7\\""')
    answer = await client.get(f"/api/v1/receipts/{quote(key, safe='')}", X_API_Key=client.key)
    assert (answer.status, answer.receipt) == (200, stored.receipt)


async def test_a_report_that_cannot_be_read_is_our_fault_and_tells_no_details(
    client: Client, settings: CollectorSettings
) -> None:
    stored = await client.upload(tiny_session())
    database = sqlite3.connect(settings.database_url.removeprefix("sqlite:///"))
    database.execute("UPDATE revisions SET body = x'00'")
    database.commit()
    database.close()
    page = await client.get(f"/r/{stored.receipt.report_id}", Accept="text/html")
    assert (page.status, "gzip" in page.text) == (500, False)
    document = await client.get(f"/r/{stored.receipt.report_id}.json")
    assert (document.status, document.problem.code) == (500, "internal")


async def test_a_sender_who_hangs_up_is_no_failure_of_ours(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    wire = pack(document_of(tiny_session()))
    head = "".join(f"{name}: {value}\r\n" for name, value in headers_for(wire).items())
    host, _, port = client.url.removeprefix("http://").rpartition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    request = (
        f"POST /api/v1/ingest HTTP/1.1\r\nHost: x\r\nX-API-Key: {client.key}\r\n{head}Content-Length: 9999\r\n\r\nhalf"
    )
    writer.write(request.encode())
    await writer.drain()
    await asyncio.sleep(0.1)
    writer.close()
    await writer.wait_closed()
    assert (await client.upload(tiny_session())).status == 201
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_the_name_of_who_sent_it_is_on_no_page(client: Client) -> None:
    answer = await client.upload(hunting_session(), account="mila.quellmont@example.org")
    assert answer.status == 201
    for path in ("", ".json"):
        shown = await client.get(f"/r/{answer.receipt.report_id}{path}", Accept="text/html")
        assert (shown.status, "quellmont" in shown.text) == (200, False)
