"""Only JSON that every database reads alike gets in, and a refusal says where the trouble is."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from logferry_collector.limits import Limits
from logferry_collector.rejections import Unacceptable
from logferry_collector.strict_json import check_json

LIMITS = Limits()

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=30,
)


def place(document: str | bytes, limits: Limits = LIMITS) -> str:
    """The JSON pointer at which `document` is refused."""
    with pytest.raises(Unacceptable) as refused:
        check_json(document.encode() if isinstance(document, str) else document, limits)
    assert refused.value.code == "json-invalid"
    return refused.value.errors[0].pointer


def verdict(document: bytes, limits: Limits = LIMITS) -> str:
    try:
        check_json(document, limits)
    except Unacceptable as refused:
        return refused.code
    return "accepted"


@given(VALUES)
@example({"a\\": '"', "[": ["]", "{"]})
def test_what_the_standard_library_writes_is_accepted(value: object) -> None:
    check_json(json.dumps(value).encode(), LIMITS)
    check_json(json.dumps(value, ensure_ascii=False).encode(), LIMITS)


@given(st.binary(max_size=300) | st.text(alphabet='{}[]",:\\u0d8e1eNI-.tf', max_size=60).map(str.encode))
def test_any_bytes_are_accepted_or_refused(document: bytes) -> None:
    assert verdict(document) in {"accepted", "json-invalid"}


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ('{"a": [1, {"b": 1e999}]}', "/a/1/b"),
        ('{"a": -1e999}', "/a"),
        ('{"a": NaN}', "/a"),
        ("[0, Infinity]", "/1"),
        ("[-Infinity]", "/0"),
        ('{"a": {"x": 1, "y": 2, "x": 3}}', "/a"),
        ('{"a": 1, "\\u0061": 1}', ""),
        ('["fine", "\\ud800"]', "/1"),
        ('{"a": "\\udc00\\ud800"}', "/a"),
        ('{"\\ud800": 1}', "/\\ud800"),
        ('{"a": "nul \\u0000 inside"}', "/a"),
        ('{"a/b": {"m~n": 9223372036854775808}}', "/a~1b/m~0n"),
        ("[-9223372036854775809]", "/0"),
    ],
)
def test_a_value_that_databases_disagree_on_is_refused_with_its_place(document: str, pointer: str) -> None:
    assert place(document) == pointer


@pytest.mark.parametrize(
    "document",
    [
        "",
        "{",
        "{} {}",
        "{'a': 1}",
        '{"a": 1,}',
        "[1 2]",
        "01",
        "// no",
        '"tab\tinside"',
        '"raw nul \0"',
        '"\\x41"',
        "nan",
        b"\xef\xbb\xbf{}",
        b'"\xff"',
        b'"\xed\xa0\x80"',
        "{}".encode("utf-16"),
        "[" + "9" * 5_000 + "]",
    ],
)
def test_what_is_not_json_is_refused(document: str | bytes) -> None:
    assert place(document) == ""


def test_the_edges_of_64_bits_are_inside() -> None:
    check_json(b"[9223372036854775807, -9223372036854775808]", LIMITS)


def test_a_whole_surrogate_pair_is_text() -> None:
    check_json(b'"\\ud83d\\ude00"', LIMITS)


def test_depth_is_exact() -> None:
    check_json(b"[" * 64 + b"]" * 64, LIMITS)
    place(b"[" * 65 + b"]" * 65)
    check_json(b'{"a":' * 64 + b"1" + b"}" * 64, LIMITS)


def test_brackets_in_strings_are_not_depth() -> None:
    check_json(json.dumps(["[" * 1_000, '"' + "{" * 1_000, "\\" * 7 + '"[[[']).encode(), Limits(json_depth=1))


def test_string_length_is_exact_and_in_bytes() -> None:
    limits = Limits(string_bytes=6)
    check_json('["sixsix", "éée"]'.encode(), Limits(string_bytes=6))
    assert place('["seven77"]', limits) == "/0"
    assert place('["éééé"]', limits) == "/0"
    assert place('{"seven77": 1}', limits) == "/seven77"


def test_the_number_of_values_is_exact() -> None:
    limits = Limits(json_tokens=10)
    check_json(b"[1,2,3,4,5,6,7,8,9]", limits)
    place(b"[1,2,3,4,5,6,7,8,9,10]", limits)


@pytest.mark.parametrize(
    "hostile",
    [
        b"[" * 8_000_000,
        b'"' + rb"\"" * 4_000_000,
        b'["' + b"\\" * 8_000_001,
        b'"' * 8_000_000,
        b"[" + b"9" * 8_000_000 + b"]",
        b"[" + b"[]," * 2_000_000 + b"[]]",
        b'{"a":' * 1_000_000,
    ],
    ids=["brackets", "escaped quotes", "backslashes", "quotes", "digits", "empty lists", "objects"],
)
def test_a_hostile_document_is_refused_in_linear_time(hostile: bytes) -> None:
    started = time.thread_time()
    place(hostile)
    assert time.thread_time() - started < 2


@given(
    st.text(alphabet='{}[]",:\\u0d8e1eNI-.9', max_size=60).map(str.encode)
    | VALUES.map(lambda value: json.dumps(value).encode())
)
@example(b'{"a":1,"a":2}')
@example(b'["\\ud800"]')
@example(b"[9999999999999999999]")
@example(b"[1e999]")
def test_the_short_way_and_the_long_way_agree(document: bytes) -> None:
    # A document that could hold too long a string is walked through; a shorter one only when it looks suspicious.
    short, long = Limits(string_bytes=len(document)), Limits(string_bytes=max(len(document) - 1, 0))
    if len(document) > 3:
        assert verdict(document, short) == verdict(document, long)
