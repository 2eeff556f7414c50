from __future__ import annotations

import tracemalloc
import zlib
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.recipes.match.unzip import content_of
from logferry_model.errors import Damaged
from tests.daemon.recipes.match.shipped import GW2, codes, read
from tests.factories_match import fight, zipped

CAP = 2**24
CONTENT = b"EVTC20260215" + bytes(range(256)) * 40


def content(data: bytes, *, limit: int = CAP) -> bytes:
    return b"".join(content_of(data, zipped=True, limit=limit))


def bomb(size: int) -> bytes:
    """`size` zeros, packed, without ever holding them."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    # Flushed in full, a piece knows nothing of the one before it: it can be said again and again.
    piece = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return piece * (size // 2**20) + packer.flush()


def with_packed(packed: bytes, *, says: int) -> bytes:
    """A zip around something that is packed already, with whatever size it is said to have."""
    data = zipped(b"\0" * len(packed), method=0, says=says)
    at = data.index(b"\0" * 64)
    data = data[:at] + packed + data[at + len(packed) :]
    # Both places tell the method two bytes after the flags.
    directory = data.rindex(b"PK\x01\x02")
    return data[:8] + b"\x08\0" + data[10 : directory + 10] + b"\x08\0" + data[directory + 12 :]


def test_the_one_file_in_a_zip_comes_out_as_it_went_in() -> None:
    assert content(zipped(CONTENT)) == CONTENT


def test_a_file_that_is_not_packed_in_its_zip_comes_out_too() -> None:
    assert content(zipped(CONTENT, method=0)) == CONTENT


def test_a_folder_around_the_file_does_no_harm() -> None:
    assert content(zipped(CONTENT, "logs/20260301", folders=["logs/"])) == CONTENT


def test_sizes_that_come_after_the_file_are_those_of_the_directory() -> None:
    assert content(zipped(CONTENT, flags=0x8)) == CONTENT


def test_a_comment_at_the_end_does_no_harm() -> None:
    data = zipped(CONTENT)
    assert content(data[:-2] + b"\x05\0hello") == CONTENT


def test_what_is_no_zip_is_passed_through() -> None:
    assert content(CONTENT) == CONTENT


def test_a_recipe_without_zips_takes_none_apart() -> None:
    data = zipped(CONTENT)
    assert b"".join(content_of(data, zipped=False, limit=CAP)) == data


UNSOUND = {
    "a link": zipped(CONTENT, mode=0o120777),
    "a device": zipped(CONTENT, mode=0o020666),
    "a pipe": zipped(CONTENT, mode=0o010666),
    "two files": zipped(CONTENT, copies=2),
    "a folder alone": zipped(b"", copies=0, folders=["logs/"]),
    "too many entries": zipped(CONTENT, folders=["a/"] * 20),
    "encrypted": zipped(CONTENT, flags=0x1),
    "a zip in the zip": zipped(zipped(CONTENT)),
    "another method": zipped(CONTENT, method=12),
    "a size that is too small": zipped(CONTENT, says=len(CONTENT) - 1),
    "a size that is too large": zipped(CONTENT, says=len(CONTENT) + 1),
    "two sizes": zipped(CONTENT, says_inside=len(CONTENT) + 1),
    "the form for huge archives": zipped(CONTENT, says=0xFFFFFFFF),
    "another checksum": zipped(CONTENT, crc=7),
    "one entry too many": zipped(CONTENT, total=2),
}


@pytest.mark.parametrize("data", UNSOUND.values(), ids=UNSOUND.keys())
def test_a_zip_that_no_game_writes_is_not_used(data: bytes) -> None:
    with pytest.raises(Damaged) as caught:
        content(data)
    assert caught.value.code == "zip-unsound"


@pytest.mark.parametrize(
    "name", ["../../../.bashrc", "/etc/passwd", "C:\\Windows\\x", "..\\..\\x", "a\0b", "x" * 4000, ""]
)
def test_the_name_in_a_zip_is_no_path(name: str, tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    with chdir(here):
        assert content(zipped(CONTENT, name)) == CONTENT
    assert list(tmp_path.rglob("*")) == [here]


def test_a_zip_in_the_zip_is_not_opened() -> None:
    assert codes(read(GW2, zipped(zipped(fight(), method=0), method=0))) == ["zip-unsound"]


def measured(pieces: Iterator[bytes]) -> int:
    """How many bytes came before it was refused."""
    came = 0
    try:
        for piece in pieces:
            came += len(piece)
    except Damaged:
        return came
    pytest.fail("it was not refused")


def test_a_bomb_that_tells_its_size_is_refused_before_a_byte_of_it_comes() -> None:
    data = with_packed(bomb(2**28), says=2**28)
    with pytest.raises(Damaged):
        content_of(data, zipped=True, limit=CAP)


def test_ten_gibibytes_in_a_zip_that_says_less_cost_no_memory_and_no_more_than_the_cap() -> None:
    data = with_packed(bomb(10 * 2**30), says=CAP - 1)
    tracemalloc.start()
    try:
        came = measured(content_of(data, zipped=True, limit=CAP))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (came <= CAP, peak < 2**22) == (True, True)


def test_a_bomb_that_lies_about_its_size_stops_at_what_it_says() -> None:
    assert measured(content_of(with_packed(bomb(2**28), says=2**20), zipped=True, limit=CAP)) <= 2**20


def test_a_bomb_below_the_cap_stops_by_its_ratio() -> None:
    data = with_packed(bomb(2**23), says=2**23)
    with pytest.raises(Damaged, match="100 times its size"):
        content_of(data, zipped=True, limit=CAP)


def test_zeros_of_a_short_file_are_no_bomb() -> None:
    assert content(zipped(bytes(100_000))) == bytes(100_000)


def test_what_is_in_a_zip_has_a_limit_of_its_own() -> None:
    with pytest.raises(Damaged) as caught:
        content(zipped(CONTENT), limit=1000)
    assert caught.value.code == "too-large"


def test_a_zip_that_is_still_being_written_is_waited_for() -> None:
    data = zipped(fight())
    cuts = range(8192, len(data) - 1, 997)
    assert [cut for cut in cuts if not read(GW2, data[:cut]).unfinished or read(GW2, data[:cut]).found] == []


@given(st.integers(0, 10**6), st.integers(1, 255))
def test_a_flipped_byte_never_gives_another_content(place: int, flip: int) -> None:
    data = bytearray(zipped(CONTENT))
    data[place % len(data)] ^= flip
    try:
        came = content(bytes(data))
    except Damaged:
        return
    assert came in (CONTENT, bytes(data))
