"""What an artemis server is sent: the hunt as the tracker itself would have written it."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import UTC
from typing import Any

import msgspec
import pytest

from logferry_daemon.core.exchange import Parcel
from logferry_daemon.core.reading import About, Document, Found
from logferry_daemon.dialects.artemis import ArtemisDialect
from logferry_daemon.trackers.artemis import Artemis
from logferry_model.session import Session
from tests.daemon.dialects.seeds import body_of, letter_for, parcel, session_for

SESSION = session_for("artemis")


def sent(**changes: Any) -> Any:  # noqa: ANN401 -- any JSON value
    return body_of(letter_for("artemis", **changes))["session"]


def read_back(document: Any) -> Found:  # noqa: ANN401 -- any JSON value
    (found,) = Artemis().read(Document(data=json.dumps(document).encode(), about=About(zone=UTC))).found
    return found


def user(given: Parcel) -> Any:  # noqa: ANN401 -- any JSON value
    return json.loads(gzip.decompress(ArtemisDialect().write(given).body))["user"]


def test_the_tracker_reads_it_back_as_the_same_hunt() -> None:
    found = read_back(sent())
    assert found.statistics() == SESSION.statistics
    assert found.session.natural_key == SESSION.natural_key
    assert [event.at for event in found.session.events] == [event.at for event in SESSION.events]


def test_what_was_typed_in_is_read_back_too() -> None:
    economy = SESSION.statistics.economy
    assert economy is not None
    typed = msgspec.structs.replace(economy, other_cost=9.0, armour_cost=4.0, healing_cost=3.0)
    statistics = msgspec.structs.replace(SESSION.statistics, economy=typed)
    back = read_back(sent(statistics=statistics, facts={"paused_ms": 60_000})).session
    assert back.statistics.economy == typed
    assert back.facts == {"paused_ms": 60_000}


def test_no_line_of_the_chat_log_is_sent() -> None:
    assert {event["raw"] for event in sent()["events"]} == {""}


def test_names_that_may_not_leave_have_others_in_their_place() -> None:
    document = sent()
    assert document["name"] == "Hunt 2026-03-01 20:00 UTC"
    assert [one["name"] for one in document["loadoutSnapshots"].values()] == ["Loadout 1", "Loadout 2"]


def test_a_name_that_may_leave_is_sent() -> None:
    assert sent(name="session-4711")["name"] == "session-4711"


def test_a_hunt_that_is_over_is_no_partial_one() -> None:
    assert (sent()["partial"], "endedAt" in sent()) == (False, True)


def test_a_hunt_that_runs_is_a_partial_one_without_an_end() -> None:
    running = sent(end=None)
    assert (running["partial"], "endedAt" in running) == (True, False)


@pytest.mark.parametrize(
    ("key", "own"),
    [
        ("session-1772395200331@2026-03-01T20:00:00.331000+00:00", "session-1772395200331"),
        ("session-1772395200331@2026-03-01T20:00:00.331000+00:00/1772395300000", f"session-{SESSION.id}"),
        ("a9894b01388e@2026-03-01T20:00:00+00:00", f"session-{SESSION.id}"),
    ],
    ids=["the tracker's own", "a part that was cut", "a typed one"],
)
def test_it_has_the_trackers_own_id_where_that_means_all_of_it(key: str, own: str) -> None:
    assert sent(natural_key=key)["id"] == own


def test_the_chat_log_of_the_same_game_goes_there_too() -> None:
    session: Session = msgspec.structs.replace(SESSION, tracker="entropia-chat", natural_key="x@2026")
    assert ArtemisDialect().write(parcel(session)).headers["X-Session-Id"] == f"session-{SESSION.id}"


def test_the_packed_bytes_hold_no_time() -> None:
    letter = letter_for("artemis")
    assert (letter.body[4:8], letter.headers["Content-Encoding"]) == (bytes(4), "gzip")


def test_the_sender_is_named_by_nothing_but_a_random_id() -> None:
    assert user(parcel(SESSION)) == {"userId": "5f0c", "version": "0.1.0", "platform": "linux"}


def test_platforms_have_the_trackers_names() -> None:
    given = [replace(parcel(SESSION), platform=one) for one in ("windows", "macos", "linux")]
    assert [user(one)["platform"] for one in given] == ["windows", "darwin", "linux"]
