"""How long a destination asked not to be sent a delivery again, or asked to delete one, by the clock that nobody sets.

The same wait stands in the spool by the clock on the wall: for a restart, and it would be over at once where that is
set forward. What is known of the whole destination is kept at its gate (`gates.py`).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from logferry_daemon.ports import Clock


class Floors:
    """Of one destination's deliveries, or of its deletions, since the daemon was started."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[str, datetime] = {}

    def note(self, item: str, floor: timedelta) -> None:
        """What the newest answer to it asked for; one that asks for nothing ends what another one did."""
        self._until.pop(item, None)
        if floor > timedelta():
            self._until[item] = self._clock.steady() + floor

    def holding(self) -> Collection[str]:
        """Those whose time has not come."""
        now = self._clock.steady()
        self._until = {item: until for item, until in self._until.items() if until > now}
        return tuple(self._until)

    def next_over(self) -> timedelta | None:
        """How long until that of one comes; None where none is held."""
        now = self._clock.steady()
        return min((until - now for until in self._until.values() if until > now), default=None)
