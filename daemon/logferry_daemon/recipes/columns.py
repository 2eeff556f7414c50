"""The columns of a comma-separated line, and the numbers in them: the same however the line is counted. Pure."""

from __future__ import annotations

import csv
import re
from collections.abc import Set as AbstractSet

_SPACED = b", "
"""No column begins with a space: such a comma is part of a name in quotes."""
_WHOLE = re.compile(rb"-?(?:0|[1-9][0-9]{0,14})")
_DECIMAL = re.compile(rb"-?[0-9]{1,15}\.[0-9]{1,15}")


def columns(line: bytes, drop_last: AbstractSet[bytes]) -> list[bytes]:
    """The columns, maybe still in their quotes; without a last one that does not count as one."""
    # From the end, which takes half the time: it is asked of every line of a combat log.
    cells = line.split(b",") if line.rfind(_SPACED) < 0 else _quoted(line)
    if drop_last and cells and cells[-1].strip() in drop_last:
        cells.pop()
    return cells


def bare(cell: bytes) -> bytes:
    """A column without its quotes."""
    return cell.strip(b'"')


def number(text: bytes) -> int | float | None:
    """The number that is written there in full; anything else, such as `inf`, `1e5`, `1_0` or `007`, is none."""
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else None


def _quoted(line: bytes) -> list[bytes]:
    """The columns of a line with commas in its quotes; as if there were no quotes where it is torn."""
    try:
        rows = csv.reader([line.decode("latin-1")], skipinitialspace=True)
        return [cell.encode("latin-1") for cell in next(rows, [])]
    except csv.Error:
        return line.split(b",")
