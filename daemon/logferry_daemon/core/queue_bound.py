"""How much may wait to be sent before nothing more is taken in. Pure.

Nothing is ever dropped to make room: what is not taken in stays where it is, in its tracker's file, and is read there
when there is room again. What was sent does not count, and neither does what waits for its owner to ask for it.
"""

from __future__ import annotations

from dataclasses import dataclass

from logferry_daemon.core.queue_trouble import RETRY

MIB = 2**20
QUEUE_FULL = "queue-full"
SESSIONS = 100_000
MEGABYTES = 2_048
HINT = (
    "See what holds them up with: logferry status; or let more wait: max_sessions and max_megabytes under [queue] "
    "in the settings."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How much there is."""

    sessions: int = 0
    bytes: int = 0

    def plus(self, sessions: int, size: int) -> Extent:
        """With so much more."""
        return Extent(sessions=self.sessions + sessions, bytes=self.bytes + size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """How much there may be."""

    sessions: int = SESSIONS
    bytes: int = MEGABYTES * MIB

    def leaves_room(self, waiting: Extent) -> bool:
        """Whether one more may be taken in."""
        return waiting.sessions < self.sessions and waiting.bytes < self.bytes


def full(waiting: Extent, bound: Bound) -> str:
    """What is wrong, what that does, and when it goes on."""
    return (
        f"The queue is full: {waiting.sessions:,} sessions with {waiting.bytes / MIB:,.0f} MiB wait to be sent, and at "
        f"most {bound.sessions:,} or {bound.bytes / MIB:,.0f} MiB may; new ones stay in their files, none is dropped, "
        f"and room is looked for every {int(RETRY.total_seconds())} seconds."
    )
