"""What a person is shown, as plain values: lines and grids with a tone. Knows no terminal and prints nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Tone(StrEnum):
    """How something is meant; `output.py` gives it a colour."""

    PLAIN = "plain"
    STRONG = "strong"
    DIM = "dim"
    GOOD = "good"
    BUSY = "busy"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Span:
    """Some words of one tone."""

    text: str
    tone: Tone = Tone.PLAIN


Words = str | Span


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text; `indent` holds for every row that it wraps into."""

    words: tuple[Words, ...]
    indent: int = 0


@dataclass(frozen=True, slots=True)
class Grid:
    """A table; columns named in `right` are aligned to the right, those in `whole` never wrap."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Words, ...], ...]
    right: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()
    indent: int = 2


Block = Line | Grid

GAP = Line(())
"""An empty line."""


def line(*words: Words, indent: int = 0) -> Line:
    """A line of these words."""
    return Line(words, indent)


def heading(text: str) -> Line:
    """The line above a group."""
    return Line((Span(text, Tone.STRONG),))


def dim(text: str) -> Span:
    """Words that matter less."""
    return Span(text, Tone.DIM)


def listed(grid: Grid) -> Grid:
    """The same with a line for each cell that has something in it, where there is no room for its columns."""
    rows: list[tuple[Words, ...]] = []
    for row in grid.rows:
        rows += [("", "")] if rows else []
        rows += [(dim(name), cell) for name, cell in zip(grid.columns, row, strict=True) if text_of(cell)]
    return Grid(("name", "value"), tuple(rows), whole=frozenset({"name"}), indent=grid.indent)


def text_of(word: Words) -> str:
    """It without its tone."""
    return word.text if isinstance(word, Span) else word
