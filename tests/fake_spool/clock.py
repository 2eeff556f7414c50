"""What waits by a clock that was set back since."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from logferry_daemon.core.delivery import State
from logferry_daemon.core.removal import CopyState
from logferry_daemon.core.waiting import is_ahead
from logferry_daemon.ports import CopyRow, DeliveryRow, RemnantRow, since_at_most
from tests.fake_spool.remnants import RemnantsInMemory


class Waits(RemnantsInMemory):
    """The part of the spool that the clock may have been set for."""

    async def see_through(self, now: datetime) -> int:
        self._writable()
        for key, note in self._notes.items():
            if key.startswith(("source:", "destination:")) and key.endswith(":since"):
                self._notes[key] = since_at_most(note, now)
        due = [one for one in self._all() if one.row.state is State.PENDING and _is_ahead(one.row, now)]
        for one in due:
            one.row = replace(one.row, next_attempt=None)
        copies = [one for one in self._copies.values() if one.state is CopyState.PENDING and _is_ahead(one, now)]
        self._copies |= {one.id: replace(one, next_attempt=None) for one in copies}
        left = [one for one in self._remnants.values() if one.state is CopyState.PENDING and _is_ahead(one, now)]
        self._remnants |= {one.id: replace(one, next_attempt=None) for one in left}
        return len(due) + len(copies) + len(left)


def _is_ahead(row: DeliveryRow | CopyRow | RemnantRow, now: datetime) -> bool:
    return row.next_attempt is not None and row.last_attempt is not None and is_ahead(row.last_attempt, now)
