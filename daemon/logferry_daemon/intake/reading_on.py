"""Reads what is new in one file, as its tracker has it read (`catching_up.py`); what cannot be read is set aside."""

from __future__ import annotations

import logging

from logferry_daemon.core.losses import Losses
from logferry_daemon.core.reading import Trouble
from logferry_daemon.intake.catching_up import CatchUp
from logferry_daemon.intake.file_state import FileState
from logferry_daemon.intake.keeping import Keeper
from logferry_daemon.intake.mistakes import mistakes_as_damage
from logferry_daemon.intake.orphans import Orphans
from logferry_daemon.intake.source import Pace
from logferry_daemon.ports import Clock
from logferry_model.errors import Damaged, Unreachable

log = logging.getLogger(__name__)


class ReadingOn:
    """Of one source's files, one at a time."""

    def __init__(self, catch_up: CatchUp, pace: Pace, clock: Clock, keeper: Keeper, orphans: Orphans) -> None:
        self._catch_up_with = catch_up
        self._pace = pace
        self._clock = clock
        self._keeper = keeper
        self._orphans = orphans
        self._losses = Losses()
        """Of each file, by its path."""

    async def read(self, state: FileState) -> None:
        """Read what is new, and notice which sessions it holds no more."""
        before = state.unkept
        if state.trouble is None:
            await self._catch_up(state)
        if state.trouble is not None:
            await self._keeper.keep_trouble(state, state.trouble)
        self._orphans.check(state.path, before, state.found, self._clock.now())

    async def _catch_up(self, state: FileState) -> None:
        quiet = self._clock.now() - state.quiet_since
        try:
            with mistakes_as_damage():
                await self._catch_up_with(state, settled=quiet >= self._pace.settle)
            self._losses.forget(state.path)
        except (Damaged, Unreachable) as error:
            log.info("file not readable now", extra={"action": "file", "code": error.code})
            if isinstance(error, Damaged):
                state.trouble = self._losses.trouble(state.path, error)
            elif quiet >= self._pace.patience:
                state.trouble = Trouble(code=error.code, message=error.message)
