from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.backoff import CAP
from logferry_daemon.core.breaker import CLOSED, OPENS_AFTER, Breaker

NOW = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)


def after(failures: int, jitter: float = 0.0) -> Breaker:
    breaker = CLOSED
    for _ in range(failures):
        breaker = breaker.failed(NOW, jitter)
    return breaker


def test_a_new_breaker_lets_everything_through() -> None:
    assert Breaker(failures=0, until=None) == CLOSED


@pytest.mark.parametrize("failures", range(OPENS_AFTER))
def test_fewer_than_five_failures_pause_nothing(failures: int) -> None:
    assert after(failures).until is None


@pytest.mark.parametrize("failures", range(OPENS_AFTER))
def test_fewer_than_five_failures_need_no_probe(failures: int) -> None:
    assert not after(failures).probing()


@given(st.floats(0, 1))
def test_the_fifth_failure_in_a_row_makes_a_pause(jitter: float) -> None:
    until = after(OPENS_AFTER, jitter).until
    assert until is not None
    assert timedelta(seconds=2) <= until - NOW <= timedelta(seconds=4)


def test_after_the_fifth_failure_one_request_at_a_time_is_a_probe() -> None:
    assert after(OPENS_AFTER).probing()


def test_the_pause_grows_with_every_failed_probe() -> None:
    pauses = [after(failures).until for failures in range(OPENS_AFTER, OPENS_AFTER + 6)]
    assert pauses == sorted(set(pauses), key=lambda until: until or NOW)


@given(st.integers(OPENS_AFTER, 10**6), st.floats(0, 1))
def test_no_pause_is_longer_than_the_cap_of_all_waits(failures: int, jitter: float) -> None:
    until = Breaker(failures).failed(NOW, jitter).until
    assert until is not None
    assert until - NOW <= CAP


def test_breakers_of_a_fleet_do_not_probe_together() -> None:
    assert after(OPENS_AFTER, 0.0).until != after(OPENS_AFTER, 1.0).until
