"""What waits until its destination's time has come."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from logferry_daemon.core.delivery import State
from logferry_daemon.ports import (
    HEEDED,
)
from tests.fake_spool.players import Players
from tests.fake_spool.shelves import KeptDelivery


class Asking(Players):
    """A part of the outbox."""

    async def let_go(self, destination: str, tracker: str | None) -> int:
        self._writable()
        these = [one for one in self._unasked(destination) if tracker in {None, self._tracker(one)}]
        for one in these:
            one.row = replace(one.row, asked=True)
        return len(these)

    async def heed_only(self, destinations: Collection[str]) -> None:
        self._writable()
        kept = {f"{HEEDED}{name}" for name in destinations}
        self._notes = {key: text for key, text in self._notes.items() if not key.startswith(HEEDED) or key in kept}

    async def unasked(self, destination: str) -> Sequence[str]:
        return sorted({self._tracker(one) for one in self._unasked(destination) if self._is_wanted(one)})

    def _unasked_numbers(self) -> dict[str, int]:
        numbers: dict[str, int] = {}
        for one in self._all():
            if one.row.state is State.PENDING and not one.row.asked and self._is_wanted(one):
                numbers[one.row.destination] = numbers.get(one.row.destination, 0) + 1
        return numbers

    def _unasked(self, destination: str) -> list[KeptDelivery]:
        return [one for one in self._pending(destination) if not one.row.asked]

    def _tracker(self, one: KeptDelivery) -> str:
        return self._sessions[one.row.session].new.session.tracker
