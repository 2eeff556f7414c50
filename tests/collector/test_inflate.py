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
from tests.packed import zstd

LIMITS = Limits()
SMALL = Limits(decoded_bytes=1_000, inflate_ratio_from=100, inflate_ratio=10)


@cache
def bomb(decoded: int) -> bytes:
    """A gzip body of zeros, made without ever holding them."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(MIB)
    return b"".join([*(packer.compress(block) for _ in range(decoded // MIB)), packer.flush()])


@cache
def zstd_bomb(decoded: int) -> bytes:
    """A zstd frame of zeros that does not name its size."""
    packer = zstd.ZstdCompressor()
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


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd, gzip"])
def test_other_encodings_are_refused_by_name(encoding: str) -> None:
    assert refusal(b"", encoding) == "encoding-unsupported"


def test_trailing_bytes_are_refused() -> None:
    assert refusal(gzip.compress(b"{}") + b"\0") == "body-unreadable"


def test_a_second_member_is_refused() -> None:
    assert refusal(gzip.compress(b"{}") * 2) == "body-unreadable"


def test_two_hundred_thousand_empty_members_are_refused_at_once() -> None:
    started = time.thread_time()
    assert refusal(gzip.compress(b"") * 200_000) == "body-unreadable"
    assert time.thread_time() - started < 1


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
    started = time.thread_time()
    code = refusal(wire)
    seconds, (_, peak) = time.thread_time() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert code in {"ratio-too-high", "body-too-large"}
    assert seconds < 1
    assert peak < 64 * MIB


# zstd


@given(st.binary(max_size=20_000))
def test_what_was_packed_as_zstd_comes_back(document: bytes) -> None:
    assert inflate(zstd.compress(document), "zstd", LIMITS) == document


@given(st.binary(max_size=200))
@example(b"")
@example(b"\x28\xb5\x2f\xfd")
def test_any_bytes_are_unpacked_or_refused(wire: bytes) -> None:
    try:
        inflate(wire, "zstd", LIMITS)
    except Unacceptable as refused:
        assert refused.code in {"body-unreadable", "body-too-large", "ratio-too-high"}  # noqa: PT017 -- either will do


@given(st.binary(min_size=1, max_size=500), st.data())
def test_a_frame_that_was_cut_anywhere_is_refused(document: bytes, data: st.DataObject) -> None:
    wire = zstd.compress(document)
    cut = data.draw(st.integers(0, len(wire) - 1))
    assert refusal(wire[:cut], "zstd") == "body-unreadable"


SKIPPABLE = b"\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"


@pytest.mark.parametrize(
    "wire",
    [
        zstd.compress(b"{}") + b"\0",
        zstd.compress(b"{}") * 2,
        zstd.compress(b"") * 200_000,
        SKIPPABLE + zstd.compress(b"{}"),
        zstd.compress(b"{}") + SKIPPABLE,
        gzip.compress(b"{}"),
    ],
    ids=["trailing byte", "two frames", "200k frames", "skippable before", "skippable behind", "gzip"],
)
def test_anything_but_one_whole_frame_is_refused_at_once(wire: bytes) -> None:
    started = time.thread_time()
    assert refusal(wire, "zstd") == "body-unreadable"
    assert time.thread_time() - started < 1


def test_a_wrong_zstd_checksum_is_refused() -> None:
    options = {int(zstd.CompressionParameter.checksum_flag): 1}
    wire = bytearray(zstd.compress(b"honest", options=options))
    wire[-1] ^= 1
    assert refusal(bytes(wire), "zstd") == "body-unreadable"


def test_the_unpacked_size_is_exact() -> None:
    limits = Limits(decoded_bytes=1_000)
    assert inflate(zstd.compress(bytes(1_000)), "zstd", limits) == bytes(1_000)
    assert refusal(zstd.compress(bytes(1_001)), "zstd", limits) == "body-too-large"


def test_the_ratio_of_a_frame_is_looked_at_while_it_grows() -> None:
    limits = Limits(inflate_ratio=2, inflate_ratio_from=5_000)
    assert len(inflate(zstd.compress(bytes(5_000)), "zstd", limits)) == 5_000
    assert refusal(zstd.compress(bytes(5_001)), "zstd", limits) == "ratio-too-high"


def test_a_frame_that_wants_more_memory_than_a_body_may_have_is_refused() -> None:
    options = {int(zstd.CompressionParameter.window_log): 27}
    packer = zstd.ZstdCompressor(options=options)
    wire = packer.compress(b"small") + packer.flush()
    assert zstd.decompress(wire) == b"small"
    assert refusal(wire, "zstd") == "body-unreadable"


@pytest.mark.parametrize("named", [True, False], ids=["names its size", "does not"])
def test_a_gibibyte_of_zstd_is_refused_quickly_and_in_little_memory(named: bool) -> None:
    wire = zstd.compress(bytes(512 * MIB)) if named else zstd_bomb(1024 * MIB)
    tracemalloc.start()
    started = time.thread_time()
    code = refusal(wire, "zstd")
    seconds, (_, peak) = time.thread_time() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert code in {"ratio-too-high", "body-too-large"}
    assert seconds < 1
    assert peak < 64 * MIB
