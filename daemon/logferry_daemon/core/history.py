"""What came of the tries at a delivery. Pure.

The delivery's own row says how it stands; these say how it came to that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

MOST_ATTEMPTS = 50
"""Kept of one delivery: a destination that is down for a week is tried some hundred times."""
BROKEN_OFF = "sending was broken off"


class Ending(StrEnum):
    """How a try ended."""

    UPLOADED = "uploaded"
    LATER = "later"
    """It will be tried again."""
    REFUSED = "refused"
    """A person decides."""
    BROKEN_OFF = "broken-off"
    """The daemon ended, or its owner held it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at a delivery."""

    number: int
    """From 1; counts on when the oldest are let go."""
    started_at: datetime
    took: timedelta | None
    """None where nobody saw it end."""
    bytes: int
    """Of the letter; 0 where none was written yet."""
    outcome: Ending
    reason: str = ""
