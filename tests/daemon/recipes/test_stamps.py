from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.identity import EPOCH, YEARS
from logferry_daemon.core.patterns import LinePattern
from logferry_daemon.core.reading import About
from logferry_daemon.recipes.stamps import Stamps

CLOCK = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?:\.(?P<fraction>\d+))?(?: (?P<ampm>[AaPp][Mm]))?"
DAY = r"(?P<month>\d\d?)/(?P<day>\d\d?)"
FULL = r"(?P<year>\d{2,4})-(?P<month>\d\d)-(?P<day>\d\d)"
FILE = r"log-(?P<year>\d{2,4})-(?P<month>\d\d)-(?P<day>\d\d)(?:_(?P<hour>\d\d)_(?P<minute>\d\d))?"
HALF_PAST_ONE = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)


def about(path: str = "", modified: datetime = HALF_PAST_ONE, size: int = 1000, hours: int = 0) -> About:
    return About(path=path, modified=modified, size=size, zone=timezone(timedelta(hours=hours)))


def stamps(pattern: str, known: About, date_from: str | None = None) -> Stamps:
    return Stamps(LinePattern(pattern), LinePattern(date_from) if date_from else None, known)


def times(made: Stamps, *lines: str) -> list[str]:
    """Of each line, after all of them were read."""
    found = []
    for number, line in enumerate(lines):
        made.passed(number * 10)
        stamp = made.read(line.encode())
        assert stamp is not None
        found.append(stamp.at)
    return [f"{at + made.shift:%Y-%m-%d %H:%M:%S}" for at in found]


# With a whole date


def test_a_whole_date_needs_nothing_else() -> None:
    assert times(stamps(f"{FULL} {CLOCK}", about()), "2025-07-04 20:00:01") == ["2025-07-04 20:00:01"]


def test_two_digits_of_a_year_are_of_this_century() -> None:
    assert times(stamps(f"{FULL} {CLOCK}", about()), "25-07-04 20:00:01") == ["2025-07-04 20:00:01"]


@pytest.mark.parametrize(
    ("half", "hour"), [("12:00:00 AM", "00"), ("01:00:00 am", "01"), ("12:00:00 PM", "12"), ("11:00:00 pm", "23")]
)
def test_a_clock_of_twelve_hours_is_read(half: str, hour: str) -> None:
    assert times(stamps(f"{FULL} {CLOCK}", about()), f"2025-07-04 {half}") == [f"2025-07-04 {hour}:00:00"]


@pytest.mark.parametrize(
    ("fraction", "microseconds"), [("", 0), (".5", 500_000), (".12", 120_000), (".1239999", 123_000)]
)
def test_a_fraction_is_cut_to_milliseconds(fraction: str, microseconds: int) -> None:
    stamp = stamps(f"{FULL} {CLOCK}", about()).read(f"2025-07-04 20:00:01{fraction}".encode())
    assert stamp is not None
    assert stamp.at.microsecond == microseconds


def test_a_leap_second_is_the_one_before() -> None:
    assert times(stamps(f"{FULL} {CLOCK}", about()), "2025-06-30 23:59:60") == ["2025-06-30 23:59:59"]


@pytest.mark.parametrize("offset", ["+02", "2", "02", "+2.0"])
def test_an_offset_in_the_line_goes_before_the_zone(offset: str) -> None:
    made = stamps(rf"{FULL} {CLOCK} (?P<offset>[-+.\d]+)", about(hours=9))
    assert times(made, f"2025-07-04 20:00:01 {offset}") == ["2025-07-04 18:00:01"]


def test_without_an_offset_the_zone_holds() -> None:
    assert times(stamps(f"{FULL} {CLOCK}", about(hours=9)), "2025-07-04 20:00:01") == ["2025-07-04 11:00:01"]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "2025-13-04 20:00:01",
        "2025-02-30 20:00:01",
        "2025-07-04 25:00:01",
        "9999-01-01 00:00:00",
        "1969-01-01 00:00:00",
    ],
)
def test_what_is_no_time_is_none(line: str) -> None:
    assert stamps(f"{FULL} {CLOCK}", about()).read(line.encode()) is None


def test_the_key_of_a_time_is_the_same_in_every_zone() -> None:
    keys = {stamps(f"{FULL} {CLOCK}", about(hours=hours)).read(b"2025-07-04 20:00:01").key for hours in (-8, 0, 9)}  # type: ignore[union-attr] # it is a time
    assert keys == {"2025-07-04T20:00:01"}


