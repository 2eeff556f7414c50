"""What a person should know: in what order, in which words, and with what he can do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from logferry_daemon.control import views
from logferry_daemon.control.attention import MAX_ATTENTION, attention, closed
from logferry_daemon.core.gate import OPEN, Gate
from logferry_daemon.ports import Backlog, KeyNote
from logferry_ipc.messages import Attention, DaemonState
from tests.daemon.control.rows import HELD, NOW, OFFLINE, PAUSED, PLAYED, SESSION, UNSURE, codes, row, totals, troubles

WEST = timezone(timedelta(hours=-8))


def test_an_open_question_needs_a_person_and_is_told_of() -> None:
    question = Attention(code="identity-unknown", message="Who?", hint="Say.")
    assert attention({}, [], {}, [], questions=[question]) == (question,)
    nothing = views.counts(totals(), {})
    assert views.daemon_state(nothing, {}, {}, paused=False, asked=True) is DaemonState.ATTENTION


def test_what_was_there_before_is_told_with_its_number_its_time_and_the_way_on() -> None:
    backlog = Backlog(sessions=1200, first=NOW - timedelta(days=400), last=NOW)
    (told,) = attention({}, [], {}, [], backlog=backlog, zone=UTC)
    assert told.code == "backlog"
    assert "1,200 sessions from 2025-01-25 to 2026-03-01" in told.message
    assert "logferry upload --all" in told.hint
    (one,) = attention({}, [], {}, [], backlog=Backlog(sessions=1, first=NOW, last=NOW), zone=UTC)
    assert "1 session of 2026-03-01 was" in one.message


def test_days_are_those_of_the_calendar_that_the_command_goes_by() -> None:
    """By another one, `--since` would leave out the evening that it is about."""
    late = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
    (told,) = attention({}, [], {}, [], backlog=Backlog(sessions=2, first=late, last=late), zone=WEST)
    assert "2 sessions of 2026-03-01" in told.message
    assert "--since 2026-03-01" in told.hint


def told_of(gate: Gate) -> list[str]:
    return [one.hint for one in attention({"home": gate}, [], {}, [])]


def test_a_game_that_is_played_needs_nobody_and_what_is_not_known_about_it_is_said() -> None:
    assert told_of(PLAYED) == []
    assert told_of(UNSURE) == [UNSURE.hint]


def test_every_closed_destination_says_why_and_until_when() -> None:
    assert list(closed({"a": OPEN, "b": OFFLINE}, UTC)) == ["b waits: cannot be reached; next try at 20:00:00."]


def test_what_needs_a_person_comes_in_the_order_of_its_urgency() -> None:
    entries = attention({"home": HELD}, [row()], {"hunts": "the folder is not there"}, troubles(1))
    assert codes(entries) == ["destination-held", "delivery-failed", "source-missing", "empty"]


def test_nothing_to_say_is_nothing_said() -> None:
    assert attention({"home": OPEN}, [], {"hunts": "watching", "putts": "starting"}, []) == ()


def test_what_is_to_be_known_of_keys_is_said_again_and_again() -> None:
    note = KeyNote(code="key-in-file", message="The key of home lies in a file.", hint="logferry login home")
    for _ in range(2):
        (entry,) = attention({"home": OPEN}, [], {}, [], keys=[note])
        assert (entry.code, entry.message, entry.hint) == (note.code, note.message, note.hint)


def test_a_pause_is_the_owners_own_wish_and_needs_no_attention() -> None:
    assert attention({"home": PAUSED}, [], {}, []) == ()


def test_a_closed_destination_says_what_to_do() -> None:
    (entry,) = attention({"home": HELD}, [], {}, [])
    assert (entry.message, entry.hint) == ("home: no consent; nothing waits for it.", "logferry consent grant home")


def test_a_failed_delivery_names_session_destination_and_reason() -> None:
    (entry,) = attention({}, [row()], {}, [])
    assert entry.message == f"Session {SESSION} was refused by home: Not a session (422)."


def test_a_failed_delivery_says_how_to_try_again() -> None:
    (entry,) = attention({}, [row()], {}, [])
    assert f"logferry retry {SESSION}" in entry.hint


def test_a_file_in_trouble_is_named() -> None:
    (entry,) = attention({}, [], {}, troubles(1))
    assert entry.message == "hunts: file-0.json: the file is empty."


def test_as_many_entries_as_there_is_room_for_are_all_told() -> None:
    assert len(attention({}, [], {}, troubles(MAX_ATTENTION))) == MAX_ATTENTION


def test_more_entries_than_there_is_room_for_are_counted() -> None:
    entries = attention({}, [], {}, troubles(MAX_ATTENTION + 7))
    assert (len(entries), entries[-1]) == (
        MAX_ATTENTION + 1,
        Attention(code="more", message="... and 7 more."),
    )


def test_the_most_urgent_is_never_among_those_only_counted() -> None:
    entries = attention({"home": HELD}, [row()], {}, troubles(200))
    assert codes(entries)[:2] == ["destination-held", "delivery-failed"]


@pytest.mark.parametrize(
    ("wait", "when"),
    [(timedelta(hours=2), "22:00:00"), (timedelta(hours=24), "2026-03-02 20:00"), (timedelta(hours=-1), "19:00:00")],
)
def test_a_time_that_is_not_of_today_has_its_day(wait: timedelta, when: str) -> None:
    gate = Gate(open=False, state="waiting", reason="limit reached", until=NOW + wait)
    (entry,) = attention({"home": gate}, [], {}, [], waiting={"home": 1}, zone=UTC, now=NOW)
    assert entry.message == f"home: limit reached; 1 upload waits, next try at {when}."


@pytest.mark.parametrize(
    ("gate", "number", "said"),
    [
        (
            Gate(open=False, held=True, state="held", reason="no key"),
            1,
            "home: no key; 1 upload waits until you change that.",
        ),
        (
            Gate(open=False, state="offline", reason="cannot be reached", until=NOW),
            1200,
            "home: cannot be reached; 1,200 uploads wait, next try at 12:00:00.",
        ),
        (
            Gate(open=True, state="offline", reason="cannot be reached"),
            2,
            "home: cannot be reached; 2 uploads wait, and it is tried right now.",
        ),
    ],
)
def test_a_destination_in_trouble_is_one_sentence_of_cause_effect_and_what_comes_next(
    gate: Gate, number: int, said: str
) -> None:
    (entry,) = attention({"home": gate}, [], {}, [], waiting={"home": number}, zone=WEST)
    assert entry.message == said
