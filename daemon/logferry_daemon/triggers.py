"""Lets go of what waits for one destination: at the times of its schedule, or when the program that wrote it has ended.

What was let go stays so, over restarts and however often it must be tried. What its owner asks for is not stopped here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from logferry_daemon.apps import Apps
from logferry_daemon.core.boundary import FRESH
from logferry_daemon.core.schedule import next_time, turn
from logferry_daemon.core.sending import Occasion, Sending
from logferry_daemon.ports import HEEDED, Outbox

BETWEEN = timedelta(seconds=5)
"""Two looks at the programs, while something waits for one of them."""


class Trigger:
    """One destination's."""

    def __init__(
        self, name: str, sending: Sending, outbox: Outbox, apps: Apps, programs: Callable[[str], Collection[str]]
    ) -> None:
        self._name = name
        self._sending = sending
        self._outbox = outbox
        self._apps = apps
        self._programs = programs
        """Tracker -> the names of its programs."""
        self._wait: timedelta | None = None

    @property
    def only_asked(self) -> bool:
        """Whether nothing goes that was not let go or asked for."""
        return not self._sending.at_once

    @property
    def wait(self) -> timedelta | None:
        """How long until the next look may find something; None is as long as anybody likes."""
        return self._wait

    async def pull(self, now: datetime) -> None:
        """Let go of what the time has come for."""
        if self._sending.when is Occasion.SCHEDULE:
            await self._by_the_clock(now)
        elif self._sending.when is Occasion.APP_CLOSE:
            await self._by_the_programs(now)

    async def _by_the_clock(self, now: datetime) -> None:
        times = self._sending.times
        # With the times: of others nothing was heeded yet, and none of them is made up for.
        words = ", ".join(map(str, times))
        note = f"{HEEDED}{self._name}"
        at, _, of = (await self._outbox.note(note) or "").partition(" ")
        before = datetime.fromisoformat(at) if of == words and at else None
        said = turn(times, before, now)
        if said.come:
            await self._outbox.let_go(self._name, None)
        if said.heeded != before:
            # Afterwards: ended in between, the next daemon lets go once more, which changes nothing.
            await self._outbox.set_note(note, f"{said.heeded.isoformat()} {words}")
        self._wait = said.next - now

    async def _by_the_programs(self, now: datetime) -> None:
        self._wait = None
        for tracker in await self._outbox.unasked(self._name):
            programs = self._programs(tracker)
            told = self._apps.closed((tracker, *programs))
            if (told is not None and now - told < FRESH) or not await self._apps.running(programs):
                await self._outbox.let_go(self._name, tracker)
            else:
                self._wait = BETWEEN


def following(sending: Sending, now: datetime) -> datetime | None:
    """When the next of its times comes."""
    return next_time(sending.times, now) if sending.when is Occasion.SCHEDULE else None
