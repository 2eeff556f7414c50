"""How long a worker may be at one letter before it is given up. Pure; what was seen of it is told.

It is judged by what it does and not by the clock alone: whoever steps back behind all others may wait long for a turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from logferry_daemon.core.offer import MIB

SOON = timedelta(seconds=2)
"""An ordinary letter takes milliseconds."""
COMPUTING = timedelta(seconds=5)
"""Of a processor's time for an ordinary letter, which takes two thousandths of one."""
COMPUTING_PER_MIB = timedelta(seconds=5)
"""For a large one: twenty times what it takes."""
STILL = timedelta(seconds=20)
"""Without any of it. Whoever has no turn among busy programs still has a little of it."""
LONGEST_LOOK = timedelta(seconds=1)
"""No more than that is counted between two looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """With one letter."""

    soon: timedelta = SOON
    """After which others need not wait for it any longer."""
    computing: timedelta = COMPUTING
    """A processor's time that it may cost."""
    still: timedelta = STILL
    """How long nothing at all may happen."""


def patience_for(size: int) -> Patience:
    """With a letter that is asked for in so many bytes."""
    share = size / MIB
    return Patience(soon=SOON + SOON * share, computing=COMPUTING + COMPUTING_PER_MIB * share)


@dataclass(slots=True)
class Effort:
    """What a worker has done for one letter, as far as anybody saw."""

    patience: Patience
    began: timedelta
    """Its processor's time before this letter."""
    computed: timedelta
    at: timedelta
    """Of the last look, on any clock that only goes on."""
    idle: timedelta = timedelta()
    """How long it was looked at and did nothing."""

    @classmethod
    def beginning(cls, patience: Patience, computed: timedelta, at: timedelta) -> Effort:
        """Of a worker that has used so much of a processor's time for others."""
        return cls(patience, computed, computed, at)

    def why_given_up(self, computed: timedelta, at: timedelta) -> str:
        """What is wrong with it, as of now; empty while it may go on."""
        # Between two looks that are far apart the computer slept, perhaps, and everybody with it.
        self.idle, self.at = self.idle + min(at - self.at, LONGEST_LOOK), at
        if computed > self.computed:
            self.computed, self.idle = computed, timedelta()
        if self.computed - self.began > self.patience.computing:
            return "it came to no end"
        if self.idle > self.patience.still:
            return "it did nothing any more"
        return ""
