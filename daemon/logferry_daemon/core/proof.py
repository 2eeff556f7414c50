"""What a destination says today of what it once gave a receipt for. Values only.

Not every contract knows such a question: a dialect that does is a `Verifier` as well.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from logferry_daemon.core.exchange import Request, Response
from logferry_model.envelope import Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """It still has exactly what it gave the receipt for."""

    received_digest: str
    payload_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """By its own word it has it no more."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Different:
    """It has something else."""

    received_digest: str
    payload_digest: str
    fields: tuple[str, ...]
    """What of its receipt is not as it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclear:
    """It did not say; nothing is proved either way."""

    reason: str
    alone: bool = False
    """What else it was given can be asked about all the same."""


Proof = Verified | Missing | Different | Unclear
ProvingConversation = Generator[Request, Response, Proof]


@runtime_checkable
class Verifier(Protocol):
    """A dialect whose contract can be asked for the proof of a delivery."""

    def verify(self, receipt: Receipt, *, now: datetime) -> ProvingConversation:
        """The conversation that finds out what became of what this receipt was given for."""
        ...
