from __future__ import annotations

import base64
import gzip
import random
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from logferry_daemon.core.exchange import Acked, Erased, Later, Parked, Request, Response, Stop
from logferry_daemon.dialects.catalogue import all_dialects
from logferry_daemon.dialects.firebase import MOST, FirebaseDialect
from logferry_model.envelope import encode_session, sha256_hex
from logferry_model.errors import Misconfigured, Refused, Unreachable
from tests.daemon.dialects.talking import DOCUMENT, NOW, PARCEL, PORTAL, delivered, report, says, talk
from tests.factories import event, session

ROOT = "projects/logs-1/databases/(default)/documents"
URL = f"https://firestore.googleapis.com/v1/{ROOT}"
DIALECT = FirebaseDialect()
LETTER = DIALECT.write(PARCEL)
# As Firestore answers a commit.
DONE = {
    "writeResults": [{"updateTime": "2026-03-01T22:00:00.123456Z"}],
    "commitTime": "2026-03-01T22:00:00.123456Z",
}


def error(status: int, code: str, text: str) -> Response:
    return says(status, {"error": {"code": status, "message": text, "status": code}})


def test_it_is_found_by_its_name() -> None:
    assert isinstance(all_dialects()["firebase"], FirebaseDialect)


def test_a_session_is_one_commit_of_a_document_with_its_name() -> None:
    asked, outcome = talk(DIALECT.deliver(LETTER, url=URL, now=NOW), says(200, DONE))
    (request,) = asked
    assert (request.method, request.path) == ("POST", ":commit")
    (write,) = msgspec.json.decode(request.body)["writes"]
    assert write["update"]["name"] == f"{ROOT}/logferry_sessions/{PARCEL.session}"
    assert write["update"]["fields"] == msgspec.json.decode(LETTER.body)
    assert isinstance(outcome, Acked)
    assert outcome.receipt.payload_digest == sha256_hex(DOCUMENT)


def test_its_values_have_types_and_the_session_is_packed_in_it() -> None:
    fields = msgspec.json.decode(LETTER.body)
    assert gzip.decompress(base64.b64decode(fields["payload"]["bytesValue"])) == DOCUMENT
    assert fields["revision"] == {"integerValue": "3"}
    assert fields["started_at"] == {"timestampValue": "2026-03-01T20:00:00Z"}
    assert fields["digest"] == {"stringValue": sha256_hex(DOCUMENT)}


def test_what_does_not_fit_into_a_document_is_refused_with_its_size() -> None:
    chance = random.Random(1)
    events = tuple(event(item=f"{chance.getrandbits(512):x}") for _ in range(20_000))
    big = replace(PARCEL, document=encode_session(session(events=events)))
    with pytest.raises(Refused, match=f"too big for a Firestore document.*{MOST:,}"):
        DIALECT.write(big)


def test_a_key_is_a_key_and_a_token_a_token() -> None:
    assert DIALECT.credentials("s3cret", Request(method="POST", path="/"), NOW) == {"X-Goog-Api-Key": "s3cret"}
    assert DIALECT.credentials("Bearer s3cret", Request(method="POST", path="/"), NOW) == {
        "Authorization": "Bearer s3cret"
    }


@pytest.mark.parametrize(
    ("answer", "kind", "word"),
    [
        (says(200, {}), Later, "no result"),
        (says(200, {"writeResults": [{}]}), Later, "no result"),
        (says(200, {"writeResults": []}), Later, "no result"),
        (says(200, [DONE]), Later, "no result"),
        (PORTAL, Stop, "web page"),
        (says(204), Stop, ""),
        (error(400, "INVALID_ARGUMENT", "Document is too large"), Parked, "Document is too large"),
        (error(401, "UNAUTHENTICATED", "Missing or invalid authentication."), Stop, "lasts an hour"),
        (error(403, "PERMISSION_DENIED", "Missing or insufficient permissions."), Stop, "security rules"),
        (error(404, "NOT_FOUND", "The database (default) does not exist"), Stop, "does not exist"),
        (error(409, "ABORTED", "Too much contention"), Later, "contention"),
        (error(418, "NEW", "new"), Parked, "new"),
        (error(429, "RESOURCE_EXHAUSTED", "Quota exceeded."), Stop, "Quota"),
        (error(500, "INTERNAL", "oops"), Later, "oops"),
        (error(503, "UNAVAILABLE", "try again"), Later, "try again"),
    ],
)
def test_an_answer_means_what_its_status_and_text_say(answer: Response, kind: type[object], word: str) -> None:
    outcome = delivered(DIALECT, URL, answer)
    assert isinstance(outcome, kind)
    assert word in str(outcome)


