"""Does a game that runs write its log? Most write none before their player turns it on, and none of them says so."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from logferry_daemon.checks.check import Check
from logferry_daemon.checks.hints import logging_hint
from logferry_daemon.core.identity import EPOCH
from logferry_daemon.core.settle import written_at
from logferry_daemon.fleet import Fleet
from logferry_daemon.intake.source import Source
from logferry_daemon.ports import Clock, FileSeen, Processes, Program
from logferry_model.errors import LogferryError

PATIENCE = timedelta(minutes=3)
"""A game that has just been started may not have got as far as its first line."""


@dataclass(frozen=True, slots=True)
class GameLoggingCheck:
    """Looks at the programs of all sources and at when their files were written."""

    fleet: Fleet
    processes: Processes
    clock: Clock

    async def run(self) -> AsyncIterator[Check]:
        """Advice for each source whose game runs and has written nothing since it was started."""
        sources = [runner.source for runner in self.fleet.runners.values()]
        programs = await self.processes.find({name for source in sources for name in _programs(source)})
        for source in sources:
            began = _began(programs, _programs(source))
            if began is not None and self.clock.now() - began > PATIENCE and await self._silent_since(source, began):
                yield _advice(source, began)

    async def _silent_since(self, source: Source, began: datetime) -> bool:
        try:
            files = await self.fleet.world.files.scan(source.root, source.tracker.patterns)
        except LogferryError:
            return False  # the folder is away, which its own check tells
        return max(map(_written, files), default=EPOCH) < began


def _programs(source: Source) -> Sequence[str]:
    return source.tracker.rules(f"{source.root.as_posix()}/").processes


def _began(programs: Collection[Program], names: Collection[str]) -> datetime | None:
    """When the first of `names` that runs was started."""
    times = [EPOCH + timedelta(seconds=program.began) for program in programs if program.name in names]
    return min(times, default=None)


def _written(file: FileSeen) -> datetime:
    return written_at(file.signature.mtime_ns)


def _advice(source: Source, began: datetime) -> Check:
    title = source.tracker.title
    said = f"{title} runs since {began:%H:%M} UTC and has written nothing there: in-game logging seems to be off."
    return Check(name=f"logging of {source.name}", level="advice", message=said, hint=logging_hint(source.tracker))
