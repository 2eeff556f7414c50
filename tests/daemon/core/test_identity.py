from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.identity import content_mark, from_ms, parse_time, session_id, to_ms

FIRST_TOO_LATE = 32_503_680_000_000
"""3000-01-01 in milliseconds."""
EVENING = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T20:00:00Z",
        "2026-03-01T20:00:00.000Z",
        "2026-03-01T20:00:00",
        "2026-03-01 20:00:00+00:00",
        "2026-03-01T15:00:00-05:00",
    ],
)
def test_a_time_is_read_as_utc(text: str) -> None:
    assert parse_time(text) == EVENING


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-13-01",
        "1969-12-31T23:59:59Z",
        "3000-01-01",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
    ],
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert parse_time(text) is None


def test_what_is_finer_than_a_millisecond_is_cut_off() -> None:
    assert parse_time("2026-03-01T20:00:00.123987Z") == EVENING + timedelta(milliseconds=123)


@given(st.text(max_size=30))
def test_no_text_breaks_the_reading_of_times(text: str) -> None:
    at = parse_time(text)
    assert at is None or at.utcoffset() == timedelta()


@given(st.integers(0, FIRST_TOO_LATE - 1))
def test_milliseconds_are_kept_exactly(at: int) -> None:
    assert to_ms(from_ms(at)) == at


@pytest.mark.parametrize("at", [-1, FIRST_TOO_LATE, -(10**17), 10**308])
def test_a_moment_that_no_collector_takes_is_an_overflow(at: int) -> None:
    with pytest.raises(OverflowError):
        from_ms(at)


def test_the_same_session_has_the_same_id_everywhere() -> None:
    assert session_id("artemis", "session-1") == "4d3d877a4c593418"


def test_two_trackers_never_share_an_id() -> None:
    assert session_id("artemis", "session-1") != session_id("resonance", "session-1")


def test_a_mark_does_not_depend_on_the_order_of_fields() -> None:
    assert content_mark({"ship": "Python", "mode": "Solo"}) == content_mark({"mode": "Solo", "ship": "Python"})


def test_a_mark_tells_contents_apart() -> None:
    assert content_mark({"ship": "Python"}) != content_mark({"ship": "Viper"})
