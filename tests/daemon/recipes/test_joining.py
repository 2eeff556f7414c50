from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.recipes.joining import Joiner


def joined(*lines: bytes) -> list[bytes]:
    """What comes out, line by line."""
    joiner = Joiner()
    return [whole for line in lines if (whole := joiner.add(line)) is not None]


def test_a_line_of_text_is_itself() -> None:
    assert joined(b"Initialize engine") == [b"Initialize engine"]


def test_an_object_on_one_line_is_itself() -> None:
    assert joined(b'{"a": 1}') == [b'{"a": 1}']


def test_an_object_on_several_lines_is_one() -> None:
    assert joined(b"{", b'  "a": [', b"    1", b"  ]", b"}") == [b'{\n  "a": [\n    1\n  ]\n}']


def test_an_object_behind_a_header_stands_alone() -> None:
    assert joined(b'[Logger]==> Join {"a": 1}') == [b'{"a": 1}']


def test_a_header_whose_object_goes_on_is_text() -> None:
    assert joined(b"[Logger] half of {what") == [b"[Logger] half of {what"]


def test_brackets_in_a_text_are_no_brackets() -> None:
    assert joined(b'{"a": "}{[",', b'"b": "\\"}"', b"}", b"next") == [b'{"a": "}{[",\n"b": "\\"}"\n}', b"next"]


def test_what_follows_an_object_is_another_line() -> None:
    assert joined(b"{", b"}", b"after") == [b"{\n}", b"after"]


def test_what_waits_has_a_size() -> None:
    joiner = Joiner()
    joiner.add(b"{")
    joiner.add(b'  "a":')
    assert (joiner.lines, joiner.size) == (2, 9)


def test_what_waits_can_be_given_up() -> None:
    joiner = Joiner()
    joiner.add(b'{"a": "half')
    joiner.drop()
    assert (joiner.lines, joiner.add(b"after")) == (0, b"after")


def test_a_line_of_the_log_says_that_an_object_was_never_finished() -> None:
    joiner = Joiner()
    joiner.add(b'{"a":')
    assert [
        joiner.is_cut_by(line) for line in (b"[UnityCrossThreadLogger]1.3.", b"  [1, 2]", b"[NaN]", b"[true]", b"]")
    ] == [
        True,
        False,
        False,
        False,
        False,
    ]


def test_without_an_object_nothing_is_cut() -> None:
    assert not Joiner().is_cut_by(b"[UnityCrossThreadLogger]")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=4), st.sampled_from([None, 1, 4]))
def test_every_object_comes_out_as_it_was(value: dict[str, object], indent: int | None) -> None:
    lines = json.dumps(value, indent=indent, ensure_ascii=False).encode().split(b"\n")
    assert [json.loads(one) for one in joined(*lines)] == [value]
