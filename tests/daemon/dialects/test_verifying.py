"""What a collector says of the proof of a delivery, and what counts as an answer."""

from __future__ import annotations

import msgspec
import pytest

from logferry_daemon.core.exchange import Request, Response
from logferry_daemon.core.proof import Different, Missing, Proof, Unclear, Verified, Verifier
from logferry_daemon.dialects.catalogue import all_dialects
from logferry_daemon.dialects.logferry import LogferryDialect
from logferry_model.envelope import ReceiptStatus
from tests.contracts.spooling import RECEIPT
from tests.daemon.shell.office import answer, problem
from tests.fakes import NOON

HERE = msgspec.structs.replace(RECEIPT, idempotency_key="key/1")


def asked(response: Response) -> tuple[Request, Proof]:
    talk = LogferryDialect().verify(HERE, now=NOON)
    request = next(talk)
    with pytest.raises(StopIteration) as done:
        talk.send(response)
    proof: Proof = done.value.value
    return request, proof


def proof(response: Response) -> Proof:
    return asked(response)[1]


def told(**changes: object) -> Response:
    return answer(200, msgspec.json.encode(msgspec.structs.replace(HERE, **changes)))


def test_it_reads_the_receipt_under_the_key_of_the_request_and_sends_nothing() -> None:
    request, found = asked(told())
    assert (request.method, request.path, request.body) == ("GET", "/api/v1/receipts/key%2F1", b"")
    assert found == Verified(received_digest=HERE.received_digest, payload_digest=HERE.payload_digest)


def test_that_the_content_was_there_before_makes_no_difference() -> None:
    assert isinstance(proof(told(status=ReceiptStatus.DUPLICATE)), Verified)


@pytest.mark.parametrize("field", ["received_digest", "payload_digest", "report_id", "natural_key"])
def test_whatever_is_not_as_it_was_is_named(field: str) -> None:
    found = proof(told(**{field: "ee" * 32}))
    assert isinstance(found, Different)
    assert found.fields == (field,)
    assert getattr(found, field, "ee" * 32) == "ee" * 32


def test_only_the_collectors_own_word_says_that_it_is_missing() -> None:
    assert isinstance(proof(problem(404, code="not-found")), Missing)
    assert isinstance(proof(problem(404, code="route-unknown")), Unclear)
    assert isinstance(proof(answer(404, b"<html>")), Unclear)


@pytest.mark.parametrize("status", [302, 401, 403, 429, 500, 503, 511])
def test_any_other_answer_proves_nothing(status: int) -> None:
    found = proof(problem(status))
    assert isinstance(found, Unclear)
    assert found.reason


def test_an_answer_that_is_no_receipt_or_one_of_another_delivery_proves_nothing() -> None:
    assert proof(answer(200, b"<html>hello</html>")) == Unclear(reason="the answer (200) was not a receipt")
    assert proof(told(idempotency_key="other")) == Unclear(reason="the receipt is for another delivery")


def test_the_native_dialect_can_be_asked() -> None:
    assert isinstance(all_dialects()["logferry"], Verifier)
