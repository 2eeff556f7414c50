"""A secret that is too long for one entry of a keyring, in numbered parts. Pure: never half a secret comes out.

In its place stands a manifest, written last: how many parts there are, and the hash over the whole.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

MAX_UNITS = 1_200
"""UTF-16 units of one entry: the Windows vault holds 1,280."""
MAX_PARTS = 64
MANIFEST = re.compile(r"logferry-parts:1:([1-9][0-9]?):([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a secret in parts consists of."""

    parts: int
    digest: str

    @property
    def text(self) -> str:
        """As it is kept in the secret's place."""
        return f"logferry-parts:1:{self.parts}:{self.digest}"


def too_long(secret: str) -> bool:
    """Whether not even the parts of it can be kept."""
    return len(_cut(secret)) > MAX_PARTS


def split(secret: str) -> tuple[str, Sequence[str]]:
    """What is kept in the secret's place, and the parts beside it: none where it fits in one entry."""
    # A secret that looks like a manifest is split, too: what is read as one must be one.
    if units(secret) <= MAX_UNITS and not MANIFEST.fullmatch(secret):
        return secret, ()
    parts = _cut(secret)
    return Manifest(len(parts), _digest(secret)).text, parts


def manifest(kept: str) -> Manifest | None:
    """The manifest that was kept, or None where it is the secret itself."""
    found = MANIFEST.fullmatch(kept)
    return Manifest(int(found[1]), found[2]) if found else None


def joined(whole: Manifest, parts: Sequence[str | None]) -> str | None:
    """The secret; None when a part is missing or is not the one that was written."""
    secret = "".join(part or "" for part in parts)
    return secret if _digest(secret) == whole.digest else None


def units(text: str) -> int:
    """How long it is where UTF-16 is counted."""
    return len(text) + sum(char > "\uffff" for char in text)


def _cut(secret: str) -> Sequence[str]:
    """Pieces of whole characters, none longer than an entry."""
    pieces, start, size = [], 0, 0
    for at, char in enumerate(secret):
        width = units(char)
        if size + width > MAX_UNITS:
            pieces.append(secret[start:at])
            start, size = at, 0
        size += width
    return [*pieces, secret[start:]]


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
