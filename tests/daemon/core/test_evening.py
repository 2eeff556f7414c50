from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.evening import Told, reports_of
from logferry_model.session import SessionId
from tests.daemon.dialects.talking import PARCEL
from tests.factories import START

HOUR = timedelta(hours=1)
APART = 4 * HOUR


def told(name: str, begin: float, end: float, report: str = "") -> Told:
    return Told(
        session=SessionId(name), started_at=START + begin * HOUR, ended_at=START + end * HOUR, report_id=report or name
    )


def reports(begin: float, end: float, *others: Told, name: str = "own") -> tuple[str, ...]:
    parcel = replace(PARCEL, session=SessionId(name), started_at=START + begin * HOUR, ended_at=START + end * HOUR)
    return reports_of(parcel, sorted(others, key=lambda one: one.started_at), APART)


def test_the_first_of_an_evening_belongs_nowhere() -> None:
    assert reports(0, 1) == ()


def test_what_ended_less_than_the_pause_before_is_of_the_same_evening() -> None:
    assert reports(4.9, 6, told("a", 0, 1)) == ("a",)
    assert reports(5, 6, told("a", 0, 1)) == ()


def test_what_begins_less_than_the_pause_after_is_too() -> None:
    assert reports(0, 1, told("a", 4.9, 6)) == ("a",)
    assert reports(0, 1, told("a", 5, 6)) == ()


def test_an_evening_is_a_chain_in_both_directions_and_the_last_report_comes_first() -> None:
    chain = (told("a", 0, 1), told("b", 4, 5, "x"), told("c", 12, 13, "x"), told("d", 16, 17))
    assert reports(8, 9, *chain) == ("d", "x", "a")


def test_the_next_days_session_is_of_another_evening() -> None:
    assert reports(24, 25, told("a", 0, 1), told("b", 2, 3)) == ()


def test_one_that_runs_beside_another_for_hours_joins_what_its_end_is_near_to() -> None:
    assert reports(13, 14, told("long", 0, 10), told("short", 1, 2)) == ("short", "long")


def test_what_an_earlier_version_is_in_comes_before_all_others() -> None:
    others = told("a", 0, 1), told("own", 2, 3, "old"), told("b", 4, 5)
    assert reports(2, 3, *others) == ("old", "b", "a")


def test_what_an_earlier_version_is_in_counts_also_where_it_began_on_another_day() -> None:
    assert reports(30, 31, told("own", 0, 1, "old")) == ("old",)


@given(
    st.lists(st.tuples(st.floats(-30, 30), st.floats(0, 12)), max_size=12),
    st.floats(-30, 30),
    st.floats(0, 12),
)
def test_an_evening_is_what_no_pause_divides(spans: list[tuple[float, float]], begin: float, length: float) -> None:
    others = [told(str(number), start, start + long) for number, (start, long) in enumerate(spans)]
    joined = {"own"}
    ends = {"own": (START + begin * HOUR, START + (begin + length) * HOUR)}
    ends |= {one.session: (one.started_at, one.ended_at) for one in others}
    while True:
        near = {
            name
            for name, (start, end) in ends.items()
            if any(start - ends[one][1] < APART and ends[one][0] - end < APART for one in joined)
        }
        if near <= joined:
            break
        joined |= near
    assert set(reports(begin, begin + length, *others)) == joined - {"own"}
