"""Takes a key out of what the other side said: some servers repeat in their answer what they were sent. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from logferry_daemon.core.exchange import Acked, Erased, GoneByOwner, Later, Parked, Stop

HUSHED = "***"
_SHORTEST = 6
"""A part of a key that is shorter could be any word."""

T = TypeVar("T", bound=Acked | Erased | GoneByOwner | Later | Parked | Stop)


def hushed(outcome: T, secret: str) -> T:
    """The same outcome, whose reason has neither the key nor a part of it between colons."""
    if isinstance(outcome, Acked | Erased):
        return outcome
    return replace(outcome, reason=hushed_text(outcome.reason, secret))


def hushed_text(text: str, secret: str) -> str:
    """The same text without them."""
    parts = {secret, secret.removeprefix("Bearer "), *secret.split(":")}
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= _SHORTEST:
            text = text.replace(part, HUSHED)
    return text
