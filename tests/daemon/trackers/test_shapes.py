from __future__ import annotations

from datetime import UTC, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.lenient_json import Loaded
from logferry_daemon.core.reading import Reading
from logferry_daemon.trackers.shapes import (
    as_moment,
    as_number,
    from_stamp,
    is_safe_id,
    later,
    layers,
    moment,
    number,
    objects,
    opened,
    text,
)
from tests.factories import START

EAST = timezone(timedelta(hours=9))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("a", "b", "$date")), inner, max_size=3)
    ),
    max_leaves=6,
)


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-01T20:00:00Z",
        "2026-03-01T20:00:00.000+00:00",
        " 2026-03-01T20:00:00 ",
        "20260301_200000",
        "2026-03-01 20:00:00",
        "1772395200",
        "1772395200000",
        1772395200,
        1772395200.0,
        1772395200000,
        {"$date": "2026-03-01T20:00:00Z"},
        {"$date": 1772395200000},
    ],
    ids=repr,
)
def test_a_time_is_understood_in_every_way_of_writing_it(value: object) -> None:
    assert as_moment(value, UTC) == START


@pytest.mark.parametrize(
    "value", [None, True, "", "soon", "20:00", -5, 0, 1e300, float("nan"), [], {}, "9999-12-31T23:59:59"]
)
def test_what_is_no_time_is_none(value: object) -> None:
    assert as_moment(value, UTC) is None


def test_a_time_without_a_zone_is_in_the_one_that_is_given() -> None:
    assert as_moment("2026-03-02T05:00:00", EAST) == START


def test_a_time_with_a_zone_keeps_it() -> None:
    assert as_moment("2026-03-01T20:00:00Z", EAST) == START


@pytest.mark.parametrize("stamp", ["", "ours", "1", "123456789012", "99999999_999999"])
def test_a_name_that_is_no_time_has_none(stamp: str) -> None:
    assert from_stamp(stamp, UTC) is None


@pytest.mark.parametrize(("value", "wanted"), [(5, 5.0), ("6", 6.0), ("12.5%", 12.5), ("1,250", 1250.0), (" 7 ", 7.0)])
def test_a_number_may_be_written_as_text(value: object, wanted: float) -> None:
    assert as_number(value) == wanted


@pytest.mark.parametrize("value", [None, True, "", "N/A", "inf", "nan", 1e300, "1e300", [], {}])
def test_what_is_no_number_is_none(value: object) -> None:
    assert as_number(value) is None


@pytest.mark.parametrize(
    "made", ["20260301_200000", "desktop_1756699455646", "session_1", "507f1f77bcf86cd799439011", "quest_session_001"]
)
def test_an_id_that_a_program_made_is_known_by_its_form(made: str) -> None:
    assert is_safe_id(made)


@pytest.mark.parametrize(
    "typed", ["", "oriana", "session_oriana", "oriana_20260301", "20260301_oriana", "hunt 7", "facade", "session_"]
)
def test_an_id_that_somebody_typed_is_not_taken_for_one(typed: str) -> None:
    assert not is_safe_id(typed)


def test_fields_are_found_however_deep_the_release_puts_them() -> None:
    document = {"data": {"stats": {"makes": 5}}}
    assert number(layers(document, "data", "stats"), "makes") == 5


def test_the_outer_field_goes_before_the_inner_one() -> None:
    assert text(layers({"name": "out", "data": {"name": "in"}}, "data"), "name") == "out"


def test_a_field_of_the_wrong_type_is_passed_over_for_the_next() -> None:
    document: dict[str, Any] = {"start": "soon", "started": "2026-03-01T20:00:00Z"}
    assert moment([document], "start", "started", zone=UTC) == START


def test_only_the_objects_of_a_list_are_taken() -> None:
    assert objects([{"a": [{"b": 1}, 5, None]}], "a") == [{"b": 1}]


def test_a_length_that_leads_out_of_the_calendar_leads_nowhere() -> None:
    far = [later(START, timedelta(days=days)) for days in (999_999_999, -999_999_999, -30_000)]
    assert far == [START] * 3


@pytest.mark.parametrize(
    ("data", "codes", "unfinished"),
    [
        (b"", ["empty"], True),
        (b"{", ["not-json"], True),
        (b"hello", ["not-json"], False),
        (b'{"a":1,"a":2}', ["duplicate-key"], False),
    ],
)
def test_bytes_that_hold_no_document_say_why(data: bytes, codes: list[str], *, unfinished: bool) -> None:
    reading = opened(data)
    assert isinstance(reading, Reading)
    assert ([one.code for one in reading.troubles], reading.unfinished) == (codes, unfinished)


def test_a_document_is_opened() -> None:
    assert opened(b'\xef\xbb\xbf{"a": 1}') == Loaded({"a": 1})


@given(JSON)
def test_nothing_is_too_strange_to_be_asked_for(value: Any) -> None:  # noqa: ANN401 -- any JSON value
    at = as_moment(value, UTC)
    assert at is None or at.tzinfo is UTC
    document = value if isinstance(value, dict) else {"a": value}
    assert isinstance(number([document], "a", "b"), float | None)
    assert isinstance(text([document], "a", "b"), str | None)
    assert isinstance(objects([document], "a", "b"), list)
