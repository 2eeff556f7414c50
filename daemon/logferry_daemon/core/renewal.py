"""Tokens that are made of a key and do not live long. Values only.

The key then goes to an address of its own, which its owner set and which is part of what he agreed to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol, runtime_checkable

from logferry_daemon.core.exchange import Request, Response


@dataclass(frozen=True, slots=True)
class Token:
    """What takes the key's place for a while; prints without itself."""

    secret: str
    good_for: timedelta

    def __repr__(self) -> str:
        return f"Token(***, {self.good_for})"


@runtime_checkable
class Renewing(Protocol):
    """What a dialect has besides, when its destinations may want tokens in place of the key."""

    def token_request(self, secret: str) -> Request:
        """The request that has one made, below the address for tokens; Misconfigured where it is no such key."""
        ...

    def token_in(self, response: Response) -> Token:
        """The token in the answer; Misconfigured where the key is refused, Unreachable where that is not said."""
        ...
