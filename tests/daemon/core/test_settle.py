from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.settle import Sighting, Signature, seen, settled

NOW = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
QUIET = timedelta(seconds=1)


def signature(written: datetime = NOW, **fields: int) -> Signature:
    usual = {"size": 10, "mtime_ns": int(written.timestamp()) * 10**9, "inode": 1, "device": 1}
    return Signature(**usual | fields)


def test_a_file_that_did_not_change_keeps_its_sighting() -> None:
    first = seen(None, signature(), NOW)
    assert seen(first, signature(), NOW + timedelta(hours=1)) is first


@pytest.mark.parametrize("changed", [{"size": 11}, {"mtime_ns": 1}, {"inode": 2}, {"device": 2}])
def test_any_change_starts_the_wait_again(changed: dict[str, int]) -> None:
    first, later = seen(None, signature(), NOW), NOW + timedelta(hours=1)
    assert seen(first, replace(signature(), **changed), later).since == later


def test_a_file_that_changed_just_now_has_not_settled() -> None:
    assert not settled(seen(None, signature(), NOW), NOW + QUIET - timedelta(milliseconds=1), QUIET)


def test_a_file_that_did_not_change_for_long_enough_has_settled() -> None:
    assert settled(seen(None, signature(), NOW), NOW + QUIET, QUIET)


def test_an_old_file_seen_for_the_first_time_has_settled_at_once() -> None:
    assert settled(seen(None, signature(NOW - timedelta(days=1)), NOW), NOW, QUIET)


def test_a_time_in_the_future_says_nothing() -> None:
    assert Sighting(signature(NOW + timedelta(days=1)), NOW).quiet_since() == NOW


def test_the_clock_set_back_does_not_settle_a_file() -> None:
    assert not settled(seen(None, signature(), NOW), NOW - timedelta(hours=1), QUIET)


@given(st.integers(-(2**63), 2**63 - 1))
def test_no_time_that_a_file_system_can_hold_is_too_much(mtime_ns: int) -> None:
    assert Sighting(signature(mtime_ns=mtime_ns), NOW).quiet_since() <= NOW
