"""What a collector's answers to a deletion prove: a missing page alone proves nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.exchange import Erased, Erasure, Later, Parked, Report, Request, Response, Stop
from logferry_daemon.dialects.erasing import STILL_COMING
from logferry_daemon.dialects.logferry import LogferryDialect
from logferry_model.envelope import Deletion, Problem
from tests.contracts.spooling import RECEIPT

NOW = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)
KNOWN = Report(report_id="a/b", idempotency_key="", age=timedelta())
UNSURE = Report(report_id="", idempotency_key="k", age=timedelta())
OLD = Report(report_id="", idempotency_key="k", age=STILL_COMING)


def talk(report: Report, *answers: Response) -> tuple[Erasure, Sequence[Request]]:
    conversation = LogferryDialect().delete(report, now=NOW)
    asked = [next(conversation)]
    for answer in answers:
        try:
            asked.append(conversation.send(answer))
        except StopIteration as done:
            outcome: Erasure = done.value
            return outcome, asked
    raise AssertionError(f"it asks on: {asked[-1]}")


def answer(status: int, body: object = None, **headers: str) -> Response:
    packed = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return Response(status=status, headers={"content-type": "application/json", **headers}, body=packed)


def problem(status: int, code: str) -> Response:
    return answer(status, Problem(title="No", status=status, code=code))


def told(report: str = "a/b") -> Response:
    return answer(200, Deletion(report_id=report, deleted_at=NOW))


def test_one_request_names_the_report_and_one_answer_proves_it() -> None:
    outcome, asked = talk(KNOWN, told())
    assert outcome == Erased()
    assert [(one.method, one.path, one.body) for one in asked] == [("DELETE", "/api/v1/encounters/a%2Fb", b"")]


ANSWERS: dict[str, tuple[Response, type[Erasure]]] = {
    "gone before": (problem(410, "report-deleted"), Erased),
    "a host that is gone": (answer(410, b""), Parked),
    "another report": (told("other"), Later),
    "a hotel's page": (Response(status=200, headers={"content-type": "text/html"}, body=b"<html>"), Stop),
    "nothing": (answer(204, b""), Stop),
    "an old collector": (problem(404, "not-found"), Parked),
    "a page": (Response(status=404, headers={}, body=b"<html>"), Parked),
    "not here": (problem(405, "method-not-allowed"), Parked),
    "moved": (answer(301, b"", location="https://elsewhere.example"), Stop),
    "key refused": (problem(401, "credential-invalid"), Stop),
    "busy": (problem(503, "database-unavailable"), Later),
    "too many": (problem(429, "slow"), Stop),
    "refused": (problem(422, "no"), Parked),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_means_the_same_every_time(name: str) -> None:
    said, kind = ANSWERS[name]
    assert isinstance(talk(KNOWN, said)[0], kind)


@given(st.integers(100, 599), st.binary(max_size=40), st.sampled_from(["text/html", "application/json", ""]))
def test_nothing_but_the_collectors_word_counts_as_gone(status: int, body: bytes, kind: str) -> None:
    outcome, _ = talk(KNOWN, Response(status=status, headers={"content-type": kind}, body=body))
    assert not isinstance(outcome, Erased)


def test_a_report_that_this_account_has_not_is_looked_for_at_its_address() -> None:
    unknown = problem(404, "report-unknown")
    gone, asked = talk(KNOWN, unknown, answer(404, b""))
    assert (gone, asked[-1].method, asked[-1].path) == (
        Erased(note="it was not there any more"),
        "HEAD",
        "/r/a%2Fb.json",
    )
    assert isinstance(talk(KNOWN, unknown, answer(200, b""))[0], Parked)
    assert isinstance(talk(KNOWN, unknown, answer(503, b""))[0], Later)


def test_without_a_receipt_it_is_asked_for_first() -> None:
    receipt = answer(200, RECEIPT)
    outcome, asked = talk(UNSURE, receipt, told("report"))
    assert outcome == Erased()
    assert [one.path for one in asked] == ["/api/v1/receipts/k", "/api/v1/encounters/report"]


def test_what_has_not_arrived_may_still_be_worked_on() -> None:
    missing = problem(404, "not-found")
    assert talk(UNSURE, missing)[0] == Later(reason="it has not arrived so far", floor=STILL_COMING, trouble=False)
    assert talk(OLD, missing)[0] == Erased(note="it never arrived")


@pytest.mark.parametrize(
    "said",
    [
        answer(200, b"{}"),
        answer(200, msgspec.structs.replace(RECEIPT, idempotency_key="other")),
        Response(status=404, headers={}, body=b""),
        problem(503, "database-unavailable"),
    ],
)
def test_no_other_answer_says_that_it_has_not_arrived(said: Response) -> None:
    assert not isinstance(talk(OLD, said)[0], Erased)
