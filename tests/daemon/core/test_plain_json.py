"""What is read the fast way is what the careful way reads, and of anything else it says that it does not know."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.lenient_json import MAX_DEPTH, carefully, load
from logferry_daemon.core.plain_json import DOUBTFUL, plain
from logferry_model.errors import Damaged
from tests.daemon.core.test_lenient_json import ALMOST, DOCUMENTS, WRITTEN
from tests.factories import artemis_document, encode_document

PIECES = (
    '{"a":', '"a" :', '"a"\n:', '{"a":1,"a":2}', '":"', '"\\":"', "[", "]", "{", "}", ",", " ", "1", "-0", "1.0", "true",
    "null", "1e5", "1e999", "NaN", '"\\u0000"', '"\\ud800"', '"\\ud83d\\ude00"', '"é"', "9" * 19, "9" * 40, "\ufeff",
    "\0", str(2**63), str(-(2**63)), str(2**63 - 1),
)  # fmt: skip
ODD = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
DOUBTS = {
    "the same key twice": '{"a": 1, "a": 1}',
    "the same key twice, far down": '[{"a": [{"b" : 1, "b" : 2}]}]',
    "the same key twice beside a text like a key": '{"a" : 1, "a": ":"}',
    "a number over 64 bits": '{"a": 9223372036854775808}',
    "a number below 64 bits": "[-9223372036854775809]",
    "no number": "[NaN]",
    "no number, by its size": "[1e999]",
    "a NUL": '["\\u0000"]',
    "half a pair of surrogates": '["\\udc00"]',
    "a mark before it": "\ufeff[]",
    "a line's end in a text": '["a\nb"]',
    "too deep": "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1),
    "far too deep": "[" * 50_000,
    "cut off": '{"a": ',
}


@pytest.mark.parametrize("what", DOUBTS)
def test_of_what_may_be_refused_or_repaired_it_says_nothing(what: str) -> None:
    assert plain(DOUBTS[what].encode(), MAX_DEPTH) is DOUBTFUL


@given(DOCUMENTS.map(json.dumps) | WRITTEN | ODD | ALMOST.map(lambda data: data.decode("utf-8", "surrogateescape")))
def test_what_it_tells_is_what_the_careful_way_tells(text: str) -> None:
    data = text.encode("utf-8", "surrogateescape")
    value = plain(data, MAX_DEPTH)
    if value is not DOUBTFUL:
        loaded = carefully(data)
        assert (repr(loaded.value), loaded.repairs) == (repr(value), 0)


@given(ODD.map(lambda text: text.lstrip("\ufeff")))
def test_a_text_is_read_as_its_bytes_are(text: str) -> None:
    # The mark of an encoding is one only in bytes.
    assert told(text) == told(text.encode("utf-8"))


def told(data: bytes | str) -> str:
    try:
        return repr(load(data))
    except Damaged as error:
        return error.code


@pytest.mark.parametrize("events", [0, 300])
def test_a_tracker_s_file_is_not_doubtful(events: int) -> None:
    data = encode_document(artemis_document(3, events=events))
    assert plain(data, MAX_DEPTH) == json.loads(data)


def test_depth_is_counted_as_the_careful_way_counts_it() -> None:
    deepest = "[" * MAX_DEPTH + "]" * MAX_DEPTH
    assert plain(deepest.encode(), MAX_DEPTH) == json.loads(deepest)
