"""Keys that Logferry makes for itself: as the collector knows them, and never taken for one that was given out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_collector.access import parse_key
from logferry_daemon.core.detectors import Detectors
from logferry_daemon.core.own_keys import is_own_key, own_key

digits = st.binary(min_size=32, max_size=32).map(bytes.hex)


@given(digits)
def test_the_collector_knows_it_for_one(random: str) -> None:
    key = own_key(random)
    read = parse_key(key)
    assert is_own_key(key)
    assert read is not None
    assert (read.own, read.text) == (True, key)


@given(digits, digits)
def test_all_of_the_randomness_is_in_it(one: str, other: str) -> None:
    assert (own_key(one) == own_key(other)) is (one == other)


@given(digits)
def test_it_leaves_in_no_text_of_a_session(random: str) -> None:
    assert Detectors().found(f"look: {own_key(random)}") == "a key"


@pytest.mark.parametrize(
    "secret", [None, "", "lfa_", "lf_0123456789abcdef_" + "k" * 43, "lfa_" + "k" * 42, "x lfa_" + "k" * 43]
)
def test_no_other_key_is_one(secret: str | None) -> None:
    assert not is_own_key(secret)
