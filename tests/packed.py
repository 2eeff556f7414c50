"""zstd, by whichever name this Python has it, and packed bytes unpacked by their own first bytes, also in a batch."""

from __future__ import annotations

import gzip
import re
import sys

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["opened", "unpacked", "zstd"]

ZSTD, GZIP = b"\x28\xb5\x2f\xfd", b"\x1f\x8b"


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
