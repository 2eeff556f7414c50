from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from logferry_daemon.core.exchange import Acked, Erased, Later, Parked, Request, Response, Stop
from logferry_daemon.dialects.catalogue import all_dialects
from logferry_daemon.dialects.supabase import SupabaseDialect
from logferry_model.envelope import sha256_hex
from tests.daemon.dialects.talking import DOCUMENT, NOW, PARCEL, PORTAL, delivered, report, says, talk

URL = "https://abc.supabase.co/rest/v1/sessions"
DIALECT = SupabaseDialect()
LETTER = DIALECT.write(PARCEL)
DIGEST = sha256_hex(DOCUMENT)
ROW = {"session_id": PARCEL.session, "natural_key": PARCEL.natural_key, "revision": 3, "digest": DIGEST}


def error(status: int, code: str, text: str) -> Response:
    """As PostgREST says it."""
    return says(status, {"code": code, "details": None, "hint": None, "message": text})


def test_it_is_found_by_its_name() -> None:
    assert isinstance(all_dialects()["supabase"], SupabaseDialect)


def test_a_session_is_a_row_that_replaces_an_older_one() -> None:
    asked, outcome = talk(DIALECT.deliver(LETTER, url=URL, now=NOW), says(201, [ROW]))
    (request,) = asked
    assert (request.method, request.body) == ("POST", LETTER.body)
    assert request.path == "?on_conflict=tracker,natural_key&select=session_id,natural_key,revision,digest"
    assert request.headers["Prefer"] == "resolution=merge-duplicates,return=representation"
    assert isinstance(outcome, Acked)
    assert outcome.receipt.report_id == PARCEL.session
    assert (outcome.receipt.natural_key, outcome.receipt.revision) == (PARCEL.natural_key, 3)


def test_the_row_has_the_columns_of_the_documented_table() -> None:
    (row,) = msgspec.json.decode(LETTER.body)
    assert row["document"] == msgspec.json.decode(DOCUMENT)
    assert row["digest"] == DIGEST
    columns = ["session_id", "tracker", "natural_key", "revision", "started_at", "ended_at", "digest"]
    assert list(row) == [*columns, "summary", "document"]


def test_the_key_goes_where_the_gateway_and_the_database_look() -> None:
    assert DIALECT.credentials("s3cret", Request(method="POST", path="/"), NOW) == {
        "apikey": "s3cret",
        "Authorization": "Bearer s3cret",
    }


@pytest.mark.parametrize(
    ("answer", "kind", "word"),
    [
        (says(200, [ROW]), Acked, ""),
        (says(201, []), Later, "does not have the row"),
        (says(201, [ROW | {"digest": "00"}]), Later, "does not have the row"),
        (says(201, [ROW, ROW]), Later, "does not have the row"),
        (says(201, ROW), Later, "no rows"),
        (says(201), Later, "no rows"),
        (says(204), Later, "no rows"),
        (PORTAL, Stop, "web page"),
        (error(400, "42P10", "there is no unique or exclusion constraint"), Stop, "table is not as it has to be"),
        (error(404, "PGRST205", "Could not find the table 'public.sessions'"), Stop, "Could not find the table"),
        (error(400, "PGRST204", "Could not find the 'digest' column"), Stop, "table is not"),
        (error(401, "42501", "new row violates row-level security policy"), Stop, "policy of the table"),
        (error(403, "42501", "permission denied for table sessions"), Stop, "policy of the table"),
        (error(401, "PGRST301", "JWT expired"), Stop, "JWT expired"),
        (error(409, "23505", "duplicate key value violates unique constraint"), Parked, "duplicate key"),
        (error(400, "22P02", "invalid input syntax for type uuid"), Parked, "invalid input"),
        (error(413, "", "too large"), Parked, "too big"),
        (error(418, "PGRSTX", "new"), Parked, "new"),
        (error(503, "PGRST001", "Could not connect with the database"), Later, "Could not connect"),
        (says(429, {"message": "slow down"}), Stop, "slow down"),
    ],
)
def test_an_answer_means_what_its_code_and_text_say(answer: Response, kind: type[object], word: str) -> None:
    outcome = delivered(DIALECT, URL, answer)
    assert isinstance(outcome, kind)
    assert word in str(outcome)


ONE = f"?session_id=eq.{PARCEL.session}&select=session_id"
HERE = [{"session_id": PARCEL.session}]


def test_a_row_is_deleted_and_then_looked_for() -> None:
    asked, outcome = talk(DIALECT.delete(report(), now=NOW), says(200, HERE), says(200, []))
    assert [(one.method, one.path) for one in asked] == [("DELETE", ONE), ("GET", ONE)]
    assert outcome == Erased()


def test_a_row_that_a_policy_keeps_is_not_taken_for_deleted() -> None:
    outcome = talk(DIALECT.delete(report(), now=NOW), says(200, []), says(200, HERE))[1]
    assert isinstance(outcome, Parked)


def test_a_row_that_may_still_come_is_waited_for() -> None:
    young = report(report_id="", age=timedelta(seconds=5))
    assert isinstance(talk(DIALECT.delete(young, now=NOW), says(200, []), says(200, []))[1], Later)
    old = report(report_id="", age=timedelta(hours=1))
    assert isinstance(talk(DIALECT.delete(old, now=NOW), says(200, []), says(200, []))[1], Erased)


@pytest.mark.parametrize("answers", [(PORTAL,), (says(200, HERE), PORTAL), (error(403, "42501", "no"),), (says(500),)])
def test_nothing_else_proves_a_deletion(answers: tuple[Response, ...]) -> None:
    assert not isinstance(talk(DIALECT.delete(report(), now=NOW), *answers)[1], Erased)
