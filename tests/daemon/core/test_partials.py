from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.partials import Before, Rhythm, is_due
from logferry_daemon.core.reading import Found, found_whole
from logferry_daemon.intake.file_state import mark
from tests.factories import START, session

SECOND = timedelta(seconds=1)
RHYTHM = Rhythm()
HOUR = timedelta(hours=1)
spans = st.integers(0, 10 * 86_400).map(lambda number: number * SECOND)
rhythms = st.builds(Rhythm, after=spans, every=st.integers(1, 86_400).map(lambda number: number * SECOND))


def running(length: timedelta) -> Found:
    """It has begun at START, and its last line is of so long after."""
    return found_whole(session(ended_at=START + length, end=None))


def asked(found: Found, since: timedelta, before: Before | None = None, rhythm: Rhythm = RHYTHM) -> bool:
    return is_due(found, mark(found), before, START + since, rhythm)


def test_a_session_is_due_when_it_has_become_long() -> None:
    assert not asked(running(2 * HOUR), 2 * HOUR - SECOND)
    assert asked(running(2 * HOUR), 2 * HOUR)


def test_the_next_time_is_due_after_a_while_and_only_with_something_new() -> None:
    found = running(3 * HOUR)
    for passed, old, due in ((599, False, False), (600, False, True), (600, True, False)):
        before = Before(START + 3 * HOUR - passed * SECOND, mark(found) if old else ("other", 1, ""))
        assert asked(found, 3 * HOUR, before) is due


def test_what_an_earlier_daemon_sent_counts_by_its_time() -> None:
    assert not asked(running(3 * HOUR), 3 * HOUR, Before(START + 3 * HOUR - SECOND))
    assert asked(running(3 * HOUR), 3 * HOUR, Before(START + 2 * HOUR))


def test_an_old_log_that_nobody_ended_does_not_run() -> None:
    assert asked(running(3 * HOUR), 3 * HOUR + timedelta(minutes=9))
    assert not asked(running(3 * HOUR), 3 * HOUR + timedelta(minutes=10))


def test_a_clock_that_was_set_back_stops_nothing() -> None:
    assert asked(running(3 * HOUR), 3 * HOUR, Before(START + timedelta(days=3)))


def test_a_session_that_was_written_by_a_clock_that_was_ahead_is_as_long_as_it_says() -> None:
    assert asked(running(3 * HOUR), -12 * HOUR)
    assert not asked(running(HOUR), -12 * HOUR)


@given(rhythms, st.lists(st.integers(1, 7_200), min_size=1, max_size=60))
def test_partials_keep_their_distance_and_the_same_state_is_sent_once(rhythm: Rhythm, steps: list[int]) -> None:
    """A session writes a line at each step, and is looked at just then."""
    now, before, sent = timedelta(), None, []
    for number, step in enumerate(steps):
        now += step * SECOND
        found = running(now)
        state = ("id", number, "")
        if is_due(found, state, before, START + now, rhythm):
            assert now >= rhythm.after
            assert before is None or START + now - before.at >= rhythm.every
            assert state not in sent
            before = Before(START + now, state)
            sent.append(state)
        assert not is_due(found, state, before, START + now, rhythm) or before is None


@given(rhythms, spans, spans)
def test_what_is_new_is_sent_before_long(rhythm: Rhythm, length: timedelta, ago: timedelta) -> None:
    """Whatever was sent when, a line that was just written is due as soon as the time has come."""
    found, now = running(length), START + length
    before = Before(now - ago, ("other", 0, ""))
    assert is_due(found, mark(found), before, now, rhythm) == (length >= rhythm.after and ago >= rhythm.every)
