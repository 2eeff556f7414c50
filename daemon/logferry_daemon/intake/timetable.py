"""When a source's next scan is due. Reads no clock."""

from __future__ import annotations

from datetime import datetime, timedelta

SCAN_SHARE = 20
"""However often something changes, a scan takes at most this part of the time: a folder may hold 100,000 files."""


class Timetable:
    """Of the scans of one source: now and then, and sooner after a hint."""

    def __init__(self) -> None:
        self._next: datetime | None = None
        self._hinted = False
        self._rested: datetime | None = None
        """Until then no hint brings a scan."""

    def hint(self) -> None:
        """Something changed."""
        self._hinted = True

    def at_once(self) -> None:
        """The next look is a scan."""
        self._next = None

    def begun(self, now: datetime, every: timedelta) -> None:
        """A scan begins: a hint that comes while it runs asks for one more."""
        self._next, self._hinted = now + every, False

    def done(self, began: datetime, now: datetime) -> None:
        """It took that long."""
        self._rested = now + SCAN_SHARE * (now - began)

    def until_scan(self, now: datetime, every: timedelta) -> timedelta:
        """How long the next scan may wait, where there is one `every` so often."""
        if self._next is None:
            return timedelta()
        due = min(self._next, self._rested or now) if self._hinted else self._next
        wait = due - now
        # More than that: the clock was set back.
        return wait if wait <= every else timedelta()
