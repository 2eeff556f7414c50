"""What servers that name no digest say of a session that they once took, and what a table proves by the one it has."""

from __future__ import annotations

from typing import Any

import pytest

from logferry_daemon.core.exchange import Acked, Request, Response
from logferry_daemon.core.proof import Different, Missing, Proof, Unclear, Verified, Verifier
from logferry_daemon.dialects.catalogue import all_dialects
from logferry_model.envelope import Receipt
from tests.daemon.dialects.seeds import NOW, body_of, dialect_of, letter_for, says
from tests.daemon.dialects.seeds import talk as delivered
from tests.daemon.dialects.talking import PARCEL, talk

ENCOUNTER = body_of(letter_for("resonance"))
SESSION = letter_for("swgdb").headers["X-Session-Id"]
TOOK = {"resonance": says(201, {"reportId": "r/1"}), "swgdb": says(200, {"success": True})}
ASKED = {"resonance": "/api/v1/encounters/r%2F1", "swgdb": f"/sessions/{SESSION}/status"}
HERE = {"resonance": ENCOUNTER, "swgdb": {"session_id": SESSION, "processing_status": "completed"}}
ANOTHER = {"resonance": ENCOUNTER | {"startedAtMs": 1}, "swgdb": {"session_id": "session_1"}}
NAMES = tuple(TOOK)
PAGE = says(404, "<html>Not found</html>", kind="text/html")


def receipt(name: str) -> Receipt:
    outcome = delivered(name, TOOK[name])
    assert isinstance(outcome, Acked)
    return outcome.receipt


def asked(name: str, answer: Response) -> tuple[list[Request], Proof]:
    dialect = dialect_of(name)
    assert isinstance(dialect, Verifier)
    return talk(dialect.verify(receipt(name), now=NOW), answer)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_there_by_its_own_word_is_said_and_not_called_proven(name: str) -> None:
    requests, proof = asked(name, says(200, HERE[name]))
    assert [(one.method, one.path, one.body) for one in requests] == [("GET", ASKED[name], b"")]
    assert isinstance(proof, Unclear)
    assert proof.alone
    assert "it is there" in proof.reason


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("status", [404, 410])
def test_only_its_own_word_says_that_it_is_missing(name: str, status: int) -> None:
    assert asked(name, says(status, {"error": "No such thing"}))[1] == Missing(
        reason="it says that it has no such session: No such thing"
    )
    assert isinstance(asked(name, PAGE)[1], Unclear)
    assert isinstance(asked(name, says(status))[1], Unclear)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("body", [{}, [], "it is there", None])
def test_an_answer_about_something_else_says_nothing(name: str, body: Any) -> None:  # noqa: ANN401 -- any JSON value
    for said in (says(200, body), says(200, ANOTHER[name])):
        proof = asked(name, said)[1]
        assert isinstance(proof, Unclear)
        assert "it is there by" not in proof.reason


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("status", [302, 401, 403, 429, 500, 503])
def test_a_refusal_says_nothing_of_any_session(name: str, status: int) -> None:
    proof = asked(name, says(status, {"error": "no"}))[1]
    assert isinstance(proof, Unclear)
    assert not proof.alone
    assert str(status) in proof.reason


def test_an_encounter_may_be_told_of_in_an_object() -> None:
    proof = asked("resonance", says(200, {"encounter": ENCOUNTER}))[1]
    assert isinstance(proof, Unclear)
    assert "it is there" in proof.reason


# A table


TABLE = all_dialects()["supabase"]
LETTER = TABLE.write(PARCEL)
ROW = {
    "session_id": PARCEL.session,
    "natural_key": PARCEL.natural_key,
    "revision": PARCEL.revision,
    "digest": LETTER.payload_digest,
}
OTHER = "0" * 64


def row_proof(answer: Response) -> tuple[list[Request], Proof]:
    outcome = talk(TABLE.deliver(LETTER, url="https://x.example/rest/v1/sessions", now=NOW), says(201, [ROW]))[1]
    assert isinstance(outcome, Acked)
    assert isinstance(TABLE, Verifier)
    return talk(TABLE.verify(outcome.receipt, now=NOW), answer)


def test_a_row_is_proof_by_its_digest() -> None:
    (request,), proof = row_proof(says(200, [ROW]))
    query = f"?session_id=eq.{PARCEL.session}&select=session_id,natural_key,revision,digest"
    assert (request.method, request.path, request.body) == ("GET", query, b"")
    assert proof == Verified(received_digest="", payload_digest=LETTER.payload_digest)


@pytest.mark.parametrize(
    ("answer", "proof"),
    [
        (says(200, []), Missing(reason="the table has no row of it any more")),
        (
            says(200, [ROW | {"digest": OTHER}]),
            Different(received_digest="", payload_digest=OTHER, fields=("payload_digest",)),
        ),
        (
            says(200, [ROW | {"digest": OTHER, "revision": PARCEL.revision + 1}]),
            Unclear(reason="a newer version of the session is in its place", alone=True),
        ),
    ],
)
def test_a_row_that_is_gone_or_another_is_told_so(answer: Response, proof: Proof) -> None:
    assert row_proof(answer)[1] == proof


@pytest.mark.parametrize(
    "answer",
    [says(200, {}), says(401, {"message": "JWT expired"}), PAGE, says(503), says(200, "<html>", kind="text/html")],
)
def test_what_is_no_table_proves_nothing(answer: Response) -> None:
    assert isinstance(row_proof(answer)[1], Unclear)
