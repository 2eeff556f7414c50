"""Whose turn it is: every file that is not finished with is read on and decided about, some of them at a look."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from logferry_daemon.core.reading import LogTracker
from logferry_daemon.intake.boundaries import Boundaries
from logferry_daemon.intake.catching_up import BUDGET
from logferry_daemon.intake.deciding import Deciding
from logferry_daemon.intake.file_state import FileState
from logferry_daemon.intake.folder import Folder
from logferry_daemon.intake.reading_on import ReadingOn
from logferry_daemon.intake.source import Source

BATCH = 256
"""Files in one look. After a burst of thousands there is a scan now and then, and not only at the end."""
HELD = 32 * 2**20
"""Bytes of files that wait for the others in a look: objects take some times the room of their text."""


class Rounds:
    """Of one source. A round is over when everybody had his turn since the last look at everything."""

    def __init__(
        self, source: Source, folder: Folder, reading: ReadingOn, boundaries: Boundaries, deciding: Deciding
    ) -> None:
        self._folder = folder
        self._reading = reading
        self._boundaries = boundaries
        self._deciding = deciding
        self._in_pieces = isinstance(source.tracker, LogTracker)
        self._waiting: list[FileState] = []

    @property
    def over(self) -> bool:
        """Whether nobody waits for his turn."""
        return not self._waiting

    def begin(self) -> None:
        """Everything that is not finished with; who waits already keeps his place."""
        left = {state.path: state for state in self._waiting}
        fresh = (state for state in self._folder.unfinished if state.path not in left)
        self._waiting = [*left.values(), *fresh]

    def give_up(self) -> None:
        """Nobody waits any more."""
        self._waiting = []

    async def go_on(self) -> None:
        """The next ones' turn."""
        batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
        await self._read_on([state for state in batch if self._folder.holds(state) and not state.known])

    async def _read_on(self, states: Iterable[FileState]) -> None:
        """Read what is new and hand over what is over, holding a little at a time.

        Only what a later file's beginning may end waits for the others to be read: a folder of years is mostly in that
        order, so of too much the last one waits on.
        """
        held: list[FileState] = []
        bulk = 0
        for state in states:
            await self._reading.read(state)
            if not (state.open and self._boundaries.rules(state.path).next_start):
                await self._deciding.decide(state, await self._boundaries.running([state]))
                continue
            held.append(state)
            bulk += self._bulk(state)
            if bulk > HELD:
                await self._decide_all(held[:-1])
                held, bulk = [state], self._bulk(state)
        await self._decide_all(held)

    def _bulk(self, state: FileState) -> int:
        """Bytes of it that a look reads at most."""
        size = state.sighting.signature.size
        return min(size, BUDGET) if self._in_pieces else size

    async def _decide_all(self, states: Sequence[FileState]) -> None:
        if not states:
            return
        running = await self._boundaries.running(states)
        self._boundaries.compare(self._folder.files.values())
        for state in states:
            await self._deciding.decide(state, running)
