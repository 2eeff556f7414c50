"""Ends sessions because somebody says so: a program that closes, or their owner. The rules still decide; this waits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta

from logferry_daemon.fleet import Fleet
from logferry_daemon.intake.runner import SourceRunner
from logferry_daemon.ports import Clock, Spool
from logferry_ipc.messages import Ended
from logferry_model.errors import Misconfigured

LOOKS = 12
BETWEEN = timedelta(milliseconds=500)
"""Between two of them: a log has to be quiet for some seconds before a word from outside counts."""


class Endings:
    """Words from outside."""

    def __init__(self, fleet: Fleet, spool: Spool, clock: Clock) -> None:
        self._fleet = fleet
        self._spool = spool
        self._clock = clock

    async def app_closed(self, app: str) -> Ended:
        """The sessions of a program end; Misconfigured `app-unknown` when no source has such a program."""
        concerned = [runner for runner in self._fleet.runners.values() if runner.has_app(app)]
        if not concerned:
            raise _unknown_app(app, self._fleet)
        open_ones = _running(concerned)
        if not open_ones:
            # Kept for what is noticed in the next moments; nothing else is worth a look at everything.
            self._fleet.world.apps.close(app)
            self._fleet.wake_couriers()
            return Ended()
        await self._fleet.app_closed(app)
        return await self._ended(open_ones, asked=False)

    async def demand(self, session: str) -> Ended:
        """A session ends; Misconfigured `session-unknown` when none such runs."""
        if not await self._fleet.end(session):
            hint = "See: logferry sessions list"
            raise Misconfigured("session-unknown", f'There is no running session "{session}".', hint=hint)
        return await self._ended([session], asked=True)

    async def _ended(self, sessions: Sequence[str], *, asked: bool) -> Ended:
        """`asked` by their owner: then they go at once, whatever their destinations wait for."""
        left = await self._left(sessions)
        over = tuple(session for session in sessions if session not in left)
        for session in over:
            await self._spool.hurry(session, self._clock.now(), asked=asked)
        self._fleet.wake_couriers()
        note = "What is still being written ends as soon as it is quiet." if left else ""
        return Ended(ended=len(over), sessions=over, waiting=len(left), note=note)

    async def _left(self, sessions: Sequence[str]) -> Collection[str]:
        """Those that still run after some more looks."""
        for _ in range(LOOKS):
            runners = [one for one in self._fleet.runners.values() if not set(_running([one])).isdisjoint(sessions)]
            if not runners:
                return ()
            await self._clock.sleep(BETWEEN)
            for runner in runners:
                if runner in self._fleet.runners.values():  # else it was removed in the meantime, and answers no more
                    await runner.rescan()
        return set(sessions).intersection(_running(self._fleet.runners.values()))


def _running(runners: Collection[SourceRunner]) -> Sequence[str]:
    return [found.id for runner in runners for found in runner.running()]


def _unknown_app(app: str, fleet: Fleet) -> Misconfigured:
    known: set[str] = set()
    for runner in fleet.runners.values():
        tracker = runner.source.tracker
        known |= {tracker.name, *tracker.rules(f"{runner.source.root.as_posix()}/").processes}
    hint = (
        f"Known are: {', '.join(sorted(known))}." if known else "There is no source yet: logferry sources add TRACKER"
    )
    return Misconfigured("app-unknown", f'No source has a program "{app}".', hint=hint)
