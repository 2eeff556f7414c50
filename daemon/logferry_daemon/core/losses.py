"""What becomes of a letter that cost the process that was to make it: tried again, and set aside after three. Pure.

Each letter has a count of its own: a computer that runs out of memory once is no letter's fault.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from logferry_daemon.core.exchange import Later, Parked
from logferry_model.errors import Damaged

WORKER_LOST = "worker-lost"
TRIES = 3
"""Workers that one letter may cost, until somebody asks for it again."""


def worker_lost(how: str) -> Damaged:
    """The process that was to make a letter is gone, and this is what is known of it."""
    hint = "An upload is tried again by itself. More free memory may help."
    return Damaged(WORKER_LOST, f"The process that makes letters was lost over this session: {how}.", hint=hint)


@dataclass(slots=True)
class Losses:
    """Of the deliveries to one destination, since the daemon began."""

    _counts: dict[str, int] = field(default_factory=dict)

    def outcome(self, delivery: str, session: str, error: Damaged) -> Later | Parked:
        """After one more of its own."""
        count = self._counts[delivery] = self._counts.get(delivery, 0) + 1
        if count < TRIES:
            return Later(reason=str(error), trouble=False)
        self.forget(delivery)
        return Parked(
            reason=f"{error.message} That was so {count} times, and nothing of it was sent. "
            f"Close other programs to free some memory, then: logferry retry {session}"
        )

    def forget(self, delivery: str) -> None:
        """Its letter is there."""
        self._counts.pop(delivery, None)
