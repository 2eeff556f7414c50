"""zstd, by whichever name this Python has it, and packed bytes unpacked by their own first bytes, also in a batch or a file."""

from __future__ import annotations

import gzip
import re
import sys
import zlib
from collections.abc import Iterator
from contextlib import suppress

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["found_packed", "opened", "unpacked", "zstd"]

ZSTD, GZIP, ZLIB = b"\x28\xb5\x2f\xfd", b"\x1f\x8b", b"x\x9c"


def unpacked(body: bytes) -> bytes:
    """What was packed."""
    if body.startswith(ZSTD):
        return zstd.decompress(body)
    return gzip.decompress(body) if body.startswith(GZIP) else body


def opened(head: bytes, body: bytes) -> bytes:
    """The body of a message without its compression; of a batch, each part of it."""
    boundary = re.search(rb'(?i)content-type: multipart/[^\r]*boundary="?([^";\r]+)', head)
    if boundary is None:
        return unpacked(body)
    parts = (part.partition(b"\r\n\r\n") for part in body.split(b"--" + boundary[1]))
    return b"\n".join(before + b"\n" + unpacked(inner.removesuffix(b"\r\n")) for before, _, inner in parts)


def found_packed(data: bytes) -> Iterator[bytes]:
    """Whatever can be unpacked out of a file from any place on."""
    for place in re.finditer(re.escape(ZSTD) + b"|" + re.escape(ZLIB), data):
        opener = zstd.ZstdDecompressor() if place[0] == ZSTD else zlib.decompressobj()
        with suppress(zlib.error, zstd.ZstdError):
            yield opener.decompress(data[place.start() :])
