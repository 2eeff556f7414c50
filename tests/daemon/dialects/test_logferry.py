from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.exchange import Acked, Dialect, Later, Letter, Outcome, Parcel, Request, Response, Stop
from logferry_daemon.dialects.catalogue import all_dialects
from logferry_daemon.dialects.logferry import LogferryDialect
from logferry_model.envelope import content_digest, encode_session
from tests.factories import session
from tests.packed import zstd

NOW = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)
DOCUMENT = encode_session(session())
KEY = "0123456789abcdef0123456789abcdef"
PARCEL = Parcel(
    session=session().id,
    tracker="artemis",
    natural_key=session().natural_key,
    revision=3,
    started_at=session().started_at,
    ended_at=session().ended_at,
    document=DOCUMENT,
    idempotency_key=KEY,
    install_id="5f0c",
    app_version="0.1.0",
    platform="linux",
)
DIALECT: Dialect = LogferryDialect()
LETTER = DIALECT.write(PARCEL)
URL = "https://collector.example:8443/base"
JSON = {"content-type": "application/json"}


def envelope(letter: Letter = LETTER) -> Any:  # noqa: ANN401 -- any JSON value
    return msgspec.json.decode(gzip.decompress(letter.body))


def test_a_session_that_runs_says_so_in_its_envelope_and_has_no_end() -> None:
    running = envelope(DIALECT.write(replace(PARCEL, partial=True, ended_at=None)))
    assert (running["partial"], "ended_at" in running) == (True, False)
    assert "partial" not in envelope()


def receipt(**changes: Any) -> bytes:  # noqa: ANN401 -- any field
    fields = {
        "receipt_id": "r1",
        "report_id": "p1",
        "report_url": "/reports/p1",
        "status": "stored",
        "natural_key": PARCEL.natural_key,
        "revision": 3,
        "received_digest": hashlib.sha256(LETTER.body).hexdigest(),
        "payload_digest": hashlib.sha256(DOCUMENT).hexdigest(),
        "idempotency_key": KEY,
        "created_at": "2026-03-01T22:00:00Z",
    }
    return msgspec.json.encode(fields | changes)


def ask() -> Request:
    return next(DIALECT.deliver(LETTER, url=URL, now=NOW))


def told(body: bytes, *, status: int = 201, headers: Mapping[str, str] = JSON) -> Outcome:
    """What comes of the conversation when this is the answer."""
    talk = DIALECT.deliver(LETTER, url=URL, now=NOW)
    next(talk)
    with pytest.raises(StopIteration) as done:
        talk.send(Response(status=status, headers=headers, body=body))
    outcome: Outcome = done.value.value
    return outcome


def test_the_dialect_is_found_by_its_name() -> None:
    assert isinstance(all_dialects()["logferry"], LogferryDialect)


def test_the_envelope_has_the_fields_of_the_contract() -> None:
    expected = {
        "schema_version": 1,
        "tracker": "artemis",
        "natural_key": PARCEL.natural_key,
        "revision": 3,
        "started_at": "2026-03-01T20:00:00Z",
        "ended_at": "2026-03-01T21:00:00Z",
        "install_id": "5f0c",
        "app_version": "0.1.0",
        "platform": "linux",
        "payload": msgspec.json.decode(DOCUMENT),
    }
    assert envelope() == expected


def test_the_session_travels_in_its_own_bytes() -> None:
    assert DOCUMENT in gzip.decompress(LETTER.body)


def test_a_session_without_an_end_has_none_in_its_envelope() -> None:
    assert "ended_at" not in envelope(DIALECT.write(replace(PARCEL, ended_at=None)))


def test_equal_parcels_make_equal_letters() -> None:
    assert LogferryDialect().write(replace(PARCEL)) == LETTER


def test_the_packed_bytes_hold_no_time() -> None:
    assert LETTER.body[4:8] == bytes(4)


def test_the_payload_digest_is_that_of_the_session() -> None:
    assert LETTER.payload_digest == hashlib.sha256(DOCUMENT).hexdigest()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Content-Type", "application/json"),
        ("Content-Encoding", "gzip"),
        ("Content-Digest", f"sha-256=:{base64.b64encode(hashlib.sha256(LETTER.body).digest()).decode()}:"),
        ("Idempotency-Key", f'"{KEY}"'),
        ("X-Schema-Version", "1"),
    ],
)
def test_a_letter_has_the_headers_of_the_contract(name: str, value: str) -> None:
    assert LETTER.headers[name] == value


def test_a_letter_is_packed_by_the_best_that_is_taken_and_its_digest_is_of_what_is_sent() -> None:
    long = replace(PARCEL, document=encode_session(session(name="hide " * 200)), encodings=("zstd", "gzip"))
    packed = DIALECT.write(long)
    assert packed.headers["Content-Encoding"] == "zstd"
    assert packed.headers["Content-Digest"] == content_digest(packed.body)
    assert zstd.decompress(packed.body) == gzip.decompress(DIALECT.write(replace(long, encodings=("gzip",))).body)


def test_what_is_not_packed_names_no_packing() -> None:
    plain = DIALECT.write(replace(PARCEL, encodings=()))
    assert "Content-Encoding" not in plain.headers
    assert plain.body == gzip.decompress(LETTER.body)


