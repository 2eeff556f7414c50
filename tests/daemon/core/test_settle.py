from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.identity import YEARS
from logferry_daemon.core.settle import Sighting, Signature, seen, written_at

NOW = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)


def signature(written: datetime = NOW, **fields: int) -> Signature:
    usual = {"size": 10, "mtime_ns": int(written.timestamp()) * 10**9, "inode": 1, "device": 1}
    return Signature(**usual | fields)


def test_a_file_that_did_not_change_keeps_its_sighting() -> None:
    first = seen(None, signature(), NOW)
    assert seen(first, signature(), NOW + timedelta(hours=1)) is first


@pytest.mark.parametrize("changed", [{"size": 11}, {"mtime_ns": 1}, {"inode": 2}, {"device": 2}])
def test_any_change_starts_the_wait_again(changed: dict[str, int]) -> None:
    first, later = seen(None, signature(), NOW), NOW + timedelta(hours=1)
    assert seen(first, signature()._replace(**changed), later).since == later


def test_a_file_is_quiet_from_its_first_sighting_on_at_the_latest() -> None:
    assert seen(None, signature(), NOW).quiet_since == NOW


def test_an_old_file_seen_for_the_first_time_has_been_quiet_since_it_was_written() -> None:
    assert seen(None, signature(NOW - timedelta(days=1)), NOW).quiet_since == NOW - timedelta(days=1)


def test_a_change_that_was_seen_counts_whatever_the_files_own_time_says() -> None:
    first, later = seen(None, signature(NOW - timedelta(days=1)), NOW), NOW + timedelta(minutes=5)
    assert seen(first, signature(NOW - timedelta(days=1), size=11), later).quiet_since == later


def test_a_time_in_the_future_says_nothing() -> None:
    assert Sighting(signature(NOW + timedelta(days=1)), NOW).quiet_since == NOW


def test_when_the_clock_is_set_back_the_wait_starts_again() -> None:
    earlier = NOW - timedelta(hours=1)
    assert seen(seen(None, signature(), NOW), signature(), earlier).quiet_since == earlier


@given(st.integers(-(2**63) * 10**9, 2**63 * 10**9))
def test_no_time_that_a_file_system_can_hold_is_too_much(mtime_ns: int) -> None:
    assert Sighting(signature(mtime_ns=mtime_ns), NOW).quiet_since <= NOW
    assert written_at(mtime_ns).astimezone(timezone(timedelta(hours=14))).year in YEARS


def test_a_files_time_is_its_time() -> None:
    assert written_at(signature().mtime_ns) == NOW
