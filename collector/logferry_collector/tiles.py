"""One figure as a page shows it, and figures that belong together. Knows no session."""

from __future__ import annotations

from msgspec import Struct


class Tile(Struct, frozen=True):
    """One figure."""

    label: str
    value: str
    unit: str = ""
    note: str = ""
    tone: str = ""
    """`gain` or `loss` where a figure can be good or bad."""


class Group(Struct, frozen=True):
    """Figures that belong together."""

    title: str
    tiles: tuple[Tile, ...]


def told(*candidates: tuple[float | None, Tile]) -> tuple[Tile, ...]:
    """The tiles whose figure is known and not nought."""
    return tuple(tile for amount, tile in candidates if amount)
