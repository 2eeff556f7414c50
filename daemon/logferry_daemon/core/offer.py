"""What a destination says it can do, read from its `/info`. Pure; believes no figure that is out of bounds.

Until it has said so, a destination unpacks gzip and takes whole posts: that much every contract here has.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from msgspec import Struct

KIB = 1024
MIB = 1024 * KIB

ENCODINGS = ("zstd", "gzip")
"""Those that are made here."""
TUS = "1.0.0"
SMALLEST, USUAL, LARGEST = 256 * KIB, 4 * MIB, 8 * MIB
"""Of a piece: below the first, headers and round trips begin to count; above the last, so does what a cut costs."""
CHECKSUMS = ("sha256", "sha1")
"""The best first."""
POST = 8 * MIB
"""What one post may have where nobody says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """How a letter is taken in pieces."""

    usual: int = USUAL
    """Bytes of one."""
    smallest: int = SMALLEST
    most: int | None = None
    """Bytes of the whole; None: it does not say."""
    checksum: str = ""
    """How each piece is vouched for; empty where that is not looked at."""
    takes_back: bool = False
    """Whether an upload that was begun is deleted when it is asked to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What is known of one destination."""

    encodings: tuple[str, ...] = ("gzip",)
    post: int = POST
    """Bytes that one post may have."""
    pieces: Pieces | None = None
    batch: int = 0
    """How many letters one request may have; 0: it does not say."""


class _Limits(Struct):
    wire_bytes: int = POST
    batch_parts: int = 0


class _Chunk(Struct):
    min: int = SMALLEST
    default: int = USUAL
    max: int = LARGEST


class _Tus(Struct):
    version: str = ""
    extensions: tuple[str, ...] = ()
    checksum_algorithms: tuple[str, ...] = ()
    max_size: int | None = None
    chunk_bytes: _Chunk = msgspec.field(default_factory=_Chunk)


class _Info(Struct):
    encodings: tuple[str, ...]
    limits: _Limits = msgspec.field(default_factory=_Limits)
    tus: _Tus | None = None


def read_offer(body: bytes) -> Offer | None:
    """The offer in an answer to `GET /info`; None when it is something else."""
    try:
        info = msgspec.json.decode(body, type=_Info)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    encodings = tuple(one for one in ENCODINGS if one in info.encodings)
    limits = info.limits
    return Offer(
        encodings=encodings,
        post=max(limits.wire_bytes, 1),
        pieces=_pieces(info.tus),
        batch=max(limits.batch_parts, 0),
    )


def _pieces(tus: _Tus | None) -> Pieces | None:
    if tus is None or tus.version != TUS or "creation" not in tus.extensions:
        return None
    smallest = _between(SMALLEST, tus.chunk_bytes.min, LARGEST)
    largest = _between(smallest, tus.chunk_bytes.max, LARGEST)
    named = [one for one in CHECKSUMS if one in tus.checksum_algorithms and "checksum" in tus.extensions]
    return Pieces(
        usual=_between(smallest, tus.chunk_bytes.default, largest),
        smallest=smallest,
        most=tus.max_size,
        checksum=named[0] if named else "",
        takes_back="termination" in tus.extensions,
    )


def _between(low: int, wanted: int, high: int) -> int:
    return max(low, min(wanted, high))
