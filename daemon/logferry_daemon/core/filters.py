"""Which trackers' sessions a destination is sent, where its owner said so. Pure.

What is left out is not refused by anybody: it is excluded by a rule, and one word makes it what it was before.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol, runtime_checkable

Filters = Mapping[str, frozenset[str]]
"""Destination -> its trackers; one that is not in it takes all of them."""


@runtime_checkable
class Particular(Protocol):
    """What a dialect has besides, when its contract has fields for some trackers only."""

    @property
    def takes(self) -> Collection[str]:
        """Their trackers."""
        ...


def is_wanted(filters: Filters, destination: str, tracker: str) -> bool:
    """Whether sessions of this tracker may go there."""
    return destination not in filters or tracker in filters[destination]


def takers(dialects: Mapping[str, object]) -> Mapping[str, tuple[str, ...]]:
    """Dialect -> its trackers, of those that do not take all."""
    return {name: tuple(sorted(one.takes)) for name, one in dialects.items() if isinstance(one, Particular)}


def in_order(trackers: Sequence[str]) -> tuple[str, ...]:
    """Each once; the same filter is the same text."""
    return tuple(sorted(set(trackers)))
