"""Which items are at fault themselves when a destination fails, and how much of a failure says anything of it. Pure.

A server that is down fails whatever it is sent. One that fails the same few items while it takes others has nothing
wrong with it but those: they wait for themselves, each by its own backoff, and hold up nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from logferry_daemon.core.backoff import CAP

ALONE = timedelta(seconds=30)
"""Pause of all others at the most while a single item fails and nobody knows yet whose fault that is."""
_MOST_DOUBLINGS = 10


@dataclass(frozen=True, slots=True)
class Blame:
    """Of one destination; items are called by their ids."""

    failing: frozenset[str] = frozenset()
    """Failed since something succeeded there."""
    outlived: frozenset[str] = frozenset()
    """Failed before something else succeeded, and did not succeed since."""

    def failed(self, item: str) -> Blame:
        """After it failed."""
        return self if item in self.outlived else replace(self, failing=self.failing | {item})

    def succeeded(self, item: str) -> Blame:
        """After it had a proper answer: it is not the destination that failed the others."""
        return Blame(outlived=(self.outlived | self.failing) - {item})

    def is_its_own(self, item: str) -> bool:
        """Whether a failure of it says nothing of the destination: others succeeded after it failed before."""
        return item in self.outlived

    def fails_alone(self, item: str) -> bool:
        """Whether it fails while others are taken: nothing else failed since the last that was."""
        return self.is_its_own(item) and not self.failing

    def longest_pause(self, cap: timedelta = CAP) -> timedelta:
        """How long all may be held for what failed since the last success: the more items that was, the longer."""
        return min(ALONE * (1 << min(max(len(self.failing) - 1, 0), _MOST_DOUBLINGS)), cap)