# Without a year


@pytest.mark.parametrize(
    ("modified", "line", "date"),
    [
        (datetime(2026, 3, 2, tzinfo=UTC), "3/1 20:00:00", "2026-03-01"),
        (datetime(2026, 1, 1, 3, tzinfo=UTC), "12/31 23:00:00", "2025-12-31"),
        (datetime(2026, 1, 1, 3, tzinfo=UTC), "1/1 01:00:00", "2026-01-01"),
        (datetime(2026, 3, 2, tzinfo=UTC), "3/3 00:10:00", "2026-03-03"),
        (datetime(2026, 3, 2, tzinfo=UTC), "3/9 00:10:00", "2025-03-09"),
        (datetime(2025, 12, 31, 23, tzinfo=UTC), "12/31 22:00:00", "2025-12-31"),
    ],
)
def test_a_year_is_that_of_the_last_writing_or_the_one_before(modified: datetime, line: str, date: str) -> None:
    assert times(stamps(f"{DAY} {CLOCK}", about(modified=modified)), line)[0].startswith(date)


@pytest.mark.parametrize(
    ("path", "line", "date"),
    [
        ("log-2024-03-01", "3/1 20:00:00", "2024-03-01"),
        ("log-2024-12-31", "12/31 23:59:00", "2024-12-31"),
        ("log-2024-12-31", "1/1 00:01:00", "2025-01-01"),
        ("log-24-12-31", "1/1 00:01:00", "2025-01-01"),
    ],
)
def test_a_year_is_that_of_the_file_s_name_or_the_one_after(path: str, line: str, date: str) -> None:
    assert times(stamps(f"{DAY} {CLOCK}", about(path), FILE), line)[0].startswith(date)


# Without a date, in a file that is named for one


def test_a_day_is_that_of_the_file_s_name() -> None:
    assert times(stamps(CLOCK, about("log-2024-03-01_19_00"), FILE), "20:00:00") == ["2024-03-01 20:00:00"]


def test_each_midnight_is_another_day() -> None:
    made = stamps(CLOCK, about("log-2024-02-28_19_00"), FILE)
    assert times(made, "23:59:00", "00:01:00", "23:00:00", "01:00:00") == [
        "2024-02-28 23:59:00",
        "2024-02-29 00:01:00",
        "2024-02-29 23:00:00",
        "2024-03-01 01:00:00",
    ]


def test_a_first_line_before_the_hour_in_the_name_is_of_the_next_day() -> None:
    assert times(stamps(CLOCK, about("log-2024-12-31_23_59"), FILE), "00:01:00") == ["2025-01-01 00:01:00"]


def test_a_clock_that_goes_back_an_hour_passed_no_midnight() -> None:
    made = stamps(CLOCK, about("log-2024-10-27_00_00"), FILE)
    assert times(made, "02:59:00", "02:01:00", "03:00:00") == [
        f"2024-10-27 {at}:00" for at in ("02:59", "02:01", "03:00")
    ]


def test_lines_out_of_order_around_midnight_pass_it_once() -> None:
    made = stamps(CLOCK, about("log-2024-03-01_20_00"), FILE)
    found = times(made, "23:59:59", "00:00:01", "00:00:00", "00:00:02")
    assert [one[8:10] for one in found] == ["01", "02", "02", "02"]


@pytest.mark.parametrize(
    ("folder", "path"),
    [
        ("/games/logs", "log-2024-03-01_19_00/all.txt"),
        ("/games/logs/log-2024-03-01_19_00", "all.txt"),
        ("/games/logs/log-2024-03-01_19_00/", "sub/all.txt"),
        ("C:\\games\\log-2023-01-01\\log-2024-03-01_19_00", "all.txt"),
        ("/games/log-2023-01-01", "log-2024-03-01_19_00/all.txt"),
    ],
)
def test_a_day_is_the_one_nearest_to_the_file_whichever_folder_is_followed(folder: str, path: str) -> None:
    made = stamps(CLOCK, replace(about(path), folder=folder), FILE)
    assert (times(made, "20:00:00"), made.floating) == (["2024-03-01 20:00:00"], False)


