"""A pause of all uploads as it is written down: with its beginning, so setting the clock makes none longer. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from logferry_daemon.core.waiting import is_ahead

_OPEN = "resumed"
"""In the place of an end."""


@dataclass(frozen=True, slots=True)
class Pause:
    """From when until when; until its owner goes on where it has no end."""

    began: datetime | None = None
    """None: it was written down by a version that knew the end alone, or has none."""
    until: datetime | None = None

    def as_of(self, now: datetime) -> Pause:
        """The same; from now on where it began in what is the future now.

        Nobody knows how much of it is over then, and going on too early is what its owner did not want.
        """
        if self.began is None or self.until is None or not is_ahead(self.began, now):
            return self
        return Pause(now, now + (self.until - self.began))


def encode(pause: Pause | None) -> tuple[str | None, str | None]:
    """Two notes: its end, and its beginning. Apart, because earlier versions read the end alone."""
    if pause is None:
        return None, None
    began = None if pause.began is None else pause.began.isoformat()
    return _OPEN if pause.until is None else pause.until.isoformat(), began


def decode(until: str | None, began: str | None) -> Pause | None:
    """What the two notes say."""
    if until is None:
        return None
    if until == _OPEN:
        return Pause()
    return Pause(datetime.fromisoformat(began) if began else None, datetime.fromisoformat(until))
