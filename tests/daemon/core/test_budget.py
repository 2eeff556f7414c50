from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.budget import Budget

NOW = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_a_fresh_one_has_a_minutes_worth() -> None:
    assert Budget(per_minute=60).left(NOW) == 60


def test_what_was_spent_comes_back_with_time() -> None:
    spent = Budget(per_minute=60).spent(60, NOW)
    assert [spent.left(NOW + second * SECOND) for second in (0, 1, 30, 60, 600)] == [0, 1, 30, 60, 60]


def test_it_tells_when_the_next_one_may_go() -> None:
    full = Budget(per_minute=20).spent(20, NOW)
    assert full.ready(NOW) == NOW + 3 * SECOND
    assert Budget(per_minute=20).ready(NOW) == NOW


def test_a_clock_that_was_set_back_stops_nothing() -> None:
    spent = Budget(per_minute=60).spent(60, NOW)
    assert spent.left(NOW - timedelta(days=1)) == 60


@given(st.integers(1, 200), st.lists(st.integers(0, 30_000), max_size=30))
def test_no_minute_has_more_than_two_minutes_worth(per_minute: int, waits: list[int]) -> None:
    """What was saved up and what comes in: never more, whoever asks how often."""
    budget, now, went = Budget(per_minute=per_minute), NOW, list[tuple[datetime, int]]()
    for wait in waits:
        now += timedelta(milliseconds=wait)
        number = budget.left(now)
        assert 0 <= number <= per_minute
        budget = budget.spent(number, now)
        went.append((now, number))
    for since, _ in went:
        within = sum(number for at, number in went if since <= at < since + timedelta(minutes=1))
        assert within <= 2 * per_minute


@given(st.integers(1, 10_000), st.integers(1, 10_000))
def test_when_the_next_one_may_go_there_is_one_to_go(per_minute: int, spent: int) -> None:
    budget = Budget(per_minute=per_minute).spent(min(spent, per_minute), NOW)
    assert budget.left(budget.ready(NOW)) >= 1
