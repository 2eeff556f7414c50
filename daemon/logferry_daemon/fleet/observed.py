"""A runner whose every look at its source is told of."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta

from logferry_daemon.fleet.listeners import Looked
from logferry_daemon.intake.runner import SourceRunner
from logferry_daemon.intake.source import Pace, Source, World
from logferry_daemon.ports import Admitted

log = logging.getLogger(__name__)


class Observed(SourceRunner):
    """A runner whose every look is told of when it is over: nothing is being read then."""

    def __init__(
        self,
        source: Source,
        world: World,
        pace: Pace,
        destinations: Callable[[], Sequence[str]],
        listeners: tuple[Callable[[Source, Sequence[Admitted]], None], Looked],
    ) -> None:
        found, self._looked = listeners
        super().__init__(source, world, pace, destinations, found)

    async def look(self) -> timedelta:
        """One look; returns how long the next one may wait."""
        delay = await super().look()
        try:
            await self._tell()
        except Exception:  # what runs is shown as it was before; what is over goes its way
            log.exception("look not told", extra={"action": "source", "source": self.source.name})
        return delay

    async def _tell(self) -> None:
        running = self.running()
        if not running:
            self._looked(self.source, ())
            return
        async with self._world.keys.reading():
            self._looked(self.source, running)
