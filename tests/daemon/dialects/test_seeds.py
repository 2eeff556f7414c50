"""The dialects of the seeds against recorded conversations: what is asked, and what each answer means."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.exchange import (
    Acked,
    Later,
    Outcome,
    Parked,
    Report,
    Response,
    Stop,
)
from logferry_daemon.dialects.foreign import reason_in
from logferry_model.envelope import ReceiptStatus
from logferry_model.errors import Refused
from tests.daemon.dialects.seeds import (
    KEY,
    NAMES,
    NOW,
    SECOND,
    URL,
    body_of,
    dialect_of,
    letter_for,
    parcel,
    says,
    session_for,
    shown,
    talk,
    talked,
)
from tests.daemon.golden import expected, stored

ANSWERS: dict[str, dict[str, Any]] = {name: json.loads(stored(f"dialects/{name}/answers.json")) for name in NAMES}
CASES = [(name, case) for name in NAMES for case in ANSWERS[name]]
GIFTS = {
    "artemis": [says(200, {"success": True})],
    "resonance": [says(201, {"reportId": "r1"})],
    "putt": [
        says(200, {"success": True, "session_id": letter_for("putt").headers["X-Session-Id"]}),
        says(200, {"success": True, "session_id": letter_for("putt").headers["X-Session-Id"]}),
    ],
    "swgdb": [says(200, {"success": True})],
}
"""The least that each takes for a success."""


def talk_once(name: str, answer: Response) -> Outcome | None:
    """What comes of one answer; None where more is asked."""
    conversation = dialect_of(name).deliver(letter_for(name), url=URL, now=NOW)
    next(conversation)
    try:
        conversation.send(answer)
    except StopIteration as done:
        outcome: Outcome = done.value
        return outcome
    return None


def reason(outcome: Outcome) -> str:
    assert not isinstance(outcome, Acked)
    return outcome.reason


@pytest.mark.parametrize("name", NAMES)
def test_what_is_asked_is_what_was_recorded(name: str) -> None:
    letter = letter_for(name)
    first = ANSWERS[name]["accepted, and done when asked" if name == "swgdb" else "stored"]["answers"]
    answers = [says(one["status"], one["body"], kind=one["type"]) for one in first]
    _, asked = talked(name, answers, letter=letter)
    made = [shown(name, request) for request in asked]
    assert made == expected(f"dialects/{name}/requests.json", made)


@pytest.mark.parametrize(("name", "case"), CASES)
def test_an_answer_means_what_was_recorded(name: str, case: str) -> None:
    recorded = ANSWERS[name][case]
    answers = [says(one["status"], one["body"], kind=one["type"]) for one in recorded["answers"]]
    outcome = talk(name, *answers)
    assert type(outcome).__name__ == recorded["outcome"]
    if isinstance(outcome, Acked):
        found = (outcome.receipt.report_id, outcome.receipt.report_url)
        assert found == (recorded["report_id"], recorded["report_url"])
    else:
        assert reason(outcome) == recorded["reason"]


@pytest.mark.parametrize("name", NAMES)
def test_equal_parcels_make_equal_letters(name: str) -> None:
    assert letter_for(name) == letter_for(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_letter_names_its_delivery_its_session_and_its_revision(name: str) -> None:
    headers = letter_for(name, revision=3).headers
    assert (headers["Idempotency-Key"], headers["X-Session-Revision"]) == (f'"{KEY}"', "3")
    assert headers["X-Session-Id"] in json.dumps(body_of(letter_for(name)))


@pytest.mark.parametrize("name", NAMES)
def test_the_receipt_is_of_this_delivery(name: str) -> None:
    letter = letter_for(name, revision=1)
    outcome = talk(name, *GIFTS[name], letter=letter)
    assert isinstance(outcome, Acked)
    receipt = outcome.receipt
    assert (receipt.idempotency_key, receipt.payload_digest, receipt.created_at) == (KEY, letter.payload_digest, NOW)


@pytest.mark.parametrize("name", NAMES)
def test_sessions_of_other_trackers_are_refused_before_anything_is_sent(name: str) -> None:
    for other in set(NAMES) - {name}:
        with pytest.raises(Refused, match=f"^{name} takes .* only, and this is a session of ") as caught:
            dialect_of(name).write(parcel(session_for(other)))
        assert session_for(other).tracker in caught.value.message


@pytest.mark.parametrize("name", NAMES)
def test_names_stand_where_the_contract_wants_one_also_when_none_may_leave(name: str) -> None:
    session = session_for(name)
    nameless = tuple(msgspec.structs.replace(person, name=None) for person in session.participants)
    text = json.dumps(body_of(letter_for(name, participants=nameless)))
    assert "Player 1" in text or name == "artemis"
    assert not [person.name for person in session.participants if person.name and person.name in text]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_over_there_can_be_deleted_and_nothing_is_asked(name: str) -> None:
    conversation = dialect_of(name).delete(Report(report_id="r1", idempotency_key=KEY, age=SECOND), now=NOW)
    with pytest.raises(StopIteration) as done:
        next(conversation)
    assert isinstance(done.value.value, Parked)
    assert "no way to delete" in done.value.value.reason


# the table of answers


TABLE = {
    301: Stop,
    401: Stop,
    402: Parked,
    404: Stop,
    405: Stop,
    410: Stop,
    413: Parked,
    415: Parked,
    418: Parked,
    422: Parked,
    429: Stop,
    451: Parked,
    500: Later,
    502: Later,
    503: Later,
    507: Later,
    511: Stop,
    599: Later,
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("status", TABLE)
def test_a_status_alone_means_what_the_table_says(name: str, status: int) -> None:
    outcome = talk(name, says(status, {"error": "because"}))
    assert isinstance(outcome, TABLE[status])
    if status not in {301, 511}:
        assert "because" in reason(outcome)


SAID = {
    "Rate limit exceeded": Stop,
    "Too many requests, slow down": Stop,
    "Invalid API key": Stop,
    "Signature does not match": Stop,
    "access denied: unauthorized": Stop,
    "Down for maintenance": Later,
    "database is locked": Later,
    "File exceeds the upload limit of 5 MB": Parked,
    "Encounter is too large for an upload limit of 10MB": Parked,
    "Upload limit reached": Stop,
    "100 MB a day are used up": Stop,
    "20 uploads per hour": Stop,
    "Session is longer than a day": Parked,
    "loot per hour is not plausible": Parked,
    "ends more than 1 day from now, at most a day is taken": Parked,
    "name must be at most 64 bytes": Parked,
    "Too many players: 60": Parked,
    "Invalid key 'foo' in body": Parked,
    "Unexpected token < in JSON": Parked,
    "Skill limit exceeded": Parked,
    "duplicate": Parked,
    "no idea": Parked,
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("status", [200, 400, 422])
@pytest.mark.parametrize("field", ["error", "message", "detail"])
@pytest.mark.parametrize("text", SAID)
def test_the_text_decides_where_a_status_is_given_for_all_kinds_of_trouble(
    name: str, status: int, field: str, text: str
) -> None:
    outcome = talk(name, says(status, {"success": False, field: text}))
    assert isinstance(outcome, SAID[text])
    assert text in reason(outcome)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "text", ["Session does not belong to this account", "This encounter is owned by another player"]
)
def test_a_session_of_somebody_else_holds_up_no_other(name: str, text: str) -> None:
    assert isinstance(talk(name, says(403, {"error": text})), Parked)


@pytest.mark.parametrize("name", NAMES)
def test_a_text_that_is_no_json_is_quoted_too(name: str) -> None:
    assert reason(talk(name, says(422, "EVTC file is empty", kind="text/plain"))) == "EVTC file is empty (422)"


JOI = {"_original": {"name": 7}, "details": [{"message": "No boss", "path": ["name"], "type": "string.base"}]}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "said",
    [
        {"error": {"message": "No boss"}},
        {"error": JOI},
        {"errors": ["No boss", "No hunt"]},
        {"errors": [{"pointer": "/bosses", "reason": "No boss"}]},
        {"detail": [{"loc": ["body"], "msg": "No boss"}]},
    ],
    ids=["object", "joi", "texts", "problem", "fastapi"],
)
def test_an_error_in_an_object_or_a_list_is_found(name: str, said: Any) -> None:  # noqa: ANN401 -- any JSON value
    assert reason(talk(name, says(422, said))) == "No boss (422)"


@pytest.mark.parametrize("said", [[], [[]], {}, {"error": {}}, 7, True, None, "", " "])
def test_without_a_text_the_status_is_all_there_is_to_say(said: Any) -> None:  # noqa: ANN401 -- any JSON value
    assert reason(talk("artemis", says(422, {"error": said}))).startswith("status 422")


def test_of_a_text_without_end_only_the_beginning_is_looked_at() -> None:
    endless = says(403, {"error": "session " * 500_000 + "belongs to nobody"})
    assert len(reason_in(endless)) == 2_000
    assert isinstance(talk("putt", endless), Stop)


def test_a_text_that_is_buried_deep_is_not_dug_for() -> None:
    deep: Any = "No boss"
    for _ in range(200):
        deep = {"error": deep}
    assert reason(talk("artemis", says(422, deep))).startswith("status 422")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("body", ["", "OK", "[]", "null", "{}", '{"success": "true"}', '{"success": 1}', '{"id": 7}'])
@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_without_the_words_of_the_contract_nothing_counts_as_sent(name: str, status: int, body: str) -> None:
    assert not isinstance(talk_once(name, says(status, body)), Acked | None)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("status", [200, 201, 202])
@pytest.mark.parametrize("kind", ["text/html", "application/json"])
def test_a_web_page_is_no_success_whatever_it_calls_itself(name: str, status: int, kind: str) -> None:
    outcome = talk(name, says(status, '<html>{"success": true}</html>', kind=kind))
    assert isinstance(outcome, Stop)
    assert outcome.offline


@pytest.mark.parametrize("name", NAMES)
def test_no_beginning_of_a_success_is_a_success(name: str) -> None:
    good = GIFTS[name][0]
    cuts = [Response(status=good.status, headers=good.headers, body=good.body[:cut]) for cut in range(len(good.body))]
    assert [cut.body for cut in cuts if isinstance(talk_once(name, cut), Acked | None)] == []


@given(st.sampled_from(NAMES), st.integers(100, 599), st.binary(max_size=80))
def test_no_noise_is_a_success(name: str, status: int, body: bytes) -> None:
    assert not isinstance(talk_once(name, Response(status=status, headers={}, body=body)), Acked)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("said", ["https://evil.example/r/1", "//evil.example/r/1", "https://seed.example:22/r/1"])
def test_a_report_is_shown_at_the_destination_itself(name: str, said: str) -> None:
    good = [json.loads(one.body) | {"report_url": said} for one in GIFTS[name]]
    outcome = talk(name, *(says(one.status, body) for one, body in zip(GIFTS[name], good, strict=True)))
    assert isinstance(outcome, Acked)
    assert outcome.receipt.report_url == "https://seed.example:8443/r/1"


@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_a_report_is_short_and_can_be_shown(name: str) -> None:
    good = [json.loads(one.body) | {"reportId": "\x1b[2Jr\u202e" + "x" * 10**6} for one in GIFTS[name]]
    outcome = talk(name, *(says(one.status, body) for one, body in zip(GIFTS[name], good, strict=True)))
    assert isinstance(outcome, Acked)
    assert outcome.receipt.report_id.isprintable()
    assert len(outcome.receipt.report_id) <= 200


@pytest.mark.parametrize("name", ["artemis", "putt", "swgdb"])
def test_of_a_newer_version_it_is_no_success_that_the_session_is_there(name: str) -> None:
    letter = letter_for(name, revision=2)
    named = letter.headers["X-Session-Id"]
    answer = says(409, {"success": False, "error": f"{named} already exists", "session_id": named})
    assert isinstance(talk(name, answer, letter=letter), Parked)


ENCOUNTER = body_of(letter_for("resonance"))


@pytest.mark.parametrize(
    ("there", "kind"),
    [
        (says(200, ENCOUNTER), Acked),
        (says(200, {"encounter": ENCOUNTER}), Acked),
        (says(200, {"report": "of another form"}), Acked),
        (says(200, "[]"), Acked),
        (says(200, "<html>", kind="text/html"), Acked),
        (says(200, {"startedAtMs": "of another kind"}), Acked),
        (says(404), Acked),
        (says(500, {"error": "oops", "startedAtMs": 1}), Acked),
        (says(200, ENCOUNTER | {"startedAtMs": 1}), Parked),
        (says(200, ENCOUNTER | {"endedAtMs": 1}), Parked),
        (says(200, {"encounter": ENCOUNTER | {"startedAtMs": 1}}), Parked),
    ],
)
@pytest.mark.parametrize(
    "first", [says(200, {"reportId": "r/1"}), says(409, {"reportId": "r/1", "error": "duplicate"})]
)
def test_a_report_that_was_there_counts_unless_it_is_of_another_time(
    first: Response, there: Response, kind: type[object]
) -> None:
    outcome, asked = talked("resonance", [first, there], letter=letter_for("resonance"))
    assert isinstance(outcome, kind)
    assert (asked[1].method, asked[1].path, asked[1].body) == ("GET", "/api/v1/encounters/r%2F1", b"")


def test_resonance_never_takes_a_newer_version_and_that_is_said() -> None:
    outcome = talk("resonance", says(200, {"reportId": "r1"}), revision=2)
    assert isinstance(outcome, Parked)
    assert "earlier version" in outcome.reason


def test_resonance_takes_a_newer_version_as_a_new_report_where_there_was_none() -> None:
    outcome = talk("resonance", says(201, {"reportId": "r1"}), revision=2)
    assert isinstance(outcome, Acked)
    assert (outcome.receipt.revision, outcome.receipt.status) == (2, ReceiptStatus.STORED)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_accepted_for_ever_is_told_after_a_day(name: str) -> None:
    accepted = {"success": True, "reportId": "r1", "session_id": letter_for(name).headers["X-Session-Id"]}
    answers = [says(202, accepted), *([says(404)] if name == "swgdb" else [])]
    outcome = talk(name, *answers)
    assert isinstance(outcome, Later)
    assert (outcome.parks_after, outcome.trouble, outcome.floor) == (20, False, 10 * SECOND)
