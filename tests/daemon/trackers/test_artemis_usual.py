"""What is read without an object for each event is what is read with one, and of anything else it says that it does not know."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.lenient_json import MAX_DEPTH, carefully
from logferry_daemon.trackers.artemis_events import event_of, events_of
from logferry_daemon.trackers.artemis_usual import EVENTS, usual
from logferry_model.errors import Damaged
from tests.factories import artemis_document, encode_document

MS = 1_772_395_200_000
KEYS = (
    "timestamp", "type", "raw", "amount", "value", "quantity", "critical", "skillName", "skillCategory", "itemName",
    "creature", "damageType", "player", "loadoutId", "at", "participant", "else",
)  # fmt: skip
USUAL = (
    "63.4",
    "862",
    "true",
    "false",
    '"Hide"',
    '"Wisp"',
    '"[Private] meet me: \\"here\\""',
    "0",
    "-0.0",
    "1e2",
    "2.0",
)
ODD = (
    "null", "1e999", "NaN", "9" * 19, "9" * 40, '""', '"\\u0000"', '"\\ud800"', '"\\ud83d\\ude00"', '"é"', '"\\":"',
    '"' + "a" * 201 + '"', "1000000000001", "-1e12", "[]", "{}", '{"a":1,"a":2}', "[" * MAX_DEPTH + "]" * MAX_DEPTH, "2.5", "tru",
    '"\t"', "1772395200000.5",
)  # fmt: skip
HEAD = ("id", "startedAt", "endedAt", "name", "tags", "loadoutSnapshots", "pausedAt", "events", "else")
Pairs = Sequence[tuple[str, str, str]]


def written(pairs: Pairs) -> str:
    return "{" + ",".join(f'"{key}"{blank}:{blank}{value}' for key, blank, value in pairs) + "}"


def pairs(keys: Sequence[str], values: Sequence[str], most: int) -> st.SearchStrategy[list[tuple[str, str, str]]]:
    blanks = st.sampled_from(("", "", "", " ", "\n\t"))
    return st.lists(st.tuples(st.sampled_from(keys), blanks, st.sampled_from(values)), max_size=most)


def events(values: Sequence[str]) -> st.SearchStrategy[str]:
    first = [("timestamp", "", str(MS)), ("type", " ", '"loot"')]
    return st.lists(pairs(KEYS, values, 4).map(lambda more: written([*first, *more])), max_size=3).map(
        lambda some: f"[{','.join(some)}]"
    )


def documents(values: Sequence[str]) -> st.SearchStrategy[str]:
    first = [("id", "", '"session-1"'), ("startedAt", "", '"2026-03-01T20:00:00.000Z"')]
    return st.builds(
        lambda some, more: written([*first, *more, ("events", " ", some)]), events(values), pairs(HEAD, values, 3)
    )


def unlike(text: str) -> st.SearchStrategy[bytes]:
    """With a piece of it gone, or twice there, or another byte in it."""
    data = text.encode("utf-8", "surrogatepass")
    places = st.integers(0, len(data))
    return st.tuples(places, places, st.sampled_from((b"", b'"', b":", b"\xff", b"\0", b" "))).map(
        lambda at: data[: at[0]] + at[2] + data[at[1] :]
    )


def check(data: bytes) -> None:
    """Whatever is told is told by the way that looks at everything, too."""
    told = usual(data)
    if told is None:
        return
    loaded = carefully(data)
    people: dict[str, str] = {}
    plainly = [event for item in loaded.value.pop(EVENTS) if (event := event_of(item, people))]
    found: dict[str, str] = {}
    assert repr(list(events_of(told.pop(EVENTS), found))) == repr(plainly)
    assert (found, repr(sorted(told.items())), 0) == (people, repr(sorted(loaded.value.items())), loaded.repairs)


@given(documents(USUAL))
def test_usual_documents_are_the_same_either_way(text: str) -> None:
    check(text.encode())


@given(documents(USUAL + ODD))
def test_odd_documents_are_the_same_either_way(text: str) -> None:
    check(text.encode())


@given(documents(USUAL).flatmap(unlike))
def test_damaged_documents_are_the_same_either_way(data: bytes) -> None:
    check(data)


@pytest.mark.parametrize("events", [0, 300])
@pytest.mark.parametrize("seed", [3, 4, 5])
def test_a_tracker_s_file_is_a_usual_one(seed: int, events: int) -> None:
    data = encode_document(artemis_document(seed, events=events))
    assert usual(data) is not None
    check(data)


EVENT: dict[str, Any] = {"timestamp": MS, "type": "loot"}
DOUBTS = {
    "a key twice in an event": '{"events": [{"timestamp": 1, "type": "loot", "value": 1, "value": 2}]}',
    "a key twice beside a blank": '{"events": [{"timestamp": 1, "type": "loot", "value" : 1, "value" : 2}], "a": "\\":"}',
    "the events twice": '{"events": [], "events": []}',
    "a key twice in the head": '{"a": 1, "a": 2, "events": []}',
    "a key twice in a part of the head": '{"a": {"b": 1, "b": 2}, "events": []}',
    "a key that nobody knows": json.dumps({"events": [EVENT | {"else": 1}]}),
    "a field that is null": json.dumps({"events": [EVENT | {"value": None}]}),
    "an event without a time": '{"events": [{"type": "loot"}]}',
    "an event that is none": '{"events": [1]}',
    "events that are none": '{"events": {}}',
    "no events": '{"id": 1}',
    "no object": "[]",
    "a number over 64 bits": '{"a": 9223372036854775808, "events": []}',
    "no number": '{"a": NaN, "events": []}',
    "a NUL in a line of the log": '{"events": [{"timestamp": 1, "type": "loot", "raw": "\\u0000"}]}',
    "half a pair of surrogates": '{"events": [{"timestamp": 1, "type": "loot", "raw": "\\ud800"}]}',
    "too deep": '{"a": ' + "[" * MAX_DEPTH + "]" * MAX_DEPTH + ', "events": []}',
    "cut off": '{"events": [',
}


@pytest.mark.parametrize("what", DOUBTS)
def test_of_what_may_be_odd_it_says_nothing(what: str) -> None:
    assert usual(DOUBTS[what].encode()) is None


@pytest.mark.parametrize("head", [{}, {"pausedAt": None, "totalPausedTime": 3.0}, {"newInThisRelease": [{"a": None}]}])
def test_whatever_the_head_holds_the_events_are_usual_ones(head: dict[str, Any]) -> None:
    data = json.dumps(head | {"events": [EVENT]}).encode()
    told = usual(data)
    assert told is not None
    assert {key: told[key] for key in head} == head
    assert len(told) == len(head) + 1
    check(data)


def test_what_is_no_text_is_doubtful() -> None:
    assert usual(b'{"events": [{"timestamp": 1, "type": "loot", "raw": "\xff"}]}') is None


def test_the_deepest_that_may_be_is_read() -> None:
    data = ('{"a": ' + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1) + ', "events": []}').encode()
    assert usual(data) is not None
    check(data)
    with pytest.raises(Damaged):
        carefully(DOUBTS["too deep"].encode())
