"""Which programs run and which were closed, for everybody who needs to know, as cheaply as can be.

Looking at every process of a computer takes a while, so it is done only while a session is open whose program was not
found yet, and less and less often; a program that was found is asked about alone. While no session is open nothing is
looked at.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from logferry_daemon.ports import Clock, Processes, Program

SOONEST = timedelta(seconds=2)
LATEST = timedelta(seconds=60)


class Apps:
    """The programs that write sessions."""

    def __init__(self, clock: Clock, processes: Processes) -> None:
        self._clock = clock
        self._processes = processes
        self._found: tuple[Program, ...] = ()
        self._wanted: frozenset[str] = frozenset()
        self._next_look: datetime | None = None
        self._interval = SOONEST
        """Until the look after the next one."""
        self._closed: dict[str, datetime] = {}
        self._turn = asyncio.Lock()
        """Of those who ask: sources and destinations do at the same time."""

    async def running(self, names: Collection[str]) -> frozenset[str]:
        """Those of `names` that ran when it was last looked; a program that was found is never reported gone late."""
        if not names:
            return frozenset()
        async with self._turn:  # an answer that took longer must not undo a later one
            return await self._running(names)

    async def _running(self, names: Collection[str]) -> frozenset[str]:
        before = self._found
        if before:
            self._found = tuple(await self._processes.alive(before))
        vanished = len(self._found) < len(before)
        wanted = set(names)
        if vanished or not wanted <= self._wanted:
            self._hurry(wanted)
        if wanted.isdisjoint(one.name for one in self._found) and self._due():
            await self._look()
        return frozenset(wanted.intersection(one.name for one in self._found))

    def close(self, app: str) -> None:
        """Somebody told that this program was closed."""
        self._closed[app.casefold()] = self._clock.now()

    def closed(self, names: Iterable[str]) -> datetime | None:
        """When one of `names` was last told to be closed."""
        now = self._clock.now()
        # Of the future: the clock was ahead when it was told, and nobody knows when that was.
        self._closed = {name: at for name, at in self._closed.items() if at <= now}
        told = (self._closed.get(name.casefold()) for name in names)
        return max((at for at in told if at is not None), default=None)

    def _hurry(self, wanted: Collection[str]) -> None:
        self._wanted |= frozenset(wanted)
        self._interval, self._next_look = SOONEST, None

    def _due(self) -> bool:
        return self._next_look is None or self._next_look <= self._clock.steady()

    async def _look(self) -> None:
        self._found = tuple(await self._processes.find(self._wanted))
        self._next_look = self._clock.steady() + self._interval
        # Also while another one runs: whoever is not there now may not come for hours.
        self._interval = min(self._interval * 2, LATEST)
