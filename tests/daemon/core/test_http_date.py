"""Instants in headers: three forms, and everything else is none."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.http_date import read_http_date

AT = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)


@pytest.mark.parametrize(
    "header",
    ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"],
)
def test_each_form_is_the_same_instant(header: str) -> None:
    assert read_http_date(header) == AT


def test_another_zone_is_another_way_to_write_it() -> None:
    assert read_http_date("Sun, 06 Nov 1994 09:49:37 +0100") == AT


@pytest.mark.parametrize("header", [None, "", " ", "soon", "0", "Sun, 99 Nov 1994 08:49:37 GMT", "GMT", "(", "\udcff"])
def test_what_is_no_instant_is_none(header: str | None) -> None:
    assert read_http_date(header) is None


@given(st.text(max_size=60))
def test_no_header_breaks_it(header: str) -> None:
    found = read_http_date(header)
    assert found is None or found.tzinfo is UTC
