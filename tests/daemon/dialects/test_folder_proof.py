"""What a folder says of the proof of a delivery."""

from __future__ import annotations

from dataclasses import replace

import pytest

from logferry_daemon.core.exchange import Acked, Request, Response
from logferry_daemon.core.proof import Different, Missing, Proof, Unclear, Verified, Verifier
from logferry_daemon.dialects.folder import FolderDialect
from logferry_model.envelope import Receipt, sha256_hex
from tests.daemon.dialects.talking import NOW, PARCEL, says, talk

DIALECT = FolderDialect()
LETTER = DIALECT.write(PARCEL)


def receipt() -> Receipt:
    written = says(201, {"sha256": sha256_hex(LETTER.body)})
    _, outcome = talk(DIALECT.deliver(LETTER, url="file:///out", now=NOW), says(200, {"names": []}), written)
    assert isinstance(outcome, Acked)
    return outcome.receipt


def asked(response: Response) -> tuple[Request, Proof]:
    talking = DIALECT.verify(receipt(), now=NOW)
    request = next(talking)
    with pytest.raises(StopIteration) as done:
        talking.send(response)
    proof: Proof = done.value.value
    return request, proof


def file(body: bytes) -> Response:
    return Response(status=200, headers={}, body=body)


def test_it_can_be_asked() -> None:
    assert isinstance(DIALECT, Verifier)


def test_a_file_that_is_as_it_was_written_is_proof() -> None:
    request, found = asked(file(LETTER.body))
    assert (request.method, request.path) == ("GET", f"/{receipt().report_id}")
    assert found == Verified(received_digest=receipt().received_digest, payload_digest=receipt().payload_digest)


def test_one_that_somebody_removed_is_missing() -> None:
    found = asked(Response(status=404, headers={}, body=b""))[1]
    assert isinstance(found, Missing)
    assert receipt().report_id in found.reason


def test_one_that_was_written_in_is_different_and_the_session_in_it_too() -> None:
    found = asked(file(LETTER.body + b" "))[1]
    assert isinstance(found, Different)
    assert found.fields == ("received_digest",)
    found = asked(file(b"[1]"))[1]
    assert isinstance(found, Different)
    assert (found.fields, found.payload_digest) == (("received_digest", "payload_digest"), "")


def test_that_a_newer_version_took_its_place_says_nothing_of_other_sessions() -> None:
    newer = DIALECT.write(replace(PARCEL, revision=PARCEL.revision + 1)).body
    found = asked(file(newer))[1]
    assert isinstance(found, Unclear)
    assert found.alone
    older = DIALECT.write(replace(PARCEL, revision=PARCEL.revision - 1)).body
    assert isinstance(asked(file(older))[1], Different)


def test_a_folder_that_cannot_be_read_is_unclear_in_its_own_words() -> None:
    found = asked(says(403, {"code": "not-allowed", "title": "permission denied"}))[1]
    assert isinstance(found, Unclear)
    assert (found.alone, "permission denied" in found.reason) == (False, True)
