"""Has uploads wait while a game is played, where its owner wants that: looks, and tells the gates.

Looking at every process takes a while, so it is done seldom; a game that was found is asked about alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from logferry_daemon.core.playing import Focus, When, is_playing
from logferry_daemon.ports import Clock, Foreground, Processes, Program
from logferry_model.errors import Unreachable

log = logging.getLogger(__name__)

EVERY = timedelta(seconds=3)
"""Between two looks at a game that was found, and at the focus."""
SEARCH = timedelta(seconds=12)
"""Between two looks at every process while no game is found."""
SEARCH_MORE = timedelta(minutes=1)
"""The same while there is one: another one may have come."""

Told = Callable[[bool, str], None]
"""Whether it is played, and what a person should know of how that was found out."""


class Playing:
    """One for the daemon."""

    def __init__(
        self,
        when: When,
        clock: Clock,
        machine: tuple[Processes, Foreground],
        games: Callable[[], Collection[str]],
        told: Told,
    ) -> None:
        self._when = when
        self._clock = clock
        self._processes, self._foreground = machine
        self._games = games
        self._told = told
        self._found: tuple[Program, ...] = ()
        self._searched: datetime | None = None
        self._searched_for: Collection[str] = ()
        self._unknown = ""

    async def run(self) -> None:
        """Look until cancelled; where nothing counts as playing, not even once."""
        while self._when is not When.OFF:
            try:
                playing = await self._look()
            except Exception:  # a question that cannot be answered holds no upload
                log.exception("not known whether a game runs", extra={"action": "playing"})
                playing = False
            self._told(playing, self._unknown)
            await self._clock.sleep(EVERY)

    async def _look(self) -> bool:
        if self._found:
            self._found = tuple(await self._processes.alive(self._found))
        games = self._games()
        if games != self._searched_for or self._is_time_to_search():
            self._found = tuple(await self._processes.find(games))
            self._searched, self._searched_for = self._clock.steady(), games
        focus = await self._focus() if self._found and self._when is When.FOREGROUND else Focus()
        self._unknown = focus.unknown
        return is_playing(self._when, [one.pid for one in self._found], focus)

    def _is_time_to_search(self) -> bool:
        if self._searched is None:
            return True
        return self._clock.steady() - self._searched >= (SEARCH_MORE if self._found else SEARCH)

    async def _focus(self) -> Focus:
        try:
            return Focus(pid=await self._foreground.pid())
        except Unreachable as error:
            return Focus(unknown=error.message)
