from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.schedule import DAYS, Time, next_time, parse_time, turn

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca")
zones = st.sampled_from(ZONES).map(ZoneInfo)
clock = st.times().map(lambda at: at.replace(second=0, microsecond=0))
days = st.sets(st.integers(0, 6), min_size=1).map(frozenset)
some_times = st.lists(st.builds(Time, at=clock, days=days), min_size=1, max_size=4)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- a bound for datetimes()


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("03:00", "03:00"),
        ("3:05", "03:05"),
        ("daily 22:30", "22:30"),
        ("Sat,Sun 10:00", "sat,sun 10:00"),
        ("sun, sat 10:00", "sat,sun 10:00"),
        ("mon,tue,wed,thu,fri,sat,sun 00:00", "00:00"),
    ],
)
def test_a_time_is_read_as_people_write_it(text: str, plain: str) -> None:
    assert str(parse_time(text)) == plain


@pytest.mark.parametrize(
    "text", ["", "24:00", "3", "03:60", "03:00:00", "funday 03:00", "mon,, 03:00", "03:00 daily", "at 03:00"]
)
def test_what_is_no_time_is_told_how_to_write_one(text: str) -> None:
    with pytest.raises(ValueError, match=r"03:00|is no day"):
        parse_time(text)


@given(st.builds(Time, at=clock, days=days))
def test_what_is_written_can_be_read_again(one: Time) -> None:
    assert parse_time(str(one)) == one


def test_a_time_that_the_clock_leaps_over_comes_all_the_same() -> None:
    at = [parse_time("02:30")]
    assert next_time(at, berlin("2026-03-28T12:00"), BERLIN) == berlin("2026-03-29T03:30")
    assert next_time(at, berlin("2026-03-29T03:30"), BERLIN) == berlin("2026-03-30T02:30")


def test_a_time_that_comes_twice_comes_the_first_time() -> None:
    at = [parse_time("02:30")]
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert next_time(at, berlin("2026-10-24T12:00"), BERLIN) == first
    assert next_time(at, first, BERLIN) == berlin("2026-10-26T02:30")


def test_times_count_from_when_they_are_first_looked_at() -> None:
    now = berlin("2026-03-02T12:00")
    said = turn([parse_time("03:00")], None, now, BERLIN)
    assert (said.come, said.heeded, said.next) == (False, now, berlin("2026-03-03T03:00"))


def test_what_passed_while_nobody_looked_is_made_up_for_once() -> None:
    at, heeded = [parse_time("03:00")], berlin("2026-03-02T12:00")
    now = berlin("2026-03-05T18:00")
    said = turn(at, heeded, now, BERLIN)
    assert (said.come, said.heeded) == (True, now)
    assert not turn(at, said.heeded, now + timedelta(hours=8), BERLIN).come
    assert turn(at, said.heeded, now + timedelta(hours=9), BERLIN).come


def test_only_its_days_count() -> None:
    at, friday = [parse_time("mon 10:00")], berlin("2026-03-06T10:00")
    assert next_time(at, friday, BERLIN) == berlin("2026-03-09T10:00")
    assert not turn(at, friday, berlin("2026-03-09T09:59"), BERLIN).come


def test_a_clock_that_was_set_back_brings_nothing_and_stops_nothing() -> None:
    at, now = [parse_time("03:00")], berlin("2026-03-02T12:00")
    said = turn(at, now + timedelta(days=5_000), now, BERLIN)
    assert (said.come, said.heeded) == (False, now)
    assert turn(at, said.heeded, berlin("2026-03-03T03:00"), BERLIN).come


def test_a_time_comes_no_second_time_because_the_clock_is_put_right_by_some_seconds() -> None:
    at, heeded = [parse_time("03:00")], berlin("2026-03-02T03:00")
    said = turn(at, heeded, heeded - timedelta(seconds=20), BERLIN)
    assert (said.come, said.heeded, said.next) == (False, heeded, berlin("2026-03-03T03:00"))
    assert not turn(at, said.heeded, heeded + timedelta(seconds=1), BERLIN).come


def test_a_jump_of_years_is_one_turn_and_not_thousands() -> None:
    at, heeded = [parse_time("03:00")], datetime(1970, 1, 1, tzinfo=UTC)
    assert turn(at, heeded, datetime(2040, 1, 1, tzinfo=UTC), BERLIN).come


@given(some_times, moments, zones)
def test_the_next_time_is_later_and_not_far_and_one_of_them(times: list[Time], now: datetime, zone: ZoneInfo) -> None:
    following = next_time(times, now, zone)
    assert now < following <= now + timedelta(days=8, hours=2)
    assert not turn(times, now, following - timedelta(seconds=1), zone).come
    assert turn(times, now, following, zone).come


@given(st.builds(Time, at=clock), moments, zones)
def test_a_daily_time_comes_once_a_day(one: Time, now: datetime, zone: ZoneInfo) -> None:
    comes = [next_time([one], now, zone)]
    for _ in range(40):
        comes.append(next_time([one], comes[-1], zone))
    days = [each.astimezone(zone).date() for each in comes]
    # A leap over midnight moves a time of the hour that is left out to where it would have been: the next day.
    assert all(timedelta(hours=22) <= later - earlier <= timedelta(hours=26) for earlier, later in pairwise(comes))
    assert days == sorted(set(days))


@given(some_times, moments, zones, st.lists(st.integers(1, 200_000), min_size=1, max_size=40))
def test_every_time_is_heeded_once_however_seldom_somebody_looks(
    times: list[Time], start: datetime, zone: ZoneInfo, steps: list[int]
) -> None:
    heeded, now = start, start
    for step in steps:
        before, now = now, now + timedelta(seconds=step)
        said = turn(times, heeded, now, zone)
        assert said.come == (next_time(times, before, zone) <= now)
        heeded = said.heeded


def test_the_days_are_those_of_the_calendar() -> None:
    monday = datetime(2026, 3, 2, tzinfo=UTC)
    for number, day in enumerate(DAYS):
        at = next_time([parse_time(f"{day} 12:00")], monday, ZoneInfo("UTC"))
        assert at == monday + timedelta(days=number, hours=12)
    assert parse_time("mon 12:00").at == time(12)
