"""When the next scan is due: now and then, sooner after a hint, and not too often where a scan takes long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from logferry_daemon.intake.timetable import SCAN_SHARE, Timetable

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
EVERY = 60 * SECOND
NONE = timedelta()


def scanned(took: timedelta = NONE) -> Timetable:
    """One whose first scan began now."""
    table = Timetable()
    table.begun(NOW, EVERY)
    table.done(NOW, NOW + took)
    return table


def test_the_first_scan_waits_for_nothing() -> None:
    assert Timetable().until_scan(NOW, EVERY) == NONE


def test_the_next_one_comes_some_time_after_the_beginning_of_the_last() -> None:
    assert scanned(took=5 * SECOND).until_scan(NOW + 5 * SECOND, EVERY) == 55 * SECOND


def test_a_hint_brings_it_at_once_where_a_scan_takes_no_time() -> None:
    table = scanned()
    table.hint()
    assert table.until_scan(NOW + SECOND, EVERY) <= NONE


def test_hints_do_not_make_a_slow_scan_take_more_than_its_share() -> None:
    table = scanned(took=SECOND)
    table.hint()
    assert table.until_scan(NOW + SECOND, EVERY) == SCAN_SHARE * SECOND


def test_a_hint_counts_for_one_scan() -> None:
    table = scanned()
    table.hint()
    table.begun(NOW + SECOND, EVERY)
    assert table.until_scan(NOW + 2 * SECOND, EVERY) == 59 * SECOND


def test_whoever_wants_a_scan_gets_the_next_look() -> None:
    table = scanned()
    table.at_once()
    assert table.until_scan(NOW, EVERY) == NONE


def test_a_clock_that_is_set_back_delays_nothing() -> None:
    assert scanned().until_scan(NOW - timedelta(days=1), EVERY) == NONE
