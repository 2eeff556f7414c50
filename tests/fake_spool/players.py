"""Who played, and whose sessions may go where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from logferry_daemon.core.delivery import UNSENT, State
from logferry_daemon.core.identities import Binding, Player, Standing, decided, standing, void
from logferry_daemon.ports import (
    DeliveryRow,
    Seen,
    trackers_in,
    trackers_note,
)
from tests.fake_spool.shelves import KeptDelivery, Shelves


class Players(Shelves):
    """The roster, and every delivery as its answers have it."""

    async def seen(self) -> Sequence[Seen]:
        found: dict[tuple[str, Player], tuple[set[str], set[str]]] = {}
        for one in self._all():
            player = self._player(one.row.session)
            if player is not None and not self._sessions[one.row.session].merged_into and self._is_wanted(one):
                sessions, waiting = found.setdefault((one.row.destination, player), (set(), set()))
                sessions.add(one.row.session)
                waiting |= {one.row.session} if one.row.state is State.PENDING else set()
        return [
            Seen(destination=to, player=player, sessions=len(sessions), waiting=len(waiting))
            for (to, player), (sessions, waiting) in sorted(found.items())
        ]

    async def bindings(self) -> Sequence[Binding]:
        return sorted(self._bindings, key=lambda one: (one.destination, one.tracker, one.identity))

    async def bind(self, bindings: Sequence[Binding]) -> None:
        self._writable()
        for one in bindings:
            gone = void(self._bindings, one.destination, one.tracker, one.identity)
            self._bindings = [*(old for old in self._bindings if old not in gone), one]

    async def unbind(self, destination: str, tracker: str, identity: str) -> int:
        self._writable()
        gone = void(self._bindings, destination, tracker, identity)
        self._bindings = [one for one in self._bindings if one not in gone]
        return len(gone)

    def _player(self, session: str) -> Player | None:
        new = self._sessions[session].new
        return Player(new.session.tracker, new.identity) if new.identity is not None else None

    def _judged(self, one: KeptDelivery) -> DeliveryRow:
        said = standing(decided(self._bindings), one.row.destination, self._player(one.row.session))
        return replace(one.row, standing=said if self._is_wanted(one) else Standing.OTHER_TRACKER)

    def _is_wanted(self, one: KeptDelivery) -> bool:
        note = self._notes.get(trackers_note(one.row.destination))
        return note is None or self._sessions[one.row.session].new.session.tracker in trackers_in(note)

    def _barred(self) -> dict[tuple[str, State, Standing], int]:
        numbers: dict[tuple[str, State, Standing], int] = {}
        for row in map(self._judged, self._all()):
            left_out = row.standing is Standing.OTHER_TRACKER and row.state not in UNSENT
            if row.standing is not Standing.ALLOWED and not left_out:
                key = row.destination, row.state, row.standing
                numbers[key] = numbers.get(key, 0) + 1
        return numbers

    def _rows_of(self, session: str) -> list[DeliveryRow]:
        rows = [self._judged(one) for one in self._all() if one.row.session == session]
        return sorted(rows, key=lambda row: (row.revision, row.destination))
