"""The one file in a zip, inflated in memory a piece at a time. Extracts nothing and uses no name that stands in it.

Stricter than the format: one member, no encryption, no archive in the archive, and both places that tell its sizes must
agree. What is inflated is counted while it comes, so that a lie about its size costs no memory.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from logferry_daemon.recipes.match.blocks import PIECE, cut_off, pieces_of
from logferry_model.errors import Damaged

BEGINS = b"PK\x03\x04"
MAX_ENTRIES = 16
"""Directories around the one member; more is no game's archive."""
MAX_RATIO = 100
RATIO_FLOOR = 2**20
"""Below this many bytes no ratio is too good: a short file may well be all zeros."""

_END = struct.Struct("<4s4H2LH")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_STORED, _DEFLATED = 0, 8
_ENCRYPTED, _SIZES_LATER = 0x1, 0x8
_STEP = 2**16
"""Bytes that are unpacked at once: what is left of them is copied for each piece that comes out."""
_ELSEWHERE = 0xFFFFFFFF
_KINDS = (0, 0o100000)
"""Unix file types that are plain files; 0 says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Member:
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    kind: int
    offset: int
    folder: bool


def content_of(data: bytes, *, zipped: bool, limit: int) -> Iterator[bytes]:
    """The bytes of the file, or of the one member when it is a zip; Damaged before the end when they are not sound."""
    if not (zipped and data.startswith(BEGINS)):
        return pieces_of(data)
    entries, directory_at = _directory(data)
    member = _only(entries)
    _check(member, limit)
    start = _data_at(data, member, directory_at)
    packed = memoryview(data)[start : start + member.packed]
    return _unpacked(packed, member, limit)


def _directory(data: bytes) -> tuple[list[_Member], int]:
    at = data.rfind(b"PK\x05\x06", max(0, len(data) - _END.size - 0xFFFF))
    if at < 0 or at + _END.size > len(data):
        raise cut_off()
    _, disk, first_disk, here, total, size, offset, _ = _END.unpack_from(data, at)
    if disk or first_disk or here != total or total > MAX_ENTRIES or _ELSEWHERE in (size, offset):
        raise _unsound("a directory of one archive with one file was expected")
    if offset + size > at:
        raise _unsound("its directory is not where it says")
    entries = []
    position = offset
    for _ in range(total):
        member, position = _entry(data, position, offset + size)
        entries.append(member)
    return entries, offset


def _entry(data: bytes, at: int, end: int) -> tuple[_Member, int]:
    if at + _ENTRY.size > end:
        raise _unsound("its directory is shorter than it says")
    mark, _, _, flags, method, _, _, crc, packed, size, name, extra, comment, _, _, outside, offset = (
        _ENTRY.unpack_from(data, at)
    )
    after = at + _ENTRY.size + name + extra + comment
    if mark != b"PK\x01\x02" or after > end:
        raise _unsound("its directory is damaged")
    kind = outside >> 16 & 0o170000
    folder = name > 0 and data[at + _ENTRY.size + name - 1] == ord("/")
    member = _Member(
        flags=flags, method=method, crc=crc, packed=packed, size=size, kind=kind, offset=offset, folder=folder
    )
    return member, after


def _only(entries: list[_Member]) -> _Member:
    files = [entry for entry in entries if not (entry.folder and entry.size == 0)]
    if len(files) != 1:
        raise _unsound(f"it holds {len(files)} files instead of one")
    return files[0]


def _check(member: _Member, limit: int) -> None:
    if member.flags & _ENCRYPTED:
        raise _unsound("it is encrypted")
    if member.method not in (_STORED, _DEFLATED):
        raise _unsound("it is packed in a way that no game uses")
    if member.kind not in _KINDS:
        raise _unsound("it holds a link or a device instead of a file")
    if _ELSEWHERE in (member.packed, member.size, member.offset):
        raise _unsound("it says its sizes in the form for huge archives")
    _check_size(member.size, member.packed, limit)


def _check_size(size: int, packed: int, limit: int) -> None:
    if size > limit:
        raise Damaged("too-large", f"too large: what is in the zip is over {limit / 2**20:.0f} MiB.")
    if size > max(RATIO_FLOOR, packed * MAX_RATIO):
        raise _unsound(f"it unpacks to more than {MAX_RATIO} times its size")


def _data_at(data: bytes, member: _Member, directory_at: int) -> int:
    if member.offset + _LOCAL.size > directory_at:
        raise _unsound("its file is not where it says")
    mark, _, flags, method, _, _, crc, packed, size, name, extra = _LOCAL.unpack_from(data, member.offset)
    told = (0, 0, 0) if flags & _SIZES_LATER and (crc, packed, size) == (0, 0, 0) else (crc, packed, size)
    known = (member.crc, member.packed, member.size)
    if mark != BEGINS or method != member.method or flags & _ENCRYPTED or told not in (known, (0, 0, 0)):
        raise _unsound("it contradicts itself")
    start: int = member.offset + _LOCAL.size + name + extra
    if start + member.packed > directory_at:
        raise _unsound("its file is not where it says")
    return start


def _unpacked(packed: memoryview, member: _Member, limit: int) -> Iterator[bytes]:
    """The content; what came so far counts for nothing when this ends with Damaged."""
    size, crc = 0, 0
    for piece in _inflated(packed) if member.method == _DEFLATED else pieces_of(bytes(packed)):
        if not size and piece.startswith(BEGINS):
            raise _unsound("it holds another zip")
        size, crc = size + len(piece), zlib.crc32(piece, crc)
        _check_size(size, len(packed), limit)
        if size > member.size:
            raise _unsound("it unpacks to more than it says")
        yield piece
    if (size, crc) != (member.size, member.crc):
        raise _unsound("its file is damaged")


def _inflated(packed: memoryview) -> Iterator[bytes]:
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for start in range(0, len(packed), _STEP):
            rest: bytes | memoryview = packed[start : start + _STEP]
            while rest or inflate.unconsumed_tail:
                if inflate.eof:
                    raise _unsound("its file is damaged")
                piece = inflate.decompress(rest, PIECE)
                rest = inflate.unconsumed_tail
                if piece:
                    yield piece
    except zlib.error as error:
        raise _unsound("its file is damaged") from error
    if not inflate.eof or inflate.unused_data:
        raise _unsound("its file is damaged")


def _unsound(why: str) -> Damaged:
    return Damaged("zip-unsound", f"the zip is not used: {why}.")
