"""Many uploads in one request to a real collector: each has its own answer, and none is another one's matter."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta

import msgspec
import pytest

from logferry_model.batch import BatchAnswer, Part, ReceiptsAnswer, join_parts
from logferry_model.envelope import ReceiptStatus, sha256_hex
from logferry_model.session import Session

from .client import Answer, Client
from .factories import START, document_of, headers_for, pack, tiny_session

PATH = "/api/v1/ingest/batch"


def key_of(number: int) -> str:
    return f"{number:016}"


def session(number: int) -> Session:
    began = START + timedelta(hours=number)
    return tiny_session(natural_key=f"artemis-{number}", started_at=began, ended_at=began + timedelta(minutes=5))


def part(number: int, of: int | None = None) -> Part:
    """A post of its own, as a part; `of` makes it that of another session under the key of this one."""
    wire = pack(document_of(session(number if of is None else of)))
    return Part(dict(headers_for(wire, key=key_of(number))), wire)


async def send(client: Client, parts: Sequence[Part]) -> Answer:
    kind, body = join_parts(parts)
    return await client.ask("POST", PATH, body=body, headers={"X-API-Key": client.key, "Content-Type": kind})


def told(answer: Answer) -> BatchAnswer:
    assert answer.status == 200, answer.text
    return msgspec.json.decode(answer.body, type=BatchAnswer)


async def test_each_has_the_receipt_of_a_post_of_its_own(client: Client) -> None:
    parts = [part(number) for number in range(10)]
    results = told(await send(client, parts)).results
    assert [one.status for one in results] == [201] * 10
    assert [one.idempotency_key for one in results] == [key_of(number) for number in range(10)]
    receipts = [one.receipt for one in results if one.receipt]
    assert [one.received_digest for one in receipts] == [sha256_hex(one.body) for one in parts]
    assert len({one.report_id for one in receipts}) == 10
    alone = await client.get(f"/api/v1/receipts/{key_of(3)}", X_API_Key=client.key)
    assert alone.receipt == receipts[3]


async def test_the_same_again_alone_or_together_is_the_same_receipt(client: Client) -> None:
    first = told(await send(client, [part(0), part(1)]))
    again = told(await send(client, [part(1), part(0), part(2)]))
    assert [one.status for one in again.results] == [200, 200, 201]
    assert again.results[0].receipt == first.results[1].receipt
    posted = await client.post(part(0).body, part(0).headers)
    assert (posted.status, posted.receipt) == (200, first.results[0].receipt)


async def test_one_that_is_refused_is_refused_alone(client: Client) -> None:
    broken = part(1)
    mixed = [
        part(0),
        Part(broken.headers, broken.body + b"x"),
        Part({**part(2).headers, "Content-Encoding": "br"}, part(2).body),
        Part({name: value for name, value in part(3).headers.items() if name != "Idempotency-Key"}, part(3).body),
        part(4),
    ]
    results = told(await send(client, mixed)).results
    codes = [one.problem.code if one.problem else "" for one in results]
    assert codes == ["", "digest-mismatch", "encoding-unsupported", "idempotency-key-missing", ""]
    assert [one.status for one in results] == [201, 400, 415, 400, 201]
    assert all((one.receipt is None) != (one.problem is None) for one in results)


async def test_a_key_that_belongs_to_other_content_is_that_parts_matter(client: Client) -> None:
    await send(client, [part(0)])
    results = told(await send(client, [part(0, of=5), part(1)])).results
    assert [one.status for one in results] == [422, 201]


async def test_the_same_content_twice_is_stored_once(client: Client) -> None:
    results = told(await send(client, [part(0), part(7, of=0)])).results
    receipts = [one.receipt for one in results if one.receipt]
    assert len({one.report_id for one in receipts}) == 1
    assert sorted(one.status for one in receipts) == [ReceiptStatus.DUPLICATE, ReceiptStatus.STORED]


async def test_without_a_key_nothing_is_looked_at(client: Client) -> None:
    kind, body = join_parts([part(0)])
    answer = await client.ask("POST", PATH, body=body, headers={"Content-Type": kind})
    assert (answer.status, answer.problem.code) == (401, "credential-missing")


@pytest.mark.parametrize(
    ("kind", "body", "status", "code"),
    [
        ("application/json", b"{}", 400, "batch-unreadable"),
        ('multipart/mixed; boundary="x"', b"--x\r\n", 400, "batch-unreadable"),
        ('multipart/mixed; boundary="x"', b"x" * (8 * 2**20 + 1), 413, "body-too-large"),
    ],
    ids=["type", "half", "large"],
)
async def test_what_is_no_batch_fails_as_a_whole(
    client: Client, kind: str, body: bytes, status: int, code: str
) -> None:
    answer = await client.ask("POST", PATH, body=body, headers={"X-API-Key": client.key, "Content-Type": kind})
    assert (answer.status, answer.problem.code) == (status, code)


async def test_there_is_a_most_of_parts_and_info_tells_it(client: Client) -> None:
    most = json.loads((await client.get("/info")).body)["limits"]["batch_parts"]
    answer = await send(client, [part(0)] * (most + 1))
    assert (answer.status, answer.problem.code) == (400, "batch-unreadable")


async def ask(client: Client, body: bytes) -> Answer:
    return await client.ask("POST", "/api/v1/receipts", body=body, headers={"X-API-Key": client.key})


async def test_what_arrived_is_told_for_many_at_once(client: Client) -> None:
    stored = [one.receipt for one in told(await send(client, [part(0), part(1)])).results]
    answer = await ask(client, json.dumps({"keys": [key_of(0), key_of(7), key_of(1)]}).encode())
    assert answer.status == 200
    assert list(msgspec.json.decode(answer.body, type=ReceiptsAnswer).receipts) == stored


async def test_nobody_is_told_of_anothers(client: Client) -> None:
    await send(client, [part(0)])
    answer = await client.ask("POST", "/api/v1/receipts", body=b'{"keys": []}', headers={"X-API-Key": "lf_no_no"})
    assert answer.status == 401


@pytest.mark.parametrize("body", [b"", b"[]", b'{"keys": "all"}', b'{"keys": [7]}'])
async def test_what_is_no_question_is_told_to_be_none(client: Client, body: bytes) -> None:
    assert (await ask(client, body)).problem.code == "request-invalid"
