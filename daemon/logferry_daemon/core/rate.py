"""How fast bytes may leave: a bucket without a burst, so that so many bytes never take less than their time. Pure.

It is told the time in seconds of a clock that nobody can set.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

KIB = 1024
SLOWEST = 16 * KIB
"""Bytes a second, at the least: several sessions share them, and a server hangs up on one that only drips."""
_SLICES = 8
"""A second: more of them is smoother, and costs more."""
_SMALLEST, _LARGEST = KIB, 64 * KIB
_UNITS = {
    "B": 1,
    "kB": 1000,
    "KB": 1000,
    "KiB": KIB,
    "MB": 1000**2,
    "MiB": KIB**2,
    "GB": 1000**3,
    "GiB": KIB**3,
}
_RATE = re.compile(r"(\d{1,9}(?:\.\d{1,3})?) ?([kKMG]?i?B)/s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many bytes a second, all together."""

    per_second: float
    free: float = 0.0
    """When what was let through before is over."""

    @property
    def piece(self) -> int:
        """How many bytes are asked for at a time."""
        return int(min(max(self.per_second / _SLICES, _SMALLEST), _LARGEST))

    def take(self, size: int, at: float) -> tuple[Rate, float]:
        """After `size` more bytes, and how many seconds they have to wait for their turn."""
        over = max(self.free, at) + size / self.per_second
        return replace(self, free=over), over - at


def parse_rate(text: str) -> float | None:
    """Bytes a second of `500 KiB/s`, None of `off`; ValueError says what is wrong."""
    if text == "off":
        return None
    found = _RATE.fullmatch(text)
    if found is None or found[2] not in _UNITS:
        raise ValueError('it is no speed; write it as "500 KiB/s" or "2 MB/s", or "off"')
    per_second = float(found[1]) * _UNITS[found[2]]
    if per_second < SLOWEST:
        raise ValueError(f"it is too slow: at least {SLOWEST // KIB} KiB/s, or servers hang up")
    return per_second
