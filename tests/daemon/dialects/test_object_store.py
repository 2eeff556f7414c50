from __future__ import annotations

import base64
import gzip
import hashlib
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import pytest

from logferry_daemon.core.exchange import Acked, Later, Outcome, Parked, Response, Stop
from logferry_daemon.dialects.catalogue import all_dialects
from logferry_daemon.dialects.object_store import S3Dialect
from logferry_model.envelope import Envelope, ReceiptStatus, sha256_hex
from tests.daemon.dialects.talking import DOCUMENT, NOW, PARCEL, PORTAL, report, says, talk

URL = "https://collector.example/storage"
DIALECT = S3Dialect()
LETTER = DIALECT.write(PARCEL)
DIGEST = sha256_hex(LETTER.body)
MD5 = hashlib.md5(LETTER.body, usedforsecurity=False).hexdigest()
SHA = base64.b64encode(hashlib.sha256(LETTER.body).digest()).decode()
PUT_TO = "https://s3.example/bucket/a?X-Amz-Signature=ab"
SLOT = {"url": PUT_TO}
KEY = f"artemis/2026/03/01/{PARCEL.session}.3.json.gz"


def put(status: int = 200, body: bytes = b"", **headers: str) -> Response:
    return Response(
        status=status, headers={name.replace("_", "-"): value for name, value in headers.items()}, body=body
    )


def refused(status: int, code: str) -> Response:
    """As S3 says it."""
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>".encode()
    return Response(status=status, headers={"content-type": "application/xml"}, body=body)


def outcome_of(*answers: Response) -> Outcome:
    return talk(DIALECT.deliver(LETTER, url=URL, now=NOW), *answers)[1]


def test_it_is_found_by_its_name() -> None:
    assert isinstance(all_dialects()["s3"], S3Dialect)


def test_it_asks_for_an_address_and_puts_the_packed_envelope_there() -> None:
    slot = {"url": PUT_TO, "headers": {"x-amz-checksum-sha256": SHA, "Content-Type": "application/json"}}
    asked, outcome = talk(DIALECT.deliver(LETTER, url=URL, now=NOW), says(201, slot), put(etag=f'"{MD5}"'))
    ask, sent = asked
    assert (ask.method, ask.path, ask.to) == ("POST", "/uploads", None)
    assert msgspec.json.decode(ask.body) == {"key": KEY, "sha256": DIGEST, "size": len(LETTER.body)}
    assert (sent.method, sent.to, sent.headers, sent.body) == ("PUT", PUT_TO, slot["headers"], LETTER.body)
    envelope = msgspec.json.decode(gzip.decompress(sent.body), type=Envelope)
    assert bytes(envelope.payload) == DOCUMENT
    assert isinstance(outcome, Acked)
    assert (outcome.receipt.report_id, outcome.receipt.received_digest) == (KEY, DIGEST)


def test_a_word_that_it_is_there_is_given_and_echoed_where_it_is_wanted() -> None:
    done = {"sha256": DIGEST, "report_url": "https://evil.example/r/1"}
    script = says(200, SLOT | {"confirm": "/uploads/7/done"}), put(), says(200, done)
    asked, outcome = talk(DIALECT.deliver(LETTER, url=URL, now=NOW), *script)
    assert (asked[2].method, asked[2].path, asked[2].to) == ("POST", "/uploads/7/done", None)
    assert isinstance(outcome, Acked)
    assert outcome.receipt.report_url == "https://collector.example/r/1"


def test_what_is_there_already_is_not_put_again() -> None:
    outcome = outcome_of(says(200, {"stored": True, "sha256": DIGEST}))
    assert isinstance(outcome, Acked)
    assert outcome.receipt.status is ReceiptStatus.DUPLICATE
    assert isinstance(outcome_of(says(200, {"stored": True, "sha256": "00"})), Later)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (put(etag=f'"{MD5}"'), Acked),
        (put(x_amz_checksum_sha256=SHA), Acked),
        (put(204, etag=MD5), Acked),
        (put(etag='"' + "0" * 32 + '"'), Later),
        (put(etag=f'"{MD5}"', x_amz_checksum_sha256="AAAA"), Later),
        (put(), Later),
        (put(etag='"not-a-digest-2"'), Later),
        (put(etag=f'"{MD5}"', x_amz_server_side_encryption="aws:kms"), Later),
        (PORTAL, Stop),
        (refused(403, "AccessDenied"), Later),
        (refused(403, "SignatureDoesNotMatch"), Later),
        (refused(400, "EntityTooLarge"), Parked),
        (refused(413, ""), Parked),
        (refused(418, "New"), Parked),
        (refused(429, "SlowDown"), Stop),
        (refused(503, "SlowDown"), Later),
        (refused(500, "InternalError"), Later),
        (put(307, location="https://evil.example"), Stop),
    ],
)
def test_the_store_is_believed_for_a_digest_of_the_bytes_alone(answer: Response, kind: type[object]) -> None:
    assert isinstance(outcome_of(says(200, SLOT), answer), kind)


def test_the_stores_own_word_is_told() -> None:
    assert "AccessDenied (403)" in str(outcome_of(says(200, SLOT), refused(403, "AccessDenied")))


