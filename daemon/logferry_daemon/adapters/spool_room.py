"""Whether there is room in the spool for one session more: measured in its database, decided in core/queue_bound.py."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta

from logferry_daemon.adapters.database_sqlite import Query
from logferry_daemon.core.new_session import NewSession
from logferry_daemon.core.queue_bound import HINT, QUEUE_FULL, Bound, Extent, full
from logferry_model.errors import Unreachable

MEASURED = timedelta(seconds=5)
"""What was measured counts so long, with what was taken in since: measuring 100,000 sessions can be felt."""


class Room:
    """Used on the database's thread alone."""

    def __init__(self, bound: Bound) -> None:
        self._bound = bound
        self._waiting = Extent()
        self._until = 0.0
        self.trouble: Unreachable | None = None
        """Set while something new was not taken in."""

    def check(self, query: Query, sessions: Sequence[NewSession]) -> None:
        """Unreachable `queue-full` when one of these is new and there is no room."""
        if not sessions:
            return
        # What was sent meanwhile is only seen by measuring anew.
        if time.monotonic() >= self._until or not self._bound.leaves_room(self._waiting):
            self._measure(query)
        if not self._bound.leaves_room(self._waiting) and any(_is_new(query, one) for one in sessions):
            said = full(self._waiting, self._bound)
            self.trouble = Unreachable(QUEUE_FULL, said, hint=HINT)
            raise Unreachable(QUEUE_FULL, said, hint=HINT)

    def taken(self, sessions: Sequence[NewSession]) -> None:
        """These are in the spool."""
        if sessions:
            self.trouble = None
            self._waiting = self._waiting.plus(len(sessions), sum(len(one.document) for one in sessions))

    def measure(self, query: Query) -> None:
        """Look whether there is room again where there was none."""
        if self.trouble is None:
            return
        self._measure(query)
        said = full(self._waiting, self._bound)
        left = self._bound.leaves_room(self._waiting)
        self.trouble = None if left else Unreachable(QUEUE_FULL, said, hint=HINT)

    def _measure(self, query: Query) -> None:
        measured = query("waiting")[0]
        self._waiting = Extent(sessions=measured["sessions"], bytes=measured["bytes"])
        self._until = time.monotonic() + MEASURED.total_seconds()


def _is_new(query: Query, one: NewSession) -> bool:
    return not query("known_session", id=one.session.id) and not query("is_deleted", id=one.session.id)
