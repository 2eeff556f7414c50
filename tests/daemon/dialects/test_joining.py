"""What a collector says when an account is to take over what was sent without one."""

from __future__ import annotations

import json

import pytest

from logferry_daemon.core.exchange import Request, Response
from logferry_daemon.core.own_keys import Joining, NotTakenOver, TakenOver
from logferry_daemon.dialects.catalogue import all_dialects
from logferry_daemon.dialects.logferry import LogferryDialect
from tests.daemon.dialects.talking import NOW, PORTAL, says, talk
from tests.daemon.shell.office import problem

KEY = "lfa_" + "k" * 43


def joined(response: Response) -> tuple[Request, TakenOver | NotTakenOver]:
    (request,), found = talk(LogferryDialect().join(KEY, now=NOW), response)
    return request, found


def test_the_key_goes_in_the_body_and_nowhere_else() -> None:
    request, found = joined(says(200, {"reports": 12}))
    assert (request.method, request.path, json.loads(request.body)) == ("POST", "/api/v1/me/join", {"key": KEY})
    assert KEY not in request.path + "".join(request.headers.values())
    assert found == TakenOver(reports=12)


@pytest.mark.parametrize(
    "response",
    [says(200), says(200, {}), says(200, {"reports": "many"}), says(200, []), PORTAL, says(202, {"reports": 1})],
)
def test_half_an_answer_is_none(response: Response) -> None:
    assert isinstance(joined(response)[1], NotTakenOver)


@pytest.mark.parametrize("status", [404, 405, 501])
def test_who_knows_no_such_thing_says_so(status: int) -> None:
    found = joined(problem(status))[1]
    assert isinstance(found, NotTakenOver)
    assert "nothing at this address" in found.reason


@pytest.mark.parametrize("status", [302, 400, 401, 409, 429, 500, 503])
def test_a_refusal_is_told_in_the_collectors_words(status: int) -> None:
    found = joined(problem(status, title="No, never\x1b[31m"))[1]
    assert isinstance(found, NotTakenOver)
    assert "No, never" in found.reason
    assert "\x1b" not in found.reason


def test_one_dialect_knows_such_keys() -> None:
    assert [name for name, dialect in all_dialects().items() if isinstance(dialect, Joining)] == ["logferry"]
