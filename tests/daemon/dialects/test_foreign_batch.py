"""Several sessions to other people's servers in one request: what is inside, and what each kind of answer means."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from logferry_daemon.core.exchange import (
    Acked,
    Alone,
    Batching,
    Later,
    Letter,
    Outcome,
    Parked,
    Request,
    Response,
    Stop,
)
from logferry_daemon.core.offer import Offer
from logferry_daemon.dialects.status import ACCEPTED
from logferry_model.errors import Unreachable
from tests.daemon.dialects.seeds import NOW, URL, body_of, dialect_of, says, several

NAME = "X-Session-Id"
BOTH = pytest.mark.parametrize("name", ["artemis", "swgdb"])
ALONE = [Alone()] * 3


def together(
    name: str, letters: Sequence[Letter], *answers: Response
) -> tuple[Sequence[Outcome | Alone], list[Request]]:
    """What comes of each, and what was asked; every one of the answers is wanted."""
    dialect = dialect_of(name)
    assert isinstance(dialect, Batching)
    talk = dialect.together(letters, url=URL, now=NOW)
    asked = [next(talk)]
    asked.extend(talk.send(answer) for answer in answers[:-1])
    with pytest.raises(StopIteration) as done:
        talk.send(answers[-1])
    return done.value.value, asked


def results(letters: Sequence[Letter], *of: dict[str, Any]) -> Response:
    told = [{"session_id": letter.headers[NAME], **one} for letter, one in zip(letters, of, strict=True)]
    return says(200, {"success": True, "results": told})


def test_artemis_packs_the_sessions_and_tells_once_who_sends_them() -> None:
    letters = several("artemis")
    _, (request,) = together("artemis", letters, says(200, {"success": True}))
    assert (request.method, request.path) == ("POST", "/api/sessions/batch")
    assert request.headers["Content-Encoding"] == "gzip"
    body = json.loads(gzip.decompress(request.body))
    assert body == {"sessions": [body_of(one)["session"] for one in letters], "user": body_of(letters[0])["user"]}


def test_swgdb_has_the_bytes_of_each_letter_in_it() -> None:
    letters = several("swgdb")
    _, asked = together("swgdb", letters, results(letters, *[{"success": True}] * 3))
    assert (asked[0].method, asked[0].path) == ("POST", "/sessions/batch-upload")
    assert asked[0].body == b'{"sessions":[' + b",".join(one.body for one in letters) + b"]}"


class Inside(msgspec.Struct):
    session: msgspec.Raw


def test_artemis_has_each_session_to_the_byte() -> None:
    letters = several("artemis")
    _, (request,) = together("artemis", letters, says(200, {"success": True}))
    whole = gzip.decompress(request.body)
    for letter in letters:
        assert bytes(msgspec.json.decode(gzip.decompress(letter.body), type=Inside).session) in whole


@BOTH
def test_several_may_go_without_an_offer(name: str) -> None:
    dialect = dialect_of(name)
    assert isinstance(dialect, Batching)
    assert dialect.most_together(Offer()) > 1


@BOTH
def test_each_result_is_judged_by_itself(name: str) -> None:
    letters = several(name)
    wrong = {"success": False, "error": "duration is missing"}
    outcomes, _ = together(
        name, letters, results(letters, {"success": True}, wrong, {"success": True, "status": "stored"})
    )
    assert [type(one) for one in outcomes] == [Acked, Parked, Acked]
    assert isinstance(outcomes[1], Parked)
    assert "duration is missing" in outcomes[1].reason


@BOTH
@pytest.mark.parametrize(
    "said",
    [
        {"success": True},
        {"success": True, "uploaded": 3, "failed": 0},
    ],
    ids=["success", "none failed"],
)
def test_a_whole_success_without_results_is_one_of_each(name: str, said: dict[str, Any]) -> None:
    letters = several(name)
    outcomes, _ = together(name, letters, says(200, said))
    receipts = [one.receipt for one in outcomes if isinstance(one, Acked)]
    assert [one.natural_key for one in receipts] == [one.headers[NAME] for one in letters]
    assert [one.payload_digest for one in receipts] == [one.payload_digest for one in letters]


@BOTH
@pytest.mark.parametrize(
    "answer",
    [
        says(200, {"success": True, "uploaded": 2, "failed": 1}),
        says(200, {"success": True, "uploaded": 2}),
        says(200, {"success": True, "uploaded": 4, "failed": 0}),
        says(200, {"success": False, "error": "one of them is wrong"}),
        says(200, {"uploaded": 3}),
        says(200, {"success": True, "results": [{"success": True}]}),
        says(200, {"success": True, "results": "all"}),
        says(400, {"error": "events is missing"}),
        says(404, {"error": "Not found"}),
        says(422, "nothing said"),
        says(500, {"error": "oops"}),
    ],
    ids=["one failed", "fewer", "more", "no success", "no word", "nameless", "no list", "400", "404", "422", "500"],
)
def test_what_says_nothing_of_each_has_each_sent_alone(name: str, answer: Response) -> None:
    outcomes, _ = together(name, several(name), answer)
    assert list(outcomes) == ALONE


@BOTH
def test_a_session_that_is_told_of_twice_is_told_of_by_none(name: str) -> None:
    letters = several(name)
    told = results([*letters, letters[0]], *[{"success": True}] * 3, {"success": False, "error": "No events"})
    outcomes, _ = together(name, letters, told)
    assert [type(one) for one in outcomes] == [Alone, Acked, Acked]


@pytest.mark.parametrize("said", [{}, {"uploaded": 3}], ids=["success", "count"])
def test_what_is_only_accepted_together_is_not_stored(said: dict[str, Any]) -> None:
    letters = several("artemis")
    outcomes, _ = together("artemis", letters, says(202, {"success": True, **said}))
    assert list(outcomes) == [ACCEPTED] * 3


def test_what_swgdb_only_accepts_together_is_asked_for_one_by_one() -> None:
    letters = several("swgdb", 2)
    done = [says(200, {"session_id": one.headers[NAME], "processing_status": "completed"}) for one in letters]
    outcomes, asked = together("swgdb", letters, says(202, {"success": True}), *done)
    assert [type(one) for one in outcomes] == [Acked, Acked]
    assert [one.method for one in asked] == ["POST", "GET", "GET"]


@BOTH
def test_a_result_of_another_session_is_none(name: str) -> None:
    letters = several(name)
    outcomes, _ = together(name, letters, results([*letters[:2], several(name, 9)[8]], *[{"success": True}] * 3))
    assert [type(one) for one in outcomes] == [Acked, Acked, Alone]


@BOTH
def test_too_large_is_halved(name: str) -> None:
    letters = several(name, 4)
    outcomes, asked = together(name, letters, says(413), says(200, {"success": True}), says(200, {"success": True}))
    assert [type(one) for one in outcomes] == [Acked] * 4
    assert [len(_inside(one)) for one in asked] == [4, 2, 2]


def _inside(request: Request) -> list[Any]:
    packed = request.headers.get("Content-Encoding") == "gzip"
    sessions: list[Any] = json.loads(gzip.decompress(request.body) if packed else request.body)["sessions"]
    return sessions


@BOTH
@pytest.mark.parametrize(
    "answer",
    [says(401, {"error": "Invalid token"}), says(429, {}, retry_after="60"), says(200, "<html>", kind="text/html")],
    ids=["key", "limit", "portal"],
)
def test_what_is_about_the_destination_holds_all(name: str, answer: Response) -> None:
    outcomes, _ = together(name, several(name), answer)
    assert [type(one) for one in outcomes] == [Stop] * 3


@BOTH
def test_a_server_in_trouble_is_one_failure(name: str) -> None:
    outcomes, _ = together(name, several(name), says(503, {"error": "maintenance"}, retry_after="30"))
    assert [one.trouble for one in outcomes if isinstance(one, Later)] == [True, False, False]


def test_swgdb_asks_for_the_status_of_what_it_accepted() -> None:
    letters = several("swgdb", 2)
    accepted = results(letters, {"success": True, "status": "accepted"}, {"success": True, "status": "stored"})
    done = says(200, {"session_id": letters[0].headers[NAME], "processing_status": "completed", "report_id": "r7"})
    outcomes, asked = together("swgdb", letters, accepted, done)
    assert [type(one) for one in outcomes] == [Acked, Acked]
    assert [one.method for one in asked] == ["POST", "GET"]
    assert asked[1].path == f"/sessions/{letters[0].headers[NAME]}/status"


def test_a_cut_while_swgdb_is_asked_takes_nothing_back_of_what_it_told() -> None:
    letters = several("swgdb", 3)
    dialect = dialect_of("swgdb")
    assert isinstance(dialect, Batching)
    conversation = dialect.together(letters, url=URL, now=NOW)
    next(conversation)
    accepted = {"success": True, "status": "accepted"}
    conversation.send(results(letters, {"success": True, "status": "stored"}, accepted, accepted))
    with pytest.raises(StopIteration) as done:
        conversation.throw(Unreachable("cut", "the connection broke"))
    assert [type(one) for one in done.value.value] == [Acked, Later, Later]
    assert done.value.value[1:] == [ACCEPTED] * 2


def test_a_cut_of_the_whole_is_one_all_the_same() -> None:
    dialect = dialect_of("swgdb")
    assert isinstance(dialect, Batching)
    conversation = dialect.together(several("swgdb"), url=URL, now=NOW)
    next(conversation)
    with pytest.raises(Unreachable):
        conversation.throw(Unreachable("cut", "the connection broke"))


@BOTH
def test_two_versions_of_a_session_go_alone(name: str) -> None:
    first, second, third = several(name)
    outcomes, asked = together(name, [first, second, first, third], says(200, {"success": True}))
    assert [type(one) for one in outcomes] == [Alone, Acked, Alone, Acked]
    assert len(_inside(asked[0])) == 2


@BOTH
def test_nothing_is_asked_where_all_are_versions_of_one(name: str) -> None:
    (first,) = several(name, 1)
    dialect = dialect_of(name)
    assert isinstance(dialect, Batching)
    with pytest.raises(StopIteration) as done:
        next(dialect.together([first, first], url=URL, now=NOW))
    assert done.value.value == [Alone(), Alone()]
