"""Stand-ins for what names people, from the spool on: `@players:` and 32 hex digits. Pure.

A slot holds a place for a name without being one. It is made with a key of the spool, so nobody can find the name by
trying names; the same name, however it is written, makes the same slot. What becomes of it for a destination is decided
when something is written for that destination, see addressing.py.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from unicodedata import normalize

from logferry_daemon.core.policy import Group

HEX = 32
"""Digits kept of the digest: 128 bits."""
SLOT = re.compile(rf"@({'|'.join(Group)}):([0-9a-f]{{{HEX}}})")

_BEGINNINGS = tuple(f"@{group}:" for group in Group)


class Slots:
    """Makes slots with one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __repr__(self) -> str:
        return "Slots(***)"

    def carried(self) -> bytes:
        """What they are made with, for our own worker (workshop/messages.py) and nobody else."""
        return self._key

    def slot(self, group: Group, text: str) -> str:
        """What stands for `text`; a slot stands for itself."""
        if SLOT.fullmatch(text):
            return text
        return f"@{group}:{keyed(self._key, group, same(text))}"


def pretends(text: str) -> bool:
    """Whether a text that is no slot begins like one: nothing that a game says does."""
    return text.startswith(_BEGINNINGS) and not SLOT.fullmatch(text)


def same(text: str) -> str:
    """One writing for all that people take for the same name."""
    return normalize("NFKC", normalize("NFKC", text).casefold()).strip()


def keyed(key: bytes, *parts: str) -> str:
    """128 bits of an HMAC-SHA256 over some texts, in hex."""
    return hmac.new(key, "\n".join(parts).encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:HEX]


def slot_of(text: str) -> tuple[Group, str] | None:
    """The group and the digits of a slot; None when it is any other text."""
    found = SLOT.fullmatch(text)
    return (Group(found[1]), found[2]) if found else None
