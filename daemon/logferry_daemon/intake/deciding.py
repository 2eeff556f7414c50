"""Decides what of a file goes to the spool once it was read: what is over, and how far the file counts as read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from logferry_daemon.core.reading import Found
from logferry_daemon.intake.boundaries import Boundaries
from logferry_daemon.intake.file_state import FileState, mark
from logferry_daemon.intake.keeping import Keeper
from logferry_daemon.intake.source import Pace, Source
from logferry_daemon.ports import Clock, FileRow
from logferry_model.session import End

Ended = Sequence[tuple[Found, End]]


class Deciding:
    """About one source's files, one at a time."""

    def __init__(self, source: Source, pace: Pace, clock: Clock, boundaries: Boundaries, keeper: Keeper) -> None:
        self._source = source
        self._pace = pace
        self._clock = clock
        self._boundaries = boundaries
        self._keeper = keeper

    async def decide(self, state: FileState, running: frozenset[str]) -> None:
        """Hand over what has ended while these programs run, and remember how far the file was read."""
        if state.known or state.reading is None or (state.read != state.sighting.signature and not state.behind):
            return  # it changed while we read: look again first
        now = self._clock.now()
        quiet = now - state.quiet_since
        ended = [(found, end) for found in state.found if (end := self._boundaries.end(state, found, running, now))]
        fresh = self._fresh(state, ended, quiet)
        patient = quiet >= self._pace.patience and not state.behind
        row = self._row(state, fresh, patient=patient)
        if fresh or (patient and row != state.row):
            await self._keeper.keep(state, row, fresh)
        over = {found.id for found, _ in ended}
        await self._keeper.keep_so_far(state, [found for found in state.found if found.id not in over])

    def _fresh(self, state: FileState, ended: Ended, quiet: timedelta) -> Ended:
        """Those that the spool does not have as they are."""
        # Only the last session can still change: the others need not wait for the game to be quiet, or for the rest.
        last, last_too = state.last, quiet >= self._pace.settle and not state.behind
        return [
            (found, end)
            for found, end in ended
            if mark(found) not in state.admitted and (found is not last or last_too)
        ]

    def _row(self, state: FileState, fresh: Ended, *, patient: bool) -> FileRow:
        """How far it was read, once these are kept."""
        writing = state.behind or (state.reading is not None and state.reading.unfinished and not patient)
        kept = state.admitted | {mark(found) for found, _ in fresh}
        running = writing or any(mark(one) not in kept for one in state.found)
        troubles = state.reading.troubles if state.reading is not None and not writing else ()
        return state.row_of(self._source.name, running=running, troubles=troubles)