def test_a_document_is_deleted_by_the_sessions_id() -> None:
    asked, outcome = talk(DIALECT.delete(report(), now=NOW), says(200, {}))
    assert [(one.method, one.path) for one in asked] == [("DELETE", f"/logferry_sessions/{PARCEL.session}")]
    assert outcome == Erased()


def test_one_that_may_still_come_is_not_deleted_before() -> None:
    asked, outcome = talk(DIALECT.delete(report(report_id="", age=timedelta(seconds=5)), now=NOW))
    assert asked == []
    assert isinstance(outcome, Later)


@pytest.mark.parametrize("answer", [PORTAL, says(200), says(200, {"x": 1}), error(403, "PERMISSION_DENIED", "no")])
def test_nothing_else_proves_a_deletion(answer: Response) -> None:
    assert not isinstance(talk(DIALECT.delete(report(), now=NOW), answer)[1], Erased)


# Tokens


def test_a_token_is_asked_for_as_google_documents_it() -> None:
    request = DIALECT.token_request("AIza:AMf-refresh/+=")
    assert (request.method, request.path) == ("POST", "?key=AIza")
    assert request.headers == {"Content-Type": "application/x-www-form-urlencoded"}
    assert request.body == b"grant_type=refresh_token&refresh_token=AMf-refresh%2F%2B%3D"


@pytest.mark.parametrize("secret", ["", "AIza", "AIza:", ":AMf", "Bearer x"])
def test_of_another_key_no_token_is_asked_for(secret: str) -> None:
    with pytest.raises(Misconfigured, match="API-KEY:REFRESH-TOKEN"):
        DIALECT.token_request(secret)


def test_it_is_good_for_as_long_as_is_said_and_is_not_shown() -> None:
    token = DIALECT.token_in(says(200, {"id_token": "eyJ", "access_token": "other", "expires_in": "3600"}))
    assert (token.secret, token.good_for) == ("Bearer eyJ", timedelta(hours=1))
    assert "eyJ" not in repr(token)
    assert DIALECT.credentials(token.secret, Request(method="GET", path="/"), NOW) == {"Authorization": "Bearer eyJ"}
    assert DIALECT.token_in(says(200, {"id_token": "eyJ", "expires_in": "9" * 30})).good_for == timedelta(days=1)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error(400, "INVALID_ARGUMENT", "TOKEN_EXPIRED"), Misconfigured),
        (error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."), Misconfigured),
        (error(403, "PERMISSION_DENIED", "Blocked"), Misconfigured),
        (says(400), Unreachable),
        (says(200, {"id_token": "eyJ"}), Unreachable),
        (says(200, {"id_token": "eyJ", "expires_in": "9" * 5_000}), Unreachable),
        (says(200, {"id_token": "eyJ", "expires_in": "\u0663"}), Unreachable),
        (says(200, {"id_token": "", "expires_in": "3600"}), Unreachable),
        (says(200, {"id_token": "a\r\nb", "expires_in": "3600"}), Unreachable),
        (says(200, {"access_token": "eyJ", "expires_in": "3600"}), Unreachable),
        (PORTAL, Unreachable),
        (says(429), Unreachable),
        (says(503), Unreachable),
        (says(302), Unreachable),
    ],
)
def test_no_other_answer_is_a_token_and_only_googles_word_refuses_the_key(
    answer: Response, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        DIALECT.token_in(answer)
