"""The one module of the benchmarks that prints. Lays out what was measured; measures nothing."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.harness import Finding

COLUMNS = ("benchmark", "what", "figure", "range", "n", "peer", "ratio", "target", "holds")
LEFT = 2
"""Columns of words; the rest are figures."""


def say(text: str = "") -> None:
    """One line, at once."""
    print(text, flush=True)


def table(findings: Sequence[Finding]) -> None:
    """Every finding, and whether its target holds."""
    rows = [COLUMNS, *(_row(one) for one in findings)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    for number, row in enumerate(rows):
        cells = enumerate(zip(row, widths, strict=True))
        say("  ".join(_padded(cell, width, column) for column, (cell, width) in cells).rstrip())
        if number == 0:
            say("  ".join("-" * width for width in widths))


def _padded(cell: str, width: int, column: int) -> str:
    return cell.ljust(width) if column < LEFT or column == COLUMNS.index("peer") else cell.rjust(width)


def _row(one: Finding) -> tuple[str, ...]:
    if one.reason:
        return (one.benchmark, one.what, f"not measured: {one.reason}", *("",) * 6)
    return (
        one.benchmark,
        one.what,
        f"{_number(one.figure)} {one.unit}",
        f"{_number(min(one.values))}..{_number(max(one.values))}" if len(one.values) > 1 else "",
        str(len(one.values)),
        f"{_number(one.peer_figure)} {one.unit} {one.peer}" if one.peer_values else "",
        "" if one.ratio is None else f"{one.ratio:.2f}x",
        str(one.target) if one.target else "",
        "" if one.holds is None else "yes" if one.holds else "NO",
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
