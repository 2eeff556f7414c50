"""The one module of the benchmarks that prints. Lays out what was measured; measures nothing."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.harness import Finding

COLUMNS = ("benchmark", "what", "figure", "range", "n", "peer", "ratio", "target", "holds", "stretch", "reached")
LEFT = 2
"""Columns of words; the rest are figures."""


def say(text: str = "") -> None:
    """One line, at once."""
    print(text, flush=True)


def table(findings: Sequence[Finding]) -> None:
    """Every finding, whether its target holds, and whether it reaches what would be better still."""
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
        return (one.benchmark, one.what, f"not measured: {one.reason}", *("",) * (len(COLUMNS) - 3))
    return (
        one.benchmark,
        one.what,
        f"{_number(one.figure)} {one.unit}",
        f"{_number(min(one.values))}..{_number(max(one.values))}" if len(one.values) > 1 else "",
        str(len(one.values)),
        f"{_number(one.peer_figure)} {one.unit} {one.peer}" if one.peer_values else "",
        "" if one.ratio is None else f"{one.ratio:.2f}x",
        str(one.target) if one.target else "",
        _answer(one.holds),
        str(one.stretch) if one.stretch else "",
        _answer(one.reached),
    )


def gates(findings: Sequence[Finding]) -> None:
    """What holds and what is open, in two sentences."""
    held = [one for one in findings if one.holds is not None]
    open_ones = [_named(one) for one in held if not one.holds]
    say(f"{len(held) - len(open_ones)} of {len(held)} targets hold" + _list("; open", open_ones))
    far = [one for one in findings if one.reached is not None]
    missed = [_named(one) for one in far if not one.reached]
    say(f"{len(far) - len(missed)} of {len(far)} stretches are reached" + _list("; open", missed))


def _named(one: Finding) -> str:
    return f"{one.benchmark} / {one.what}{f' / {one.peer}' if one.peer else ''}"


def _list(before: str, names: Sequence[str]) -> str:
    return f"{before}: {'; '.join(names)}." if names else "."


def _answer(told: object) -> str:
    return "" if told is None else "yes" if told else "NO"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
