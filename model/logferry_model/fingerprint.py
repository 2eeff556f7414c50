"""The fingerprint of a server's key: how it is written, read and compared. Pure; opens no connection.

It is of the key alone (its SubjectPublicKeyInfo) and not of the certificate, which may be renewed around the same key.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

_PREFIX = "sha256:"
_SEPARATORS = re.compile(r"[\s:-]")
_DIGITS = re.compile(r"[0-9a-f]{64}")
_GROUP = 4
LONGEST = 256
"""Letters, with every separator that anybody may put in."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The sha-256 of one public key."""

    digits: str
    """64 small hex digits."""

    def __post_init__(self) -> None:
        if not _DIGITS.fullmatch(self.digits):
            raise ValueError("a fingerprint has 64 small hex digits")

    @property
    def setting(self) -> str:
        """As it stands in settings."""
        return _PREFIX + self.digits

    def __str__(self) -> str:
        """In groups that two people can compare, and one word for a command line."""
        return ":".join(self.digits[at : at + _GROUP] for at in range(0, len(self.digits), _GROUP))


def fingerprint_of(public_key: bytes) -> Fingerprint:
    """Of a SubjectPublicKeyInfo in DER."""
    return Fingerprint(hashlib.sha256(public_key).hexdigest())


def parse_fingerprint(text: str) -> Fingerprint | None:
    """The fingerprint in any way of writing it, with or without groups; None for half of one and anything else."""
    if len(text) > LONGEST:
        return None
    digits = _SEPARATORS.sub("", text.strip().lower().removeprefix(_PREFIX))
    return Fingerprint(digits) if _DIGITS.fullmatch(digits) else None
