"""The shape of a table on a report, and how rows become one. Pure; the longest rows first, never all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

MOST_ROWS = 50
"""Rows of one table; the stored document has them all."""


class Cell(Struct, frozen=True):
    """One figure of a row, and perhaps how it compares with the others of its column."""

    text: str
    share: float | None = None
    """0 to 100, for a bar."""
    series: int = 0
    """Decides the colour of the bar, as in the chart."""


class Line(Struct, frozen=True, kw_only=True):
    """One row: a name, its figures, and how it compares with the largest row."""

    name: str
    cells: tuple[Cell, ...]
    share: float | None = None
    """0 to 100."""
    note: str = ""
    badge: str = ""
    """One word that marks this row."""


class Listing(Struct, frozen=True, kw_only=True):
    """One table."""

    title: str
    name: str
    """Heading of the first column."""
    columns: tuple[str, ...]
    lines: tuple[Line, ...] = ()
    badge: str = ""
    """One word that marks this table among others."""
    more: int = 0
    """Rows left out."""
    sorted_by: int | None = None
    """The column whose largest figure is on top."""


class Candidate(Struct, frozen=True, kw_only=True):
    """What may become a row."""

    key: float
    """Sorted and compared by this."""
    name: str
    cells: Sequence[str]
    note: str = ""


def listing(
    title: str, name: str, columns: tuple[str, ...], rows: Iterable[Candidate], *, sorted_by: int | None = None
) -> Listing:
    """The table of `rows`, each with a bar under its name."""
    ordered = sorted(rows, key=lambda row: row.key, reverse=True)
    largest = ordered[0].key if ordered else 0.0
    return Listing(
        title=title,
        name=name,
        columns=columns,
        lines=tuple(
            Line(name=row.name, cells=texts(row.cells), share=share(row.key, largest), note=row.note)
            for row in ordered[:MOST_ROWS]
        ),
        more=max(len(ordered) - MOST_ROWS, 0),
        sorted_by=sorted_by,
    )


def texts(cells: Iterable[str]) -> tuple[Cell, ...]:
    """Cells without bars."""
    return tuple(Cell(text) for text in cells)


def share(amount: float, largest: float) -> float:
    """How much of the largest an amount is, 0 to 100 whatever both are."""
    part = amount / largest if largest > 0 else 0.0
    return round(min(part, 1.0) * 100, 1) if part > 0 else 0.0
