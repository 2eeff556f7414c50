"""Cells in columns, as wide as they need to be. Pure; a table of ten thousand rows is laid out in a moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from unicodedata import combining, east_asian_width

from logferry.blocks import Grid, Words, dim, text_of
from logferry.printable import printable


def widths(grid: Grid) -> tuple[int, ...]:
    """Of its columns, with their names."""
    known = map(_cells, grid.columns)
    return tuple(max(one, *(_cells(text_of(row[at])) for row in grid.rows), 0) for at, one in enumerate(known))


def laid_out(grid: Grid, wide: Sequence[int], apart: int) -> Iterator[tuple[Words, ...]]:
    """Its names, where it has any, and its rows, each a line of words."""
    names = (tuple(map(dim, grid.columns)),) if any(grid.columns) else ()
    for row in (*names, *grid.rows):
        yield tuple(_line(grid, row, wide, " " * apart))


def _line(grid: Grid, row: Sequence[Words], wide: Sequence[int], gap: str) -> Iterator[Words]:
    last = len(row) - 1
    for at, (name, cell, room) in enumerate(zip(grid.columns, row, wide, strict=True)):
        left = " " * (room - _cells(text_of(cell)))
        before, after = (left, "") if name in grid.right else ("", left)
        if before:
            yield before
        yield cell
        if at < last:
            yield after + gap


def plain(words: Sequence[Words], indent: int = 0) -> str:
    """A line for a program or a file."""
    return (" " * indent + "".join(printable(text_of(word)) for word in words)).rstrip(" ")


def _cells(text: str) -> int:
    """Places that it takes on a terminal."""
    return len(text) if text.isascii() else sum(map(_places, printable(text)))


def _places(letter: str) -> int:
    return 0 if combining(letter) else 2 if east_asian_width(letter) in "WF" else 1
