"""Who hears of what happens in a fleet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from logferry_daemon.core.reading import Found
from logferry_daemon.intake.source import Source

Looked = Callable[[Source, Sequence[Found]], None]
"""A source, and its sessions that still run."""


def _unheard(source: Source, running: Sequence[Found]) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listeners:
    """Who hears of what happens."""

    session_found: Callable[[str, str], None]
    """Session id, tracker."""
    delivery_changed: Callable[[str], None]
    """Delivery id."""
    state_changed: Callable[[], None]
    session_deleted: Callable[[str, str], None]
    """Session id, tracker."""
    looked: Looked = _unheard
    """After each look at a source, and when it is followed no more."""
