from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.lenient_json import MAX_DEPTH, load, looks_unfinished
from logferry_model.errors import Damaged

FINITE = st.floats(allow_nan=False, allow_infinity=False)
TEXT = st.text(max_size=8)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | FINITE | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
WRITTEN = st.builds(
    lambda value, ascii_only, indent: json.dumps(value, ensure_ascii=ascii_only, indent=indent),
    st.lists(DOCUMENTS, min_size=1, max_size=3) | st.dictionaries(TEXT, DOCUMENTS, min_size=1, max_size=3),
    st.booleans(),
    st.sampled_from((None, 2)),
)
"""Objects and arrays, as trackers write them."""
FRAGMENTS = st.sampled_from(
    ["{", "}", "[", "]", '"', ":", ",", "1", "-", "e", ".", "NaN", "Infinity", "null", "tru", "\\", "\\u", "d800", "\0"]
)
ALMOST = st.lists(FRAGMENTS, max_size=20).map("".join).map(str.encode) | st.binary(max_size=40)


def code_of(data: bytes | str) -> str:
    with pytest.raises(Damaged) as caught:
        load(data)
    return caught.value.code


def is_strict(value: Any) -> bool:  # noqa: ANN401 -- any JSON value
    """Whether a collector that repairs nothing takes it."""
    written = json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    return bool(msgspec.json.decode(written) == value) and b"\0" not in written and b"\\u0000" not in written


@given(DOCUMENTS)
def test_a_proper_document_is_read_as_it_is(value: Any) -> None:  # noqa: ANN401 -- any JSON value
    text = json.dumps(value, ensure_ascii=False).replace("\\u0000", "")
    assert load(text.encode()).value == json.loads(text)


@given(ALMOST)
def test_any_bytes_are_a_value_or_damaged(data: bytes) -> None:
    try:
        load(data)
    except Damaged:
        return


@given(ALMOST | WRITTEN.map(str.encode))
def test_what_passes_is_taken_by_a_loader_that_repairs_nothing(data: bytes) -> None:
    try:
        value = load(data).value
    except Damaged:
        return
    assert is_strict(value)


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"[NaN]", [None]),
        (b"[Infinity]", [None]),
        (b"[-Infinity]", [None]),
        (b"[1e999]", [None]),
        (b"[-1e999]", [None]),
        (b'["a\\u0000b"]', ["a\ufffdb"]),
        (b'["a\0b"]', ["a\ufffdb"]),
        (b'["\\ud800"]', ["\ufffd"]),
        (b'["\\udc00\\ud800"]', ["\ufffd\ufffd"]),
        (b'{"\\ud83d": 1}', {"\ufffd": 1}),
        (b'{"a": {"b": "\\u0000"}}', {"a": {"b": "\ufffd"}}),
    ],
)
def test_what_can_be_repaired_safely_is_repaired(data: bytes, value: object) -> None:
    assert load(data).value == value


@pytest.mark.parametrize("data", [b"[NaN]", b"[1e999]", b'["a\\u0000b\\u0000"]', b'{"\\ud83d": 1}'])
def test_each_repaired_value_is_counted_once(data: bytes) -> None:
    assert load(data).repairs == 1


@pytest.mark.parametrize(
    "data", [b"[]", b'["\\ud83d\\ude00"]', b'["\\u00e9"]', b'["a\tb"]', b"\xef\xbb\xbf[]", b"[1.5]"]
)
def test_what_needs_no_repair_counts_none(data: bytes) -> None:
    assert load(data).repairs == 0


def test_a_whole_pair_of_surrogates_is_one_character() -> None:
    assert load(b'["\\ud83d\\ude00"]').value == ["\U0001f600"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not-json"),
        (b"{", "not-json"),
        (b"[1] x", "not-json"),
        (b"\0\0\0", "not-json"),
        (b'["\xff"]', "not-json"),
        (b"[01]", "not-json"),
        (b"['a']", "not-json"),
        (b'["\\x"]', "not-json"),
        (b'{"a": 1, "a": 2}', "duplicate-key"),
        (b'{"b": [{"a": 1, "a": 1}]}', "duplicate-key"),
        (b'{"a\\u0000": 1, "a\\ufffd": 2}', "duplicate-key"),
        (b"[9223372036854775808]", "number-too-big"),
        (b"[-9223372036854775809]", "number-too-big"),
        (b"[" + b"9" * 5000 + b"]", "number-too-big"),
        (b"[" * 100_000, "too-deep"),
        (b'{"a":' * 100_000, "too-deep"),
    ],
)
def test_what_cannot_be_repaired_is_refused_with_its_own_code(data: bytes, code: str) -> None:
    assert code_of(data) == code


@pytest.mark.parametrize("number", [-(2**63), 2**63 - 1])
def test_the_largest_whole_numbers_of_64_bits_are_taken(number: int) -> None:
    assert load(f"[{number}]").value == [number]


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_the_deepest_nesting_allowed_is_taken(opening: str, closing: str) -> None:
    assert load(opening * (MAX_DEPTH - 1) + "[]" + closing * (MAX_DEPTH - 1)).repairs == 0


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_one_level_more_is_refused(opening: str, closing: str) -> None:
    assert code_of(opening * MAX_DEPTH + "[]" + closing * MAX_DEPTH) == "too-deep"


@pytest.mark.parametrize("data", [b'{"Oriana": 1, "Oriana": 2}', b'["Oriana', b'{"a": Oriana}', b'["\\Oriana"]'])
def test_no_refusal_quotes_the_document(data: bytes) -> None:
    with pytest.raises(Damaged) as caught:
        load(data)
    assert "Oriana" not in caught.value.message


@given(WRITTEN.map(str.encode), st.data())
def test_every_beginning_of_a_document_looks_unfinished(document: bytes, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(document) - 1))
    assert looks_unfinished(document[:cut])


@given(WRITTEN.map(str.encode))
def test_a_whole_document_does_not_look_unfinished(document: bytes) -> None:
    assert not looks_unfinished(document)


@given(WRITTEN.map(str.encode), st.sampled_from([b"x", b"}}", b"]]", b'"', b"#"]))
def test_a_whole_document_with_something_behind_it_does_not_look_unfinished(document: bytes, more: bytes) -> None:
    assert not looks_unfinished(document + more)


@pytest.mark.parametrize(
    "data",
    [
        b"hello",
        b"hello}",
        b"<html><body>",
        b"{'a': 1",
        b'{"a" 1',
        b"[1 2",
        b"[1,,",
        b'["\\x", 1',
        b"[1 abcd",
        b'{"a": "\xc3\xa9\xc3\xa9\xc3\xa9\xff"}',
        b"\x1f\x8b\x08\x00junk",
        b"[" * 100_000,
    ],
)
def test_noise_does_not_look_unfinished(data: bytes) -> None:
    assert not looks_unfinished(data)


@pytest.mark.parametrize("data", [b"", b" \r\n", b"\0\0", b'{"a": 1\0\0\0', b"\xef\xbb", b'{"a": "}', b'["\xe6\xa6'])
def test_room_that_is_not_filled_yet_looks_unfinished(data: bytes) -> None:
    assert looks_unfinished(data)
