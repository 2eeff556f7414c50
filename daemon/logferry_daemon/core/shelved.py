"""How a document lies in the spool: packed fast, with a checksum. Computes only, and knows no database.

Those of spools from before were packed by zlib, and are read as well.
"""

from __future__ import annotations

import sys
import threading
import zlib

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_MAGIC = b"\x28\xb5\x2f\xfd"
_OPTIONS = {int(zstd.CompressionParameter.compression_level): 3, int(zstd.CompressionParameter.checksum_flag): 1}
"""3: a fifth of zlib's time for a seventh more bytes. A checksum: a document is believed by it, see core/salvage.py."""


class Unreadable(ValueError):
    """That is no document as it was packed."""


class _Packers(threading.local):
    """One a thread, as they cannot be shared: making one takes longer than packing a short session."""

    def __init__(self) -> None:
        self.packer = zstd.ZstdCompressor(options=_OPTIONS)


_OWN = _Packers()


def shelved(document: bytes) -> bytes:
    """As it is kept."""
    packer = _OWN.packer
    return packer.compress(document, mode=packer.FLUSH_FRAME)


def unshelved(packed: bytes) -> bytes:
    """As it was; Unreadable where it is damaged."""
    try:
        return zstd.decompress(packed) if packed.startswith(_MAGIC) else zlib.decompress(packed)
    except (zlib.error, zstd.ZstdError) as error:
        raise Unreadable(str(error)) from error
