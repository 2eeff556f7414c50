"""What is packed how, and what is not."""

from __future__ import annotations

import gzip
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.packing import PAYS, SMALLEST, pack, unpack
from tests.packed import unpacked, zstd

TEXT = b'{"event": "animal hide", "amount": 1}' * 50


@pytest.mark.parametrize(
    ("offered", "name"), [(("gzip", "zstd"), "zstd"), (("gzip",), "gzip"), ((), ""), (("br", "identity"), "")]
)
def test_the_best_that_is_taken_is_used(offered: tuple[str, ...], name: str) -> None:
    packed, used = pack(TEXT, offered)
    assert used == name
    assert unpacked(packed) == TEXT


@pytest.mark.parametrize("offered", [("zstd",), ("gzip",)])
def test_what_is_small_goes_as_it_is(offered: tuple[str, ...]) -> None:
    assert pack(TEXT[: SMALLEST - 1], offered) == (TEXT[: SMALLEST - 1], "")
    assert pack(TEXT[:SMALLEST], offered)[1] == offered[0]


@pytest.mark.parametrize("offered", [("zstd",), ("gzip",)])
def test_what_does_not_pay_goes_as_it_is(offered: tuple[str, ...]) -> None:
    noise = random.Random(1).randbytes(10_000)
    assert pack(noise, offered) == (noise, "")
    assert pack(noise + TEXT, offered)[1] == offered[0]


@given(st.binary(max_size=2_000), st.sampled_from([("zstd",), ("gzip",), ("zstd", "gzip")]))
def test_what_is_packed_is_smaller_and_comes_back(document: bytes, offered: tuple[str, ...]) -> None:
    packed, name = pack(document, offered)
    assert pack(document, offered) == (packed, name)
    if name:
        assert len(packed) <= PAYS * len(document)
        assert (zstd.decompress(packed) if name == "zstd" else gzip.decompress(packed)) == document
    assert unpack(packed, name) == document


@pytest.mark.parametrize("name", ["zstd", "gzip"])
@pytest.mark.parametrize("keep", [0, 1, 20, -1])
def test_what_was_packed_and_damaged_is_told(name: str, keep: int) -> None:
    packed, _ = pack(TEXT, (name,))
    with pytest.raises(ValueError, match=name):
        unpack(packed[:keep] or b"?", name)


def test_a_frame_names_its_size_and_has_a_checksum() -> None:
    packed, _ = pack(TEXT, ("zstd",))
    assert zstd.get_frame_info(packed).decompressed_size == len(TEXT)
    broken = packed[:-1] + bytes([packed[-1] ^ 1])
    with pytest.raises(zstd.ZstdError):
        zstd.decompress(broken)
