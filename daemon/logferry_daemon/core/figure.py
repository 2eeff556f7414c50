"""Which numbers of a tracker count. Pure."""

from __future__ import annotations

from typing import Any

LARGEST = 1e12
"""More than any game pays; the sum over the largest file still fits into 64 bits, as every collector wants it."""


def figure(value: Any) -> float | None:  # noqa: ANN401 -- any JSON value
    """`value` as a number, or None when it is no number or beyond LARGEST."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) <= LARGEST else None
