from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.patterns import BadPattern, LinePattern


def test_the_named_groups_are_the_fields() -> None:
    assert LinePattern(r"(?P<who>\w+) hits (?P<whom>\w+)").fields(b"Ann hits Bo") == {"who": b"Ann", "whom": b"Bo"}


def test_a_line_that_does_not_fit_has_no_fields() -> None:
    assert LinePattern(r"(?P<who>\w+) hits").fields(b"Ann misses") is None


def test_a_group_that_took_no_part_is_not_there() -> None:
    assert LinePattern(r"(?P<a>x)?(?P<b>y)").fields(b"y") == {"b": b"y"}


def test_a_group_that_is_empty_is_there() -> None:
    assert LinePattern(r"<(?P<a>\d*)>").fields(b"<>") == {"a": b""}


def test_groups_without_a_name_are_no_fields() -> None:
    assert LinePattern(r"(x)(?P<b>y)").fields(b"xy") == {"b": b"y"}


def test_the_first_place_that_fits_counts() -> None:
    assert LinePattern(r"(?P<n>\d)").fields(b"a1b2") == {"n": b"1"}


def test_every_place_can_be_asked_for() -> None:
    assert list(LinePattern(r"(?P<n>\d)").every(b"a1b2")) == [{"n": b"1"}, {"n": b"2"}]


def test_the_names_are_known_before_any_line() -> None:
    assert LinePattern(r"(?P<a>x)(y)(?P<b>z)").names == {"a", "b"}


def test_a_line_need_not_be_in_any_encoding() -> None:
    assert LinePattern(r"@(?P<name>[^\]]+)\]").fields(b"[@Ren\xe9e]") == {"name": b"Ren\xe9e"}


def test_letters_of_other_scripts_in_a_pattern_are_their_bytes() -> None:
    assert LinePattern("Käfer (?P<n>.)").fields("Käfer 7".encode()) == {"n": b"7"}


@pytest.mark.parametrize("text", ["(", r"(?=a)", r"(?<!a)b", r"(a)\1", "a{1001}", "[z-a]"])
def test_what_re2_does_not_know_is_refused(text: str) -> None:
    with pytest.raises(BadPattern) as caught:
        LinePattern(text)
    assert str(caught.value)


def test_a_pattern_that_would_need_much_memory_is_refused() -> None:
    with pytest.raises(BadPattern):
        LinePattern(r"((((\w{100}){100}){10}){10})")


CATASTROPHIC = (r"^(a+)+$", r"^(a|aa)+$", r"^(?:a|a?)+$", r"^(.*a){20}$", r"(x+x+)+y", r"^(\w+\s?)*$")


@pytest.mark.parametrize("text", CATASTROPHIC)
def test_what_hangs_other_engines_is_answered(text: str) -> None:
    # With backtracking, each of these would take longer than the world is old.
    assert LinePattern(text).fields(b"a" * 100_000 + b"!") is None


@given(st.text(max_size=30), st.binary(max_size=60))
def test_no_text_breaks_anything(text: str, line: bytes) -> None:
    try:
        pattern = LinePattern(text)
    except BadPattern:
        return
    found = pattern.fields(line)
    assert found is None or found.keys() <= pattern.names