@pytest.mark.parametrize("path", ["log-2024-99-01", "log-2024-02-30", "other", ""])
def test_a_name_without_a_date_that_can_be_is_none(path: str) -> None:
    assert times(stamps(CLOCK, about(path), FILE), "01:00:00") == ["2026-03-02 01:00:00"]


# Without any date


def test_a_log_without_any_date_ends_on_the_day_it_was_last_written() -> None:
    assert times(stamps(CLOCK, about()), "23:00:00", "01:00:00") == ["2026-03-01 23:00:00", "2026-03-02 01:00:00"]


def test_a_log_that_was_written_over_two_midnights_began_two_days_before() -> None:
    assert times(stamps(CLOCK, about()), "23:00:00", "01:00:00", "23:00:00", "01:00:00")[0] == "2026-02-28 23:00:00"


@pytest.mark.parametrize(
    ("lines", "last"),
    [
        (["23:00:00"], "2026-03-01 23:00:00"),
        (["22:00:00", "23:00:00"], "2026-03-01 23:00:00"),
        (["23:00:00", "22:00:00", "02:00:00"], "2026-03-01 02:00:00"),
        (["01:34:00"], "2026-03-02 01:34:00"),
        (["01:36:00"], "2026-03-01 01:36:00"),
    ],
)
def test_no_line_is_written_after_the_last_writing(lines: list[str], last: str) -> None:
    assert times(stamps(CLOCK, about()), *lines)[-1] == last


def test_what_is_written_after_the_last_look_is_of_a_later_day() -> None:
    # Ten bytes a line, and only the first was there when the file's time was asked for.
    made = stamps(CLOCK, about(modified=datetime(2026, 3, 1, 23, 30, tzinfo=UTC), size=10))
    assert times(made, "23:00:00", "01:00:00") == ["2026-03-01 23:00:00", "2026-03-02 01:00:00"]


def test_the_day_of_the_last_writing_is_that_of_the_zone() -> None:
    late = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    assert times(stamps(CLOCK, about(modified=late, hours=2)), "01:00:00") == ["2026-03-01 23:00:00"]


def test_the_key_of_a_time_without_a_date_has_none() -> None:
    stamp = stamps(CLOCK, about()).read(b"23:00:00")
    assert stamp is not None
    assert stamp.key == "23:00:00"


# Whatever a log holds

TIMES = st.lists(st.times(), min_size=1, max_size=12)


@given(TIMES)
def test_the_times_of_a_log_never_go_back_further_than_lines_out_of_order(clocks: list[object]) -> None:
    made = stamps(CLOCK, about("log-2024-03-01_00_00"), FILE)
    found = [made.read(f"{clock:%H:%M:%S}".encode()) for clock in clocks]
    assert all(one and other and other.at >= one.at - timedelta(hours=2) for one, other in pairwise(found))


@given(st.binary(max_size=40), st.text(max_size=30), st.integers(0, 10**10))
def test_no_line_and_no_name_breaks_anything(line: bytes, path: str, modified: int) -> None:
    known = about(path, EPOCH + timedelta(seconds=modified))
    stamp = stamps(r"(?P<month>\d*)/(?P<day>\d*) (?P<hour>\d*):(?P<offset>.*)", known, FILE).read(line)
    assert stamp is None or stamp.at.year in YEARS


# Across midnight


def test_a_line_that_comes_late_just_after_midnight_is_of_the_day_before() -> None:
    known = about("log-2026-03-01")
    lines = ("23:59:58", "00:00:01", "23:59:59", "00:00:02")
    assert [one[8:] for one in times(stamps(CLOCK, known, FILE), *lines)] == [
        "01 23:59:58",
        "02 00:00:01",
        "01 23:59:59",
        "02 00:00:02",
    ]


def test_whoever_reads_on_knows_how_many_midnights_passed() -> None:
    known = about("log-2026-03-01")
    first = stamps(CLOCK, known, FILE)
    times(first, "20:00:00", "04:00:00", "20:00:00", "01:00:00")
    on = Stamps(LinePattern(CLOCK), LinePattern(FILE), known, days=first.days)
    assert times(on, "01:00:01") == ["2026-03-03 01:00:01"]


def test_where_no_date_is_told_there_is_nothing_to_know() -> None:
    made = stamps(CLOCK, about())
    times(made, "23:00:00", "01:00:00")
    assert made.days == 0
