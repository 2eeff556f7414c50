from __future__ import annotations

import base64
import hashlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_model.envelope import (
    SCHEMA_VERSION,
    Envelope,
    Problem,
    Receipt,
    ReceiptStatus,
    content_digest,
    decode_receipt,
    encode_session,
    parse_content_digest,
)
from logferry_model.errors import Damaged
from logferry_model.session import Session
from tests.factories import START, session
from tests.model.strategies import sessions

DIGEST = base64.b64encode(hashlib.sha256(b"body").digest()).decode()
RECEIPT = Receipt(
    receipt_id="r1",
    report_id="p1",
    report_url="/reports/p1",
    status=ReceiptStatus.STORED,
    natural_key="session-1",
    revision=1,
    received_digest="00",
    payload_digest="11",
    idempotency_key="0" * 32,
    created_at=START,
)


def envelope(payload: bytes) -> Envelope:
    return Envelope(
        schema_version=SCHEMA_VERSION,
        tracker="artemis",
        natural_key="session-1",
        revision=1,
        started_at=START,
        install_id="00",
        app_version="0.1.0",
        platform="linux",
        payload=msgspec.Raw(payload),
    )


@given(sessions())
def test_the_session_inside_an_envelope_keeps_its_bytes(one: Session) -> None:
    document = encode_session(one)
    again = msgspec.json.decode(msgspec.json.encode(envelope(document)), type=Envelope)
    assert bytes(again.payload) == document


def test_an_envelope_comes_back_as_it_was() -> None:
    one = envelope(encode_session(session()))
    again = msgspec.json.decode(msgspec.json.encode(one), type=Envelope)
    assert msgspec.structs.replace(again, payload=one.payload) == one


@given(st.binary(max_size=200))
def test_a_content_digest_is_read_as_the_digest_of_its_body(body: bytes) -> None:
    assert parse_content_digest(content_digest(body)) == hashlib.sha256(body).digest()


@pytest.mark.parametrize(
    "header",
    [
        f"sha-256=:{DIGEST}:",
        f"  sha-256=:{DIGEST}:  ",
        f"sha-512=:{DIGEST}:, sha-256=:{DIGEST}:",
        f"sha-256=:{DIGEST}:,md5=:AAAA:",
        f"sha-256=:{'A' * 43}=:, sha-256=:{DIGEST}:",
    ],
    ids=["alone", "blanks around it", "after another", "before another", "twice: the last counts"],
)
def test_a_content_digest_is_found_where_the_rules_allow_it(header: str) -> None:
    assert parse_content_digest(header) == hashlib.sha256(b"body").digest()


@pytest.mark.parametrize(
    "header",
    [
        "",
        ",",
        "garbage",
        f"xsha-256=:{DIGEST}:",
        f"SHA-256=:{DIGEST}:",
        f"sha-256={DIGEST}",
        f"sha-256=:{DIGEST}",
        f'note="x, sha-256=:{DIGEST}:"',
        f'note="x, sha-256=:{DIGEST}:, y"',
        f"sha-256=:{DIGEST}:x",
        f"sha-256=:{DIGEST[:-1]}:",
        f"sha-256=:{DIGEST[:-1]}*:",
        f"sha-256=:={DIGEST[1:]}:",
        "sha-256=:AAAA:",
        f"sha-256=:{DIGEST}:, sha-256=:AAAA:",
        f"sha-512=:{DIGEST}:",
    ],
)
def test_a_lookalike_is_no_content_digest(header: str) -> None:
    assert parse_content_digest(header) is None


@given(st.text(max_size=80))
def test_no_header_breaks_the_parser(header: str) -> None:
    assert parse_content_digest(header) is None


def test_a_receipt_comes_back_as_it_was() -> None:
    assert decode_receipt(msgspec.json.encode(RECEIPT)) == RECEIPT


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"<html></html>",
        b"\xff\xfe",
        msgspec.json.encode(RECEIPT)[:-1],
        msgspec.json.encode(RECEIPT).replace(b'"stored"', b'"perhaps"'),
        msgspec.json.encode(RECEIPT).replace(b'"revision":1', b'"revision":"1"'),
        msgspec.json.encode(RECEIPT)[:-1] + b',"more":' + b"[" * 200_000,
    ],
    ids=["nothing", "empty", "list", "null", "html", "not text", "cut off", "status", "type", "endlessly nested"],
)
def test_anything_but_a_whole_receipt_is_damaged(body: bytes) -> None:
    with pytest.raises(Damaged):
        decode_receipt(body)


@given(st.binary(max_size=100))
def test_no_answer_breaks_the_reading_of_receipts(body: bytes) -> None:
    with pytest.raises(Damaged):
        decode_receipt(body)


def test_a_problem_comes_back_as_it_was() -> None:
    problem = Problem(title="No", status=422, code="schema", detail="events is missing", retry_after=1.5)
    assert msgspec.json.decode(msgspec.json.encode(problem), type=Problem) == problem
