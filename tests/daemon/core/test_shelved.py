"""A document lies in the spool packed, comes out as it was, and says so when it is not what was packed."""

from __future__ import annotations

import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.shelved import Unreadable, shelved, unshelved

DOCUMENT = b'{"events": [' + b'{"kind": "shot", "amount": 1.25}, ' * 400 + b"{}]}"


@given(st.binary(max_size=4096))
def test_it_comes_out_as_it_was(document: bytes) -> None:
    assert unshelved(shelved(document)) == document


def test_it_is_packed() -> None:
    assert len(shelved(DOCUMENT)) < len(DOCUMENT) / 10


def test_the_same_bytes_are_packed_alike_whatever_was_packed_before() -> None:
    first = shelved(DOCUMENT)
    shelved(b"something else")
    assert shelved(DOCUMENT) == first


def test_one_from_before_is_read() -> None:
    assert unshelved(zlib.compress(DOCUMENT, 6)) == DOCUMENT


def test_threads_pack_without_disturbing_each_other() -> None:
    documents = [DOCUMENT + bytes([number]) for number in range(64)]
    with ThreadPoolExecutor(4) as pool:
        assert [unshelved(one) for one in pool.map(shelved, documents)] == documents


@pytest.mark.parametrize("packed", [shelved(DOCUMENT), zlib.compress(DOCUMENT)], ids=["now", "before"])
def test_any_byte_that_changed_is_noticed(packed: bytes) -> None:
    """Also where what comes out could be read: each packing has a checksum."""
    for place in range(len(packed)):
        damaged = packed[:place] + bytes([packed[place] ^ 0x55]) + packed[place + 1 :]
        try:
            assert unshelved(damaged) == DOCUMENT, place  # a bit that says nothing
        except Unreadable:
            continue


@pytest.mark.parametrize("packed", [b"", b"\x00", shelved(DOCUMENT)[:-1], shelved(DOCUMENT)[:20]])
def test_half_of_one_is_unreadable(packed: bytes) -> None:
    with pytest.raises(Unreadable):
        unshelved(packed)
