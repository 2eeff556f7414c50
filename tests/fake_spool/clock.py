"""What waits by a clock that was set back since."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from logferry_daemon.core.backoff import RETRY_AFTER_CAP
from logferry_daemon.core.delivery import State
from logferry_daemon.core.removal import CopyState
from logferry_daemon.core.waiting import CORRECTION, is_ahead, once_more
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
            one.row = replace(one.row, next_attempt=_anew(one.row, now), last_attempt=now)
        copies = [one for one in self._copies.values() if one.state is CopyState.PENDING and _is_ahead(one, now)]
        self._copies |= {one.id: replace(one, next_attempt=_anew(one, now), last_attempt=now) for one in copies}
        left = [one for one in self._remnants.values() if one.state is CopyState.PENDING and _is_ahead(one, now)]
        self._remnants |= {one.id: replace(one, next_attempt=_anew(one, now), last_attempt=now) for one in left}
        return len(due) + len(copies) + len(left)


def _is_ahead(row: DeliveryRow | CopyRow | RemnantRow, now: datetime) -> bool:
    until, since = row.next_attempt, row.last_attempt
    if until is None:
        return False
    return (since is not None and is_ahead(since, now)) or until > now + RETRY_AFTER_CAP + CORRECTION


def _anew(row: DeliveryRow | CopyRow | RemnantRow, now: datetime) -> datetime | None:
    if row.next_attempt is None or row.last_attempt is None:
        return None
    return once_more(row.last_attempt, row.next_attempt, now)
