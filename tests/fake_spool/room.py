"""Whether there is room for one session more, and whether anything can be written."""

from __future__ import annotations

from collections.abc import Sequence

from logferry_daemon.core.delivery import State
from logferry_daemon.core.new_session import NewSession
from logferry_daemon.core.queue_bound import HINT, QUEUE_FULL, Extent, full
from logferry_model.errors import LogferryError, Unreachable
from tests.fake_spool.shelves import Shelves

WAITING = frozenset({State.PENDING, State.UPLOADING, State.FAILED})


class Room(Shelves):
    """The bound of the queue."""

    @property
    def trouble(self) -> LogferryError | None:
        return self.broken if isinstance(self.broken, LogferryError) else self.no_room

    async def measure(self) -> None:
        if self.no_room and self.bound.leaves_room(self._extent()):
            self.no_room = None

    async def probe(self) -> None:
        self._writable()

    def _check_room(self, sessions: Sequence[NewSession]) -> None:
        extent = self._extent()
        new = [one for one in sessions if one.session.id not in self._sessions and one.session.id not in self._deleted]
        if new and not self.bound.leaves_room(extent):
            self.no_room = Unreachable(QUEUE_FULL, full(extent, self.bound), hint=HINT)
            raise self.no_room

    def _extent(self) -> Extent:
        waiting = {one.row.session for one in self._all() if one.row.state in WAITING}
        return Extent(sessions=len(waiting), bytes=sum(len(self._sessions[one].new.document) for one in waiting))
