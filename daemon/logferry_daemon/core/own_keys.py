"""Keys that Logferry makes for itself, for destinations that let in whoever comes without one. Pure; values only.

Such a key says nothing of who its owner is. What was sent with it can be told from what others sent, and taken into an
account later, where the destination has such a thing.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from logferry_daemon.core.exchange import Request, Response

_OWN = re.compile(r"lfa_[A-Za-z0-9_-]{43}")


def own_key(digits: str) -> str:
    """A key made of 64 hex digits that nobody can guess."""
    text = base64.urlsafe_b64encode(bytes.fromhex(digits)).decode().rstrip("=")
    return f"lfa_{text}"


def is_own_key(secret: str | None) -> bool:
    """Whether this one was made so, and not given out by anybody."""
    return secret is not None and _OWN.fullmatch(secret) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOver:
    """What was sent with such a key is an account's now, and the key is good for nothing any more."""

    reports: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTakenOver:
    """All is as it was."""

    reason: str


TakingOver = Generator[Request, Response, TakenOver | NotTakenOver]


@runtime_checkable
class Joining(Protocol):
    """What a dialect has besides, when its destinations know such keys."""

    def join(self, key: str, *, now: datetime) -> TakingOver:
        """The conversation in which the account that is asked for takes over what was sent with `key`."""
        ...
