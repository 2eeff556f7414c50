"""The daemon from its start to its end; reads top to bottom as its parts list."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from logferry_daemon.adapters.foreground import SystemForeground
from logferry_daemon.adapters.lock import only_one
from logferry_daemon.adapters.network_news import SystemNetwork
from logferry_daemon.adapters.own_log import own_log
from logferry_daemon.adapters.own_memory import keep_little
from logferry_daemon.adapters.processes_psutil import SystemProcesses
from logferry_daemon.clock_watch import ClockWatch
from logferry_daemon.compose.answering import announce, made_control
from logferry_daemon.compose.base import open_base
from logferry_daemon.compose.moving import made_fleet, queue_watch
from logferry_daemon.compose.signals import asked_to_stop
from logferry_daemon.compose.ties import Ties
from logferry_daemon.compose.watching import watch_over
from logferry_daemon.control.answers import DaemonControl
from logferry_daemon.control.leaving import Leaving
from logferry_daemon.home import Home
from logferry_daemon.lives import Damage, Lives, first_of
from logferry_daemon.networking import follow_network
from logferry_daemon.playing import Playing
from logferry_daemon.settings import Settings, load_settings
from logferry_model.errors import Damaged

TURN = timedelta(milliseconds=0.5)
"""How long a thread that reads a log keeps the event loop from its turn.

An answer takes several of them, and Python's own are ten times as long.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Starter:
    """Whoever started the daemon, and wants to hear of it."""

    ready: Callable[[], None] = lambda: None
    """It answers."""
    ended: Callable[[str], None] = lambda _: None
    """It ends, and this is what waits; empty where nothing does."""


NOBODY = Starter()


def run(home: Home, starter: Starter = NOBODY) -> int:
    """The daemon in the foreground until it is told to stop; 0 when it stopped in order.

    Raises Misconfigured for settings that cannot be read, and Refused when another daemon has this home.
    """
    settings = load_settings(home.settings_file)
    # What the daemon writes is for its owner alone, also in a folder that others may enter.
    os.umask(0o077)
    sys.setswitchinterval(TURN.total_seconds())
    keep_little()
    with only_one(home.lock_file), own_log(home.log_file, settings.log.level):
        asyncio.run(_until_stopped(home, settings, starter))
    return 0


async def _until_stopped(home: Home, settings: Settings, starter: Starter) -> None:
    """A queue that turns out to be damaged is set aside, and all begins anew over what could be read of it."""
    stop, lives = asyncio.Event(), Lives()
    with asked_to_stop(stop):
        while not stop.is_set():
            damage = Damage()
            try:
                async with open_daemon(home, settings, stop, damage, starter, distrusted=lives.over > 0):
                    starter.ready()
                    await first_of(stop, damage.seen)
            except Damaged:
                # What no look at the file finds may turn up when it is read: that must not end every start.
                if not await damage.was_told():
                    raise
            await lives.rest(stop)
            settings = load_settings(home.settings_file)


@asynccontextmanager
async def open_daemon(
    home: Home,
    settings: Settings,
    stop: asyncio.Event,
    damage: Damage | None = None,
    starter: Starter = NOBODY,
    *,
    distrusted: bool = False,
) -> AsyncIterator[DaemonControl]:
    """Everything the daemon is made of, running while the context lasts. Setting `stop` asks its owner to leave it.

    `damage` is told when its queue is not what was written, and `distrusted` that it was so the last time.
    """
    async with AsyncExitStack() as stack:
        base = await open_base(stack, home, settings, damage or Damage(), distrusted=distrusted)
        ties = Ties()
        watch = watch_over(base, ties)
        fleet = await made_fleet(base, settings, watch, ties)
        control = made_control(base, fleet, home, settings, stop, watch)
        base.crew.hire("news", base.news.run(fleet.all_gates))
        seen = (SystemProcesses(), SystemForeground())
        when = settings.upload.pause_while_playing
        base.crew.hire("playing", Playing(when, base.clock, seen, fleet.programs, fleet.gates.holds.played).run())
        base.crew.hire("network", follow_network(SystemNetwork(), base.clock, fleet.network_changed))
        base.crew.hire("queue", queue_watch(base, fleet).run())
        base.crew.hire("clock", ClockWatch(base.clock, base.spool, fleet.wake_couriers).run())
        await fleet.launch(settings)
        base.crew.hire("vigil", watch.vigil.run())
        base.crew.hire("scrubber", watch.scrubber.run())
        await announce(stack, control, base, home, settings.ipc)
        stack.push_async_callback(_take_leave, Leaving(fleet.all_gates, base.spool), starter)
        yield control


async def _take_leave(leaving: Leaving, starter: Starter) -> None:
    starter.ended(await leaving.log())
