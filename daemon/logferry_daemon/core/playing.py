"""Whether its owner is playing, so that uploads wait. Pure: what runs and what has the focus in, yes or no out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class When(StrEnum):
    """What counts as playing."""

    OFF = "off"
    """Nothing: uploads never wait for it."""
    RUNNING = "running"
    """A game that is followed runs."""
    FOREGROUND = "foreground"
    """Its window has the focus."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Focus:
    """Which program's window has the focus."""

    pid: int | None = None
    """None: none has."""
    unknown: str = ""
    """Why the system does not tell, where it does not."""


def is_playing(when: When, games: Collection[int], focus: Focus) -> bool:
    """Whether one of `games` (by process) is played. Where nobody tells which window has the focus, running counts."""
    if when is When.OFF or not games:
        return False
    return when is When.RUNNING or bool(focus.unknown) or focus.pid in games
