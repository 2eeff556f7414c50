"""What a check says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal, Protocol

Level = Literal["ok", "advice", "problem"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One finding: what was looked at, how it is, and what to do."""

    name: str
    level: Level
    message: str
    hint: str = ""


class Checker(Protocol):
    """One thing that can be wrong."""

    def run(self) -> AsyncIterator[Check]:
        """Look now."""
        ...
