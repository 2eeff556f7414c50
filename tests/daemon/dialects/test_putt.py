"""What a putt server is sent: the tracker's own document, and its report where it had written one."""

from __future__ import annotations

import json
from datetime import UTC
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

import msgspec
import pytest

from logferry_daemon.core.exchange import Acked, Request, Stop
from logferry_daemon.core.reading import About, Document, Found
from logferry_daemon.trackers.putt import ProofOfPutt
from tests.daemon.dialects.seeds import body_of, letter_for, says, session_for, talk, talked

SESSION = session_for("putt")
NAME = f"desktop_{SESSION.id}"
FIGURES = "session_20260301_200000.json"
REPORT = "session_report_20260301_200000.csv"
GOOD = says(200, {"success": True, "session_id": NAME, "processing_status": "completed"})


def asked(**changes: Any) -> list[Request]:  # noqa: ANN401 -- any field
    letter = letter_for("putt", **changes)
    answers = [GOOD] * (2 if json.loads(letter.body)["premium_csv"] else 1)
    return talked("putt", answers, letter=letter)[1]


def parts(request: Request) -> dict[str, bytes]:
    """The form, by file names and fields, as a server reads it."""
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    found = {}
    for part in BytesParser(policy=HTTP).parsebytes(head + request.body).iter_parts():
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        found[part.get_filename() or str(part.get_param("name", header="content-disposition"))] = content
    return found


def read_back(path: str, data: bytes, beside: dict[str, bytes] | None = None) -> Found:
    document = Document(data=data, about=About(path=path, zone=UTC), beside=beside or {})
    (found,) = ProofOfPutt().read(document).found
    return found


def measures(found: Found) -> dict[str, float]:
    return {one.name: one.value for one in found.statistics().measures}


OWN = {one.name: one.value for one in SESSION.statistics.measures}


def test_the_tracker_reads_its_figures_back() -> None:
    found = read_back(FIGURES, asked()[0].body)
    assert measures(found) == OWN
    assert [event.type for event in found.session.events] == [event.type for event in SESSION.events]


def test_the_tracker_reads_its_report_back() -> None:
    report = parts(asked()[1])[REPORT]
    found = read_back(REPORT, report)
    assert found.session.natural_key == SESSION.natural_key
    back = measures(found)
    assert {name: back[name] for name in ("putts", "makes", "misses", "accuracy", "best_streak")} == {
        name: OWN[name] for name in ("putts", "makes", "misses", "accuracy", "best_streak")
    }
    # The report has its times to a hundredth, and begins by itself: only the putts can be compared.
    assert [(one.type, one.fields) for one in found.session.events] == [
        (one.type, one.fields) for one in SESSION.events
    ]


def test_the_form_says_which_session_it_belongs_to() -> None:
    assert parts(asked()[1])["session_id"].decode() == NAME


def test_a_session_whose_tracker_wrote_no_report_goes_without() -> None:
    assert len(asked(facts={})) == 1


def test_a_session_without_putts_has_no_report() -> None:
    assert len(asked(events=())) == 1


def test_a_report_has_a_key_of_its_own() -> None:
    first, second = asked()
    assert first.headers["Idempotency-Key"] != second.headers["Idempotency-Key"]


def test_every_try_sends_the_same_report() -> None:
    assert asked()[1] == asked()[1]


def test_a_name_with_a_comma_stays_one_cell() -> None:
    person = SESSION.participants[0]
    odd = msgspec.structs.replace(person, name='Ann, "B"')
    report = parts(asked(participants=(odd,))[1])[REPORT].decode()
    assert report.startswith('Player Name,"Ann, ""B"""\n')


def test_a_session_without_a_stamp_is_dated_by_its_end() -> None:
    assert body_of(letter_for("putt", natural_key="played@2026"))["stamp"] == "20260301_200000"


@pytest.mark.parametrize("text", ["Wrong planet", "Wrong account"])
def test_a_no_to_the_report_that_is_not_about_money_is_heard(text: str) -> None:
    assert isinstance(talk("putt", GOOD, says(403, {"success": False, "error": text})), Stop)


@pytest.mark.parametrize("text", ["Upgrade to Premium", "Not in your plan", "Subscribers only"])
def test_a_no_to_the_report_that_is_about_money_takes_nothing_back(text: str) -> None:
    assert isinstance(talk("putt", GOOD, says(403, {"success": False, "error": text})), Acked)
