"""Errors survive the way over the wire."""

from __future__ import annotations

import msgspec
import pytest

from logferry_ipc import problems
from logferry_model.errors import Damaged, LogferryError, Misconfigured, Refused, Unreachable


@pytest.mark.parametrize("kind", [Unreachable, Refused, Misconfigured, Damaged])
def test_there_and_back_again(kind: type[LogferryError]) -> None:
    told = problems.from_error(kind("some-code", "What happened.", hint="What to do."))
    error = problems.to_error(told.status, msgspec.json.encode(told))
    assert (type(error), error.code, error.message, error.hint) == (kind, "some-code", "What happened.", "What to do.")
    assert told.retryable is (kind is Unreachable)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Misconfigured),
        (404, Misconfigured),
        (409, Refused),
        (422, Refused),
        (429, Unreachable),
        (500, Damaged),
        (503, Unreachable),
        (418, Damaged),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b"{}", b"[1]"])
def test_an_answer_without_a_problem_is_still_an_error(status: int, kind: type[LogferryError], body: bytes) -> None:
    error = problems.to_error(status, body)
    assert type(error) is kind
    assert error.code == f"http-{status}"