def test_a_confirmation_does_not_make_other_bytes_right() -> None:
    script = says(200, SLOT | {"confirm": "/done"}), put(etag='"' + "0" * 32 + '"'), says(200, {"sha256": DIGEST})
    asked, outcome = talk(DIALECT.deliver(LETTER, url=URL, now=NOW), *script)
    assert len(asked) == 2
    assert isinstance(outcome, Later)


@pytest.mark.parametrize("told", [{"sha256": "00"}, {}, None])
def test_a_word_without_the_digest_confirms_nothing(told: Any) -> None:  # noqa: ANN401 -- any JSON value
    slot = SLOT | {"confirm": "/done"}
    assert isinstance(outcome_of(says(200, slot), put(etag=f'"{MD5}"'), says(200, told)), Later)


@pytest.mark.parametrize(
    "slot",
    [
        SLOT | {"headers": {"Host": "evil.example"}},
        SLOT | {"headers": {"Authorization": "Bearer x"}},
        SLOT | {"headers": {"Cookie": "a=b"}},
        SLOT | {"headers": {"Content-Length": "1"}},
        SLOT | {"headers": {"Transfer-Encoding": "chunked"}},
        SLOT | {"headers": {"x-amz-a\r\nX-Evil": "1"}},
        SLOT | {"headers": {"x-amz-a": "1\r\nX-Evil: 1"}},
        SLOT | {"confirm": "https://evil.example/done"},
        SLOT | {"confirm": "//evil.example/done"},
        SLOT | {"confirm": "@evil.example/done"},
        SLOT | {"confirm": "/../admin"},
        SLOT | {"confirm": "/done?x=1"},
        SLOT | {"confirm": "/{key}"},
        {"url": ""},
        {},
    ],
)
def test_an_answer_that_asks_for_too_much_gets_nothing(slot: dict[str, Any]) -> None:
    asked, outcome = talk(DIALECT.deliver(LETTER, url=URL, now=NOW), says(200, slot))
    assert len(asked) == 1
    assert isinstance(outcome, Stop | Later)


@pytest.mark.parametrize(
    ("answer", "kind", "word"),
    [
        (PORTAL, Stop, "web page"),
        (says(200, []), Later, "names no upload"),
        (says(204), Later, "names no upload"),
        (says(401, {"title": "key unknown"}), Stop, "key unknown"),
        (says(422, {"error": "no such game"}), Parked, "no such game"),
        (says(418, {"error": "new"}), Parked, "new"),
        (says(503), Later, "503"),
    ],
)
def test_the_first_answer_means_what_it_says(answer: Response, kind: type[object], word: str) -> None:
    outcome = outcome_of(answer)
    assert isinstance(outcome, kind)
    assert word in str(outcome)


# By the plan of Artemis Tracker


PLAN = says(200, {"uploadUrl": PUT_TO})
PLAIN = gzip.decompress(LETTER.body)
PLAIN_MD5 = hashlib.md5(PLAIN, usedforsecurity=False).hexdigest()


@pytest.mark.parametrize("status", [404, 405, 501])
def test_who_does_not_know_our_question_is_asked_the_one_of_the_plan(status: int) -> None:
    script = says(status, {"error": "no such route"}), PLAN, put(etag=f'"{PLAIN_MD5}"')
    asked, outcome = talk(DIALECT.deliver(LETTER, url=URL, now=NOW), *script)
    _, ask, sent = asked
    path, _, query = ask.path.partition("?")
    assert (ask.method, path, ask.to, ask.body) == ("GET", "/api/get-upload-url", None, b"")
    named = KEY.removesuffix(".gz")
    assert dict(parse_qsl(query)) == {"key": named, "sha256": sha256_hex(PLAIN), "size": str(len(PLAIN))}
    assert (sent.method, sent.to, sent.body) == ("PUT", PUT_TO, PLAIN)
    assert sent.headers == {"Content-Type": "application/json"}
    assert isinstance(outcome, Acked)
    assert (outcome.receipt.report_id, outcome.receipt.received_digest) == (named, sha256_hex(PLAIN))


def test_who_knows_neither_question_is_no_collector() -> None:
    asked, outcome = talk(DIALECT.deliver(LETTER, url=URL, now=NOW), says(404, {"error": "nothing here"}), says(404))
    assert len(asked) == 2
    assert isinstance(outcome, Stop)
    assert "nothing here" in outcome.reason


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ((says(401, {"error": "no"}),), Stop),
        ((says(200, {"url": 7}),), Later),
        ((PORTAL,), Stop),
        ((PLAN, put()), Later),
        ((PLAN, put(etag=f'"{MD5}"')), Later),
        ((PLAN, refused(403, "AccessDenied")), Later),
        ((says(200, {"uploadUrl": PUT_TO, "headers": {"Cookie": "a=b"}}),), Stop),
    ],
)
def test_by_the_plan_nothing_less_is_believed(answers: tuple[Response, ...], kind: type[object]) -> None:
    assert isinstance(outcome_of(says(404), *answers), kind)


def test_nobody_is_asked_to_delete_a_file() -> None:
    asked, outcome = talk(DIALECT.delete(report(), now=NOW))
    assert asked == []
    assert isinstance(outcome, Parked)