def test_the_secret_is_no_part_of_the_letter() -> None:
    assert set(LETTER.headers) & set(DIALECT.credentials("lf_a_b", ask(), NOW)) == set()


def test_the_secret_travels_as_a_bearer_key() -> None:
    assert DIALECT.credentials("lf_a_b", ask(), NOW) == {"Authorization": "Bearer lf_a_b"}


def test_a_delivery_is_one_post_of_the_letter() -> None:
    assert ask() == Request(method="POST", path="/api/v1/ingest", headers=LETTER.headers, body=LETTER.body)


@pytest.mark.parametrize(("status", "word"), [(201, "stored"), (200, "duplicate"), (200, "stored")])
def test_a_whole_receipt_that_echoes_what_was_sent_is_a_success(status: int, word: str) -> None:
    outcome = told(receipt(status=word), status=status)
    assert isinstance(outcome, Acked)
    assert outcome.receipt.report_url == "https://collector.example:8443/reports/p1"


@pytest.mark.parametrize(
    "report_url",
    [
        "https://evil.example/reports/p1",
        "//evil.example/reports/p1",
        "http://collector.example:8443/reports/p1",
        "https://collector.example:8443@evil.example/reports/p1",
        "file:///reports/p1",
        "reports/p1?next=https://evil.example#x",
    ],
)
def test_a_report_is_looked_for_at_the_destination_wherever_the_receipt_points(report_url: str) -> None:
    outcome = told(receipt(report_url=report_url))
    assert isinstance(outcome, Acked)
    assert outcome.receipt.report_url == "https://collector.example:8443/reports/p1"


def test_an_address_that_is_code_is_only_a_path() -> None:
    outcome = told(receipt(report_url="javascript:alert(1)"))
    assert isinstance(outcome, Acked)
    assert outcome.receipt.report_url == "https://collector.example:8443/alert(1)"


def test_a_receipt_may_say_more_than_we_know() -> None:
    assert isinstance(told(receipt(quota_left=5)), Acked)


NO_PROOF = {
    "nothing": b"",
    "an empty object": b"{}",
    "foreign json": b'{"success": true, "id": 7}',
    "a list": b"[]",
    "a word": b"OK",
    "half of it": receipt()[: len(receipt()) // 2],
    "all but its last byte": receipt()[:-1],
    "two of them": receipt() * 2,
    "another wire digest": receipt(received_digest="0" * 64),
    "another payload digest": receipt(payload_digest="0" * 64),
    "digests in the wrong places": receipt(
        received_digest=hashlib.sha256(DOCUMENT).hexdigest(), payload_digest=hashlib.sha256(LETTER.body).hexdigest()
    ),
    "the digests of nothing": receipt(received_digest="", payload_digest=""),
    "another delivery's key": receipt(idempotency_key="f" * 32),
    "a word for its status": receipt(status="lost"),
    "endless nesting": receipt()[:-1] + b',"more":' + b"[" * 200_000,
}


@pytest.mark.parametrize("status", [200, 201, 202])
@pytest.mark.parametrize("body", NO_PROOF.values(), ids=NO_PROOF.keys())
def test_without_proof_nothing_counts_as_sent(body: bytes, status: int) -> None:
    assert isinstance(told(body, status=status), Later)


def test_an_empty_204_is_no_success() -> None:
    assert not isinstance(told(b"", status=204, headers={}), Acked)


@pytest.mark.parametrize("status", [203, 204, 206, 226, 299])
def test_a_receipt_under_another_status_is_no_success(status: int) -> None:
    assert not isinstance(told(receipt(), status=status), Acked)


@pytest.mark.parametrize("body", [b"<html>Welcome</html>", receipt()])
@pytest.mark.parametrize("kind", ["text/html", "text/html; charset=utf-8", "application/xhtml+html"])
def test_a_web_page_is_no_success(body: bytes, kind: str) -> None:
    outcome = told(body, status=200, headers={"content-type": kind})
    assert isinstance(outcome, Stop)
    assert outcome.offline


def test_what_is_accepted_but_not_stored_is_asked_for_again_and_not_for_ever() -> None:
    outcome = told(receipt(status="accepted"), status=202)
    assert isinstance(outcome, Later)
    assert (outcome.free, outcome.trouble, outcome.floor) == (False, False, timedelta(seconds=10))
    assert (outcome.parks_after, outcome.parks_age) == (20, timedelta(days=1))


@pytest.mark.parametrize("body", NO_PROOF.values(), ids=NO_PROOF.keys())
def test_what_is_never_proven_is_parked_in_the_end(body: bytes) -> None:
    outcome = told(body)
    assert isinstance(outcome, Later)
    assert (outcome.parks_after, outcome.parks_age, outcome.trouble) == (20, timedelta(days=1), True)


def test_no_beginning_of_a_receipt_is_a_success() -> None:
    whole = receipt()
    assert [cut for cut in range(len(whole)) if isinstance(told(whole[:cut]), Acked)] == []


@given(st.integers(100, 599), st.binary(max_size=80))
def test_no_noise_is_a_success(status: int, body: bytes) -> None:
    assert not isinstance(told(body, status=status), Acked)


def test_a_refusal_goes_by_the_table_of_answers() -> None:
    outcome = told(b"", status=429, headers={"retry-after": "5"})
    assert isinstance(outcome, Stop)
    assert outcome.wait == timedelta(seconds=5)
