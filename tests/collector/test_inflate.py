"""Bodies are inflated once, wholly and within bounds, or refused; nothing in here ever crashes."""

from __future__ import annotations

import gzip
import time
import tracemalloc
import zlib
from functools import cache

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from logferry_collector.inflate import inflate
from logferry_collector.limits import MIB, Limits
from logferry_collector.rejections import Unacceptable

LIMITS = Limits()
SMALL = Limits(decoded_bytes=1_000, inflate_ratio_from=100, inflate_ratio=10)


@cache
def bomb(decoded: int) -> bytes:
    """A gzip body of zeros, made without ever holding them."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(MIB)
    return b"".join([*(packer.compress(block) for _ in range(decoded // MIB)), packer.flush()])


def refusal(wire: bytes, encoding: str = "gzip", limits: Limits = LIMITS) -> str:
    with pytest.raises(Unacceptable) as refused:
        inflate(wire, encoding, limits)
    return refused.value.code


def verdict(wire: bytes) -> str:
    try:
        inflate(wire, "gzip", LIMITS)
    except Unacceptable as refused:
        return refused.code
    return "inflated"


@given(st.binary(max_size=20_000))
def test_what_was_packed_comes_back(document: bytes) -> None:
    assert inflate(gzip.compress(document), "gzip", LIMITS) == document


@given(st.binary(max_size=200))
@example(b"")
@example(b"\x1f\x8b")
def test_any_bytes_are_inflated_or_refused(wire: bytes) -> None:
    assert verdict(wire) in {"inflated", "body-unreadable"}


@given(st.binary(min_size=1, max_size=500), st.data())
def test_a_body_that_was_cut_anywhere_is_refused(document: bytes, data: st.DataObject) -> None:
    wire = gzip.compress(document)
    cut = data.draw(st.integers(0, len(wire) - 1))
    assert refusal(wire[:cut]) == "body-unreadable"


def test_identity_passes_bytes_through() -> None:
    assert inflate(b"as it is", "identity", LIMITS) == b"as it is"


@pytest.mark.parametrize("encoding", ["zstd", "br", "deflate", "gzip, gzip"])
def test_other_encodings_are_refused_by_name(encoding: str) -> None:
    assert refusal(b"", encoding) == "encoding-unsupported"


def test_trailing_bytes_are_refused() -> None:
    assert refusal(gzip.compress(b"{}") + b"\0") == "body-unreadable"


def test_a_second_member_is_refused() -> None:
    assert refusal(gzip.compress(b"{}") * 2) == "body-unreadable"


def test_two_hundred_thousand_empty_members_are_refused_at_once() -> None:
    started = time.perf_counter()
    assert refusal(gzip.compress(b"") * 200_000) == "body-unreadable"
    assert time.perf_counter() - started < 1


def test_a_body_packed_twice_is_unpacked_once() -> None:
    once = gzip.compress(b"{}")
    assert inflate(gzip.compress(once), "gzip", LIMITS) == once


def test_a_wrong_checksum_is_refused() -> None:
    wire = bytearray(gzip.compress(b"honest"))
    wire[-8] ^= 1
    assert refusal(bytes(wire)) == "body-unreadable"


def test_the_decoded_size_is_exact() -> None:
    fits, too_large = bytes(1_000), bytes(1_001)
    limits = Limits(decoded_bytes=1_000)
    assert inflate(gzip.compress(fits), "gzip", limits) == fits
    assert refusal(gzip.compress(too_large), limits=limits) == "body-too-large"
    assert inflate(fits, "identity", limits) == fits
    assert refusal(too_large, "identity", limits) == "body-too-large"


def test_the_ratio_is_exact() -> None:
    sizes = {size: len(gzip.compress(bytes(size))) for size in range(200, 400)}
    fits = next(size for size, wire in sizes.items() if size == 10 * wire and sizes[size + 1] == wire)
    assert len(inflate(gzip.compress(bytes(fits)), "gzip", SMALL)) == fits
    assert refusal(gzip.compress(bytes(fits + 1)), limits=SMALL) == "ratio-too-high"


def test_a_small_body_may_be_as_dense_as_it_likes() -> None:
    limits = Limits(inflate_ratio=2, inflate_ratio_from=5_000)
    assert len(inflate(gzip.compress(bytes(5_000)), "gzip", limits)) == 5_000
    assert refusal(gzip.compress(bytes(5_001)), limits=limits) == "ratio-too-high"


def test_a_gibibyte_bomb_is_refused_quickly_and_in_little_memory() -> None:
    wire = bomb(1024 * MIB)
    tracemalloc.start()
    started = time.perf_counter()
    code = refusal(wire)
    seconds, (_, peak) = time.perf_counter() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert code in {"ratio-too-high", "body-too-large"}
    assert seconds < 1
    assert peak < 64 * MIB
