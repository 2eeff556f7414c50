"""Every row of the table of answers, and what is made of answers that no table foresees."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.exchange import Acked, GoneByOwner, Later, Outcome, Parked, Response, Stop
from logferry_daemon.dialects.status import LIMITED_PAUSE, OFFLINE_PAUSE, PORTAL_PAUSE, outcome_of_failure

NOW = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
HTML = b"<html><body>Please log in to the network of this hotel</body></html>"


def answer(status: int, body: bytes = b"", **headers: str) -> Outcome:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return outcome_of_failure(Response(status=status, headers=named, body=body), NOW)


def problem(status: int, **fields: Any) -> bytes:  # noqa: ANN401 -- any JSON value
    return msgspec.json.encode({"title": "No", "status": status, "code": "no"} | fields)


def reason(outcome: Outcome) -> str:
    assert not isinstance(outcome, Acked)
    return outcome.reason


PARKING = (400, 413, 415, 422)
STOPPING = (301, 302, 303, 307, 308, 401, 403, 404, 405, 431, 501, 505)
PASSING = (408, 425, 500, 502, 503, 504, 507)
BUSY = (409, 423)


@pytest.mark.parametrize("status", PARKING)
def test_a_refused_item_is_parked_and_stops_nothing_else(status: int) -> None:
    assert isinstance(answer(status), Parked)


@pytest.mark.parametrize("status", STOPPING)
def test_what_a_person_has_to_mend_stops_the_destination_until_then(status: int) -> None:
    outcome = answer(status)
    assert isinstance(outcome, Stop)
    assert (outcome.wait, outcome.offline) == (None, False)


@pytest.mark.parametrize("status", STOPPING)
def test_what_a_person_has_to_mend_says_how(status: int) -> None:
    outcome = answer(status)
    assert isinstance(outcome, Stop)
    assert outcome.hint


@pytest.mark.parametrize("status", PASSING)
def test_trouble_that_passes_is_tried_again_and_counts_for_the_breaker(status: int) -> None:
    outcome = answer(status)
    assert isinstance(outcome, Later)
    assert (outcome.trouble, outcome.free) == (True, False)


@pytest.mark.parametrize("status", [status for status in PASSING if status != 500])
def test_trouble_that_passes_never_parks(status: int) -> None:
    outcome = answer(status)
    assert isinstance(outcome, Later)
    assert outcome.parks_after is None


def test_a_failing_server_parks_after_many_attempts_and_a_day() -> None:
    outcome = answer(500)
    assert isinstance(outcome, Later)
    assert (outcome.parks_after, outcome.parks_age) == (20, timedelta(hours=24))


@pytest.mark.parametrize("status", BUSY)
def test_a_request_whose_twin_is_being_worked_on_is_tried_again_soon(status: int) -> None:
    outcome = answer(status)
    assert isinstance(outcome, Later)
    assert (outcome.floor, outcome.trouble) == (timedelta(seconds=1), False)
    assert (outcome.parks_after, outcome.parks_age) == (20, timedelta(hours=24)), "it is not under way for ever"


def test_a_report_that_its_owner_deleted_is_never_sent_again() -> None:
    assert isinstance(answer(410, problem(410, code="report-deleted")), GoneByOwner)


@pytest.mark.parametrize("body", [b"", HTML, b'{"error": "gone"}', problem(410), problem(410, code="")])
def test_an_address_that_is_gone_has_deleted_no_report(body: bytes) -> None:
    outcome = answer(410, body)
    assert isinstance(outcome, Stop)
    assert (outcome.wait, outcome.offline) == (None, False)
    assert outcome.hint


def test_a_limit_stops_the_destination_for_as_long_as_it_says() -> None:
    outcome = answer(429, retry_after="17")
    assert isinstance(outcome, Stop)
    assert outcome.wait == timedelta(seconds=17)


def test_a_limit_that_says_no_time_stops_the_destination_for_a_minute() -> None:
    outcome = answer(429)
    assert isinstance(outcome, Stop)
    assert outcome.wait == LIMITED_PAUSE


def test_a_digest_that_does_not_match_is_tried_three_times() -> None:
    outcome = answer(422, problem(422, code="digest-mismatch"))
    assert isinstance(outcome, Later)
    assert (outcome.parks_after, outcome.parks_age, outcome.trouble) == (3, timedelta(), False)


@pytest.mark.parametrize("status", [200, 201, 202, 203, 204, 206, 511])
def test_a_page_of_a_captive_portal_counts_as_offline(status: int) -> None:
    outcome = answer(status, HTML, content_type="text/html")
    assert isinstance(outcome, Stop)
    assert (outcome.offline, outcome.wait) == (True, OFFLINE_PAUSE)


def test_a_portal_that_asks_for_more_time_gets_it() -> None:
    outcome = answer(511, retry_after="300")
    assert isinstance(outcome, Stop)
    assert outcome.wait == timedelta(minutes=5)


def test_an_empty_answer_is_not_called_a_page() -> None:
    assert reason(answer(204)) == "an empty answer came instead of the collector (204): no real connection yet"


@pytest.mark.parametrize("status", [200, 511])
def test_a_portal_does_not_keep_away_what_it_knows_nothing_of(status: int) -> None:
    outcome = answer(status, HTML, content_type="text/html", retry_after="86400")
    assert isinstance(outcome, Stop)
    assert (outcome.offline, outcome.wait) == (True, PORTAL_PAUSE)
    assert timedelta(minutes=5) >= PORTAL_PAUSE


@pytest.mark.parametrize("status", [402, 406, 412, 418, 426, 428, 451, 460, 499])
def test_an_unknown_no_is_about_the_item(status: int) -> None:
    assert isinstance(answer(status), Parked)


@pytest.mark.parametrize("status", [506, 508, 510, 520, 525, 599])
def test_unknown_trouble_is_about_the_server(status: int) -> None:
    outcome = answer(status)
    assert isinstance(outcome, Later)
    assert outcome.parks_after is None


@pytest.mark.parametrize("status", [*PASSING, *BUSY])
@pytest.mark.parametrize("header", ["90", format_datetime(NOW + timedelta(seconds=90), usegmt=True)])
def test_no_try_is_made_sooner_than_retry_after(status: int, header: str) -> None:
    outcome = answer(status, retry_after=header)
    assert isinstance(outcome, Later)
    assert outcome.floor == timedelta(seconds=90)


@pytest.mark.parametrize("days", [-3, 0, 3])
def test_a_date_is_meant_by_the_clock_of_whoever_wrote_it(days: int) -> None:
    theirs = NOW + timedelta(days=days)
    until = format_datetime(theirs + timedelta(seconds=90), usegmt=True)
    outcome = answer(503, retry_after=until, date=format_datetime(theirs, usegmt=True))
    assert isinstance(outcome, Later)
    assert outcome.floor == timedelta(seconds=90)


def test_no_failure_of_any_status_is_taken_for_a_success() -> None:
    assert [status for status in range(100, 600) if isinstance(answer(status), Acked)] == []


def test_every_failure_has_a_reason_that_names_its_status() -> None:
    assert [status for status in range(100, 600) if str(status) not in reason(answer(status))] == []


@given(st.integers(100, 999), st.binary(max_size=60), st.text(max_size=20))
def test_no_answer_breaks_the_table(status: int, body: bytes, retry_after: str) -> None:
    assert not isinstance(answer(status, body, retry_after=retry_after), Acked)


def test_the_other_side_is_quoted() -> None:
    body = problem(422, title="Not a session", detail="events is missing.")
    assert reason(answer(422, body)) == "Not a session: events is missing (422)"


def test_a_problem_without_detail_is_quoted_by_its_title() -> None:
    assert reason(answer(403, problem(403, title="Read only"))) == "not allowed: Read only (403)"


def test_an_answer_that_is_no_problem_is_quoted_by_its_status() -> None:
    assert reason(answer(409, b"{}")) == "status 409, conflict"
    assert reason(answer(599, b"{}")) == "status 599"


@pytest.mark.parametrize("body", [b"", b"null", b"\xff", b"[", b'{"title": 1}', b'{"x":' + b"[" * 200_000, HTML])
def test_a_body_that_is_no_problem_is_not_quoted(body: bytes) -> None:
    assert reason(answer(409, body)) == "status 409, conflict"


def test_a_long_quote_is_cut() -> None:
    assert len(reason(answer(422, problem(422, title="x" * 10_000)))) <= 210


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_nothing_that_a_terminal_would_obey_is_quoted(detail: str) -> None:
    assert reason(answer(422, problem(422, detail=detail))).isprintable()


def test_escape_sequences_of_the_other_side_are_taken_apart() -> None:
    assert reason(answer(422, problem(422, title="\x1b[2Jall\n\u202egone"))) == "[2Jall gone (422)"
