"""What a destination says of a key, asked without sending anything else. Values only.

Not every contract knows such a question: a dialect that does is `Validating` as well.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from logferry_daemon.core.exchange import Request, Response


@dataclass(frozen=True, slots=True, kw_only=True)
class Valid:
    """It takes the key."""

    account: str = ""
    """Whose it is, where that is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invalid:
    """By its own word it does not."""

    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclear:
    """It did not say, or could not be asked; nothing is known either way."""

    reason: str


Validity = Valid | Invalid | Unclear
ValidatingConversation = Generator[Request, Response, Validity]


@runtime_checkable
class Validating(Protocol):
    """A dialect whose contract can be asked whether a key is good."""

    def validate(self, *, now: datetime) -> ValidatingConversation:
        """The conversation that finds out; the key goes along as with every request."""
        ...
