"""Packs what is sent, by the best way that the other side unpacks and that pays. Pure.

The same bytes make the same packed bytes, as long as the library stays the same; the letter is kept, so a retry does
not even depend on that.
"""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Callable, Collection, Mapping

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

SMALLEST = 256
"""Bytes below which packing is not worth a header."""
PAYS = 0.95
"""What is left at most; above it, the other side would unpack for nothing."""
ZSTD_LEVEL = 7
"""Fewer bytes than gzip in no more time, but for the smallest; 9 takes half as long again for 2 % (dev.py bench)."""
GZIP_LEVEL = 6
"""zlib's best ratio for its time on session documents; 9 halves the speed for 4 % fewer bytes."""


def zstd_packed(document: bytes) -> bytes:
    """One frame that names its size and has a checksum."""
    options = {
        int(zstd.CompressionParameter.compression_level): ZSTD_LEVEL,
        int(zstd.CompressionParameter.checksum_flag): 1,
    }
    return zstd.compress(document, options=options)


def gzip_packed(document: bytes) -> bytes:
    """One member without a time in it."""
    return gzip.compress(document, GZIP_LEVEL, mtime=0)


PACKERS: Mapping[str, Callable[[bytes], bytes]] = {"zstd": zstd_packed, "gzip": gzip_packed}
"""The best first."""


def pack(document: bytes, encodings: Collection[str]) -> tuple[bytes, str]:
    """The packed document and the name of the packing; as it is, and "", where none pays or none is known there."""
    name = next((one for one in PACKERS if one in encodings), "")
    if not name or len(document) < SMALLEST:
        return document, ""
    packed = PACKERS[name](document)
    return (packed, name) if len(packed) <= PAYS * len(document) else (document, "")


def unpacked(body: bytes, headers: Mapping[str, str]) -> bytes:
    """A letter's body as it was before it was packed; as it is where it is damaged."""
    encoding = next((value for name, value in headers.items() if name.casefold() == "content-encoding"), "")
    try:
        return unpack(body, encoding)
    except ValueError:
        return body


def unpack(body: bytes, encoding: str) -> bytes:
    """What was packed here, as it was before; ValueError where it is damaged."""
    try:
        if encoding == "zstd":
            return zstd.decompress(body)
        return gzip.decompress(body) if encoding == "gzip" else body
    except (OSError, EOFError, zlib.error, zstd.ZstdError) as error:
        raise ValueError(f"no {encoding}: {error}") from error
