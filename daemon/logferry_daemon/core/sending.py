"""What its owner set about sending to one destination. Values only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """Of one destination."""

    partials: bool = True
    """Whether it gets long sessions while they run, where its dialect can replace them."""


USUAL = Sending()
