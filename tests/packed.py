"""zstd, by whichever name this Python has it, and packed bytes unpacked by their own first bytes."""

from __future__ import annotations

import gzip
import sys

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["unpacked", "zstd"]

ZSTD, GZIP = b"\x28\xb5\x2f\xfd", b"\x1f\x8b"


def unpacked(body: bytes) -> bytes:
    """What was packed."""
    if body.startswith(ZSTD):
        return zstd.decompress(body)
    return gzip.decompress(body) if body.startswith(GZIP) else body
