"""Undoes a request's Content-Encoding within bounds. Never yields more than the caps allow, never skips a byte.

A gzip body has to be exactly one member that ends where the body ends, and a zstd body one frame: servers that go
on to the next can be kept busy with 200,000 empty ones, and what trails behind is not covered by any digest of the
content.
"""

from __future__ import annotations

import sys
import zlib

from logferry_collector.limits import KIB, Limits
from logferry_collector.rejections import Unacceptable

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ENCODINGS = ("zstd", "gzip", "identity")

_GZIP_ONLY = 16 + zlib.MAX_WBITS
_SMALLEST_WINDOW = 10
"""As a power of two: no frame can ask for less."""
_STEP = 64 * KIB
"""Decoded bytes at a time: between two steps the caps are looked at."""


def inflate(wire: bytes, encoding: str, limits: Limits) -> bytes:
    """The decoded body, or Unacceptable."""
    match encoding:
        case "identity":
            _check_size(len(wire), limits)
            return wire
        case "gzip":
            return _gunzip(wire, limits)
        case "zstd":
            return _unzstd(wire, limits)
    raise Unacceptable(
        "encoding-unsupported",
        "This collector does not take that Content-Encoding.",
        hint=f"Send one of: {', '.join(ENCODINGS)}.",
    )


def _gunzip(wire: bytes, limits: Limits) -> bytes:
    member = zlib.decompressobj(_GZIP_ONLY)
    decoded = bytearray()
    rest = wire
    while not member.eof:
        piece = _next_piece(member, rest)
        rest = member.unconsumed_tail
        if not piece and not rest and not member.eof:
            raise Unacceptable("body-unreadable", "The gzip body is cut off.")
        decoded += piece
        _check_size(len(decoded), limits)
        _check_ratio(len(decoded), len(wire), limits)
    if member.unused_data:
        raise Unacceptable("body-unreadable", "Bytes follow the end of the gzip member.")
    return bytes(decoded)


def _next_piece(member: zlib._Decompress, rest: bytes) -> bytes:
    try:
        return member.decompress(rest, _STEP)
    except zlib.error as error:
        raise Unacceptable("body-unreadable", "The body is not gzip, or it is damaged.") from error


def _unzstd(wire: bytes, limits: Limits) -> bytes:
    _check_announced(wire, limits)
    # A frame names the memory that it wants; more than the whole body may have, nobody needs.
    window = max((limits.decoded_bytes - 1).bit_length(), _SMALLEST_WINDOW)
    frame = zstd.ZstdDecompressor(options={int(zstd.DecompressionParameter.window_log_max): window})
    decoded = bytearray()
    rest = wire
    while not frame.eof:
        if frame.needs_input and not rest:
            raise Unacceptable("body-unreadable", "The zstd body is cut off.")
        decoded += _next_zstd_piece(frame, rest)
        rest = b""  # it has all of it
        _check_size(len(decoded), limits)
        _check_ratio(len(decoded), len(wire), limits)
    if frame.unused_data:
        raise Unacceptable("body-unreadable", "Bytes follow the end of the zstd frame.")
    return bytes(decoded)


def _check_announced(wire: bytes, limits: Limits) -> None:
    """A size that is too large is refused before anything is unpacked; one that is a lie, at the first byte beyond."""
    try:
        announced = zstd.get_frame_info(wire).decompressed_size
    except zstd.ZstdError as error:
        raise Unacceptable("body-unreadable", "The body is not zstd, or it is damaged.") from error
    _check_size(announced or 0, limits)


def _next_zstd_piece(frame: zstd.ZstdDecompressor, rest: bytes) -> bytes:
    try:
        return frame.decompress(rest, max_length=_STEP)
    except zstd.ZstdError as error:
        raise Unacceptable("body-unreadable", "The body is not zstd, or it is damaged.") from error


def _check_size(decoded: int, limits: Limits) -> None:
    if decoded > limits.decoded_bytes:
        raise Unacceptable("body-too-large", f"The body inflates to more than {limits.decoded_bytes} bytes.")


def _check_ratio(decoded: int, wire: int, limits: Limits) -> None:
    if decoded > limits.inflate_ratio_from and decoded > wire * limits.inflate_ratio:
        raise Unacceptable("ratio-too-high", f"The body inflates to more than {limits.inflate_ratio} times its size.")
