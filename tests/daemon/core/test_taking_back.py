"""How an upload that was begun is taken back, and what the answers mean."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from logferry_daemon.core.exchange import Erased, Erasure, Later, Parked, Request, Response, Stop, Upload
from logferry_daemon.core.tus import PATH
from logferry_daemon.dialects.logferry import LogferryDialect
from tests.daemon.core.test_tus import BODY, NOW, Desk
from tests.daemon.dialects.talking import says, talk
from tests.tus_model import Fault, answer

UPLOAD = f"{PATH}/u7"
TUS = {"version": "1.0.0", "extensions": ["creation", "termination"]}
OFFERED = says(200, {"encodings": ["gzip"], "tus": TUS})
BEGUN = answer(200, upload_offset=4, upload_length=10)


def taken_back(*answers: Response) -> tuple[list[Request], Erasure]:
    return talk(LogferryDialect().take_back(UPLOAD, now=NOW), *answers)


def test_it_is_asked_whether_that_is_offered_and_how_much_is_there_and_then_for_the_upload_itself() -> None:
    asked, outcome = taken_back(OFFERED, BEGUN, says(204))
    assert [(one.method, one.path) for one in asked] == [("GET", "/info"), ("HEAD", UPLOAD), ("DELETE", UPLOAD)]
    assert {one.headers["Tus-Resumable"] for one in asked[1:]} == {"1.0.0"}
    assert outcome == Erased()


@pytest.mark.parametrize(
    "whole",
    [
        answer(200, upload_offset=10, upload_length=10),
        answer(200, x_report_id="report"),
        answer(204, upload_offset=4, upload_length=10, x_report_id="report"),
    ],
    ids=["every byte", "a report", "a report and an odd count"],
)
def test_what_is_whole_over_there_is_never_deleted_and_no_pieces_are_left(whole: Response) -> None:
    asked, outcome = taken_back(OFFERED, whole)
    assert [one.method for one in asked] == ["GET", "HEAD"]
    assert isinstance(outcome, Erased)


@pytest.mark.parametrize(
    "unclear",
    [
        answer(200),
        answer(200, upload_offset=4),
        answer(200, upload_length=10),
        answer(200, upload_offset="some", upload_length=10),
        answer(200, upload_offset=11, upload_length=10),
        says(200, "<html>hello</html>"),
    ],
    ids=["no count", "no length", "no offset", "no number", "too many", "a page"],
)
def test_without_a_count_that_can_be_it_is_asked_again_later_and_nothing_is_deleted(unclear: Response) -> None:
    asked, outcome = taken_back(OFFERED, unclear)
    assert [one.method for one in asked] == ["GET", "HEAD"]
    assert isinstance(outcome, Later)
    assert outcome.floor >= timedelta(seconds=1)


@pytest.mark.parametrize("before", [[OFFERED], [OFFERED, BEGUN]], ids=["asked for", "deleted"])
@pytest.mark.parametrize("status", [404, 410])
def test_what_is_not_there_any_more_is_gone(status: int, before: list[Response]) -> None:
    asked, outcome = taken_back(*before, says(status))
    assert isinstance(outcome, Erased)
    assert len(asked) == len(before) + 1


@pytest.mark.parametrize(
    "info",
    [
        says(200, {"encodings": ["gzip"]}),
        says(200, {"encodings": ["gzip"], "tus": TUS | {"extensions": ["creation"]}}),
        says(200, {"encodings": ["gzip"], "tus": TUS | {"version": "2.0.0"}}),
    ],
    ids=["no tus", "no termination", "another version"],
)
def test_where_it_is_not_offered_nothing_is_asked_for(info: Response) -> None:
    asked, outcome = taken_back(info)
    assert [one.method for one in asked] == ["GET"]
    assert outcome == Parked(reason="it takes no upload back")


@pytest.mark.parametrize("info", [says(404), says(503), says(200, "hello")], ids=["404", "503", "no such answer"])
def test_whoever_does_not_say_what_he_offers_is_asked_again_later(info: Response) -> None:
    asked, outcome = taken_back(info)
    assert [one.method for one in asked] == ["GET"]
    assert isinstance(outcome, Later)
    assert outcome.floor >= timedelta(seconds=1)


@pytest.mark.parametrize("before", [[OFFERED], [OFFERED, BEGUN]], ids=["asked for", "deleted"])
@pytest.mark.parametrize(
    ("said", "kind"),
    [(401, Stop), (403, Parked), (405, Parked), (412, Parked), (423, Later), (429, Stop), (500, Later), (503, Later)],
)
def test_any_other_answer_is_no_word_of_its_being_gone(said: int, kind: type, before: list[Response]) -> None:
    asked, outcome = taken_back(*before, says(said))
    assert isinstance(outcome, kind)
    assert len(asked) == len(before) + 1


# Until when it lies there

WHEN = "Sun, 08 Mar 2026 12:00:00 GMT"
UNTIL = datetime(2026, 3, 8, 12, 0, tzinfo=UTC)


def test_until_when_it_lies_there_is_remembered_from_its_first_answer_on() -> None:
    desk = Desk(Fault(says=answer(201, location=f"{PATH}/u7", upload_expires=WHEN)), Fault(says=answer(503)))
    desk.attempt()
    assert desk.upload == Upload(path=UPLOAD, expires=UNTIL)


def test_the_latest_word_counts_and_silence_changes_nothing() -> None:
    later = Fault(says=answer(204, upload_offset=50, upload_expires="Mon, 09 Mar 2026 12:00:00 GMT"))
    silent = Fault(says=answer(204, upload_offset=60))
    faults = (Fault(), later, silent, Fault(says=answer(503)))
    desk = Desk(*faults, upload=Upload(path=UPLOAD, offset=40, expires=UNTIL))
    desk.server.uploads["u7"] = (bytearray(BODY[:40]), len(BODY))
    desk.attempt()
    assert desk.upload == Upload(path=UPLOAD, offset=60, expires=UNTIL + timedelta(days=1))


@pytest.mark.parametrize("when", ["", "soon", "Sun, 99 Mar 2026 12:00:00 GMT", "Sun, 08 Mar 99999 12:00:00 GMT", "0"])
def test_what_is_no_date_says_nothing(when: str) -> None:
    desk = Desk(Fault(says=answer(201, location=f"{PATH}/u7", upload_expires=when)), Fault(says=answer(503)))
    desk.attempt()
    assert desk.upload == Upload(path=UPLOAD)


def test_an_upload_that_is_made_anew_has_an_expiry_of_its_own() -> None:
    desk = Desk(
        Fault(says=answer(404)),
        Fault(says=answer(201, location=f"{PATH}/u8")),
        Fault(says=answer(503)),
        upload=Upload(path=UPLOAD, expires=UNTIL),
    )
    desk.attempt()
    assert desk.upload == Upload(path=f"{PATH}/u8")
