"""What swgdb is sent: the bridge's sections, and requests that are signed one by one."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from logferry_daemon.core.exchange import Acked, Request, Response, Stop
from logferry_daemon.core.reading import About, Document
from logferry_daemon.dialects.swgdb import SwgdbDialect
from logferry_daemon.trackers.swg import SwgBot
from logferry_model.errors import Misconfigured
from tests.daemon.dialects.seeds import NOW, SECOND, URL, body_of, letter_for, says, session_for, several, talk, talked

SESSION = session_for("swgdb")
POST = Request(method="POST", path="/sessions/upload", body=b'{"a": 1}')
GET = Request(method="GET", path="/sessions/1/status")


def signed(key: str, text: str) -> str:
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    ("secret", "signer"), [("u:k", "k"), ("u:k:s", "s"), ("u:k:", "k"), ("u:k:s:t", "s:t"), (" u:k \n", "k")]
)
def test_a_request_carries_the_users_hash_the_key_and_a_signature_of_time_and_body(secret: str, signer: str) -> None:
    time = str(int(NOW.timestamp()))
    assert SwgdbDialect().credentials(secret, POST, NOW) == {
        "X-API-Key": "k",
        "X-User-Hash": "u",
        "X-Timestamp": time,
        "X-Signature": signed(signer, f'{time}.{{"a": 1}}'),
    }


def test_a_request_without_a_body_is_signed_too() -> None:
    headers = SwgdbDialect().credentials("u:k", GET, NOW)
    assert headers["X-Signature"] == signed("k", f"{headers['X-Timestamp']}.")


def test_another_moment_has_another_signature() -> None:
    both = {SwgdbDialect().credentials("u:k", POST, at)["X-Signature"] for at in (NOW, NOW + SECOND)}
    assert len(both) == 2


@pytest.mark.parametrize("secret", ["", "k", "u:", ":k", "::s"])
def test_a_secret_of_another_form_is_refused_and_not_told(secret: str) -> None:
    with pytest.raises(Misconfigured, match="USER-HASH:API-KEY") as caught:
        SwgdbDialect().credentials(secret, POST, NOW)
    assert caught.value.hint.format(name="home").endswith("logferry login home")


def test_the_tracker_reads_it_back_as_the_same_session() -> None:
    document = json.dumps(body_of(letter_for("swgdb"))).encode()
    (found,) = SwgBot().read(Document(data=document, about=About(zone=UTC))).found
    back = found.session
    assert {one.name: one.value for one in found.statistics().measures} == {
        one.name: one.value for one in SESSION.statistics.measures
    }
    assert (back.started_at, back.ended_at, back.facts) == (SESSION.started_at, SESSION.ended_at, SESSION.facts)
    assert [(one.at, one.type) for one in back.events] == [(one.at, one.type) for one in SESSION.events]


def test_all_sections_are_there_also_when_nothing_happened() -> None:
    body = body_of(letter_for("swgdb", events=(), facts={}))
    assert body["event_data"] == {
        "communication_events": [],
        "player_encounters": [],
        "guild_alerts": [],
        "actions": [],
        "afk_periods": [],
        "stuck_events": [],
    }
    assert body["location_data"] == {"planets_visited": [], "locations_visited": []}
    assert body["quest_data"]["quests_completed"] == []


def test_what_was_accepted_is_asked_about_at_once() -> None:
    letter = letter_for("swgdb")
    accepted = says(202, {"success": True, "status": "accepted"})
    _, asked = talked("swgdb", [accepted, says(404)], letter=letter)
    assert [(one.method, one.path, one.body) for one in asked[1:]] == [
        ("GET", f"/sessions/session_{SESSION.id}/status", b"")
    ]


def clock_refused(at: datetime, status: int = 401, **headers: str) -> Response:
    said = {"success": False, "error": "Timestamp outside the window"}
    return says(status, said, date=format_datetime(at, usegmt=True), **headers)


STORED = says(200, {"success": True})
THEIRS = NOW + timedelta(days=3)


@pytest.mark.parametrize("days", [-3, 3, 20_000])
@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_time_that_is_refused_is_told_anew_by_the_servers_clock_once(days: int, status: int) -> None:
    theirs = NOW + timedelta(days=days)
    outcome, asked = talked("swgdb", [clock_refused(theirs, status), STORED], letter=letter_for("swgdb"))
    assert isinstance(outcome, Acked)
    mine, its = [SwgdbDialect().credentials("u:k", one, NOW)["X-Timestamp"] for one in asked]
    assert (int(mine), int(its)) == (NOW.timestamp(), theirs.timestamp())
    assert [one.body for one in asked] == [letter_for("swgdb").body] * 2


def test_what_is_signed_is_the_servers_time() -> None:
    _, asked = talked("swgdb", [clock_refused(THEIRS), STORED], letter=letter_for("swgdb"))
    headers = SwgdbDialect().credentials("u:k", asked[1], NOW)
    body = asked[1].body.decode()
    assert headers["X-Signature"] == signed("k", f"{int(THEIRS.timestamp())}.{body}")


def test_all_that_follows_is_signed_by_the_clock_of_the_latest_answer() -> None:
    later = THEIRS + timedelta(minutes=9)
    accepted = says(202, {"success": True}, date=format_datetime(later, usegmt=True))
    _, asked = talked("swgdb", [clock_refused(THEIRS), accepted, says(404)], letter=letter_for("swgdb"))
    assert [one.headers.get("X-Timestamp", "") for one in asked] == [
        "",
        str(int(THEIRS.timestamp())),
        str(int(later.timestamp())),
    ]


@pytest.mark.parametrize("date", ["", "soon", format_datetime(NOW + timedelta(seconds=20), usegmt=True)])
def test_without_another_time_nothing_is_sent_again(date: str) -> None:
    outcome, asked = talked("swgdb", [says(401, {"error": "clock skew"}, date=date)], letter=letter_for("swgdb"))
    assert isinstance(outcome, Stop)
    assert len(asked) == 1


def test_a_time_that_anybody_on_the_way_may_have_written_is_not_signed() -> None:
    conversation = SwgdbDialect().deliver(letter_for("swgdb"), url="http://swgdb.example/v1", now=NOW)
    next(conversation)
    with pytest.raises(StopIteration) as done:
        conversation.send(clock_refused(THEIRS))
    assert isinstance(done.value.value, Stop)


def test_a_server_that_refuses_its_own_time_is_not_asked_a_third_time() -> None:
    outcome, asked = talked("swgdb", [clock_refused(THEIRS)] * 2, letter=letter_for("swgdb"))
    assert isinstance(outcome, Stop)
    assert len(asked) == 2


def test_several_together_are_signed_anew_too_and_the_clock_is_not_taken_for_the_key() -> None:
    letters = several("swgdb", 2)
    talk_of_both = SwgdbDialect().together(letters, url=URL, now=NOW)
    next(talk_of_both)
    again = talk_of_both.send(clock_refused(THEIRS))
    assert again.headers["X-Timestamp"] == str(int(THEIRS.timestamp()))
    with pytest.raises(StopIteration) as done:
        talk_of_both.send(clock_refused(THEIRS))
    reasons = {one.reason for one in done.value.value if isinstance(one, Stop)}
    assert reasons == {"the signature's time was refused: Timestamp outside the window"}


@pytest.mark.parametrize("text", ["Timestamp too old", "Check your clock", "possible replay"])
def test_a_clock_that_is_wrong_is_told_and_tried_again_by_itself(text: str) -> None:
    outcome: Any = talk("swgdb", says(401, {"success": False, "error": text}))
    assert isinstance(outcome, Stop)
    assert outcome.wait is not None
    assert "clock" in outcome.hint
