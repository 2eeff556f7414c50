"""Which sessions of a source are over: by its files, its programs, and what its owner says. Touches no file."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime

from logferry_daemon.apps import Apps
from logferry_daemon.core.boundary import end_of
from logferry_daemon.core.reading import EndRules, Found, Signals
from logferry_daemon.intake.file_state import FileState
from logferry_daemon.intake.source import Source
from logferry_model.session import End


class Boundaries:
    """Of one source. The signs are put together here; what they mean is the core's (`core/boundary.py`)."""

    def __init__(self, source: Source, apps: Apps) -> None:
        self._source = source
        self._apps = apps
        self._beginnings: list[datetime] = []
        """The first times of all files, in order, as of this look."""
        self._demands: dict[str, datetime] = {}
        """Session -> when its owner asked for its end."""

    def rules(self, path: str) -> EndRules:
        """How sessions in this file end."""
        return self._source.tracker.rules(f"{self._source.root.as_posix()}/{path}")

    def programs(self, paths: Iterable[str]) -> frozenset[str]:
        """The names of the programs that write these files, and those that any file of the tracker may be of."""
        return frozenset(name for path in ("", *paths) for name in self.rules(path).processes)

    async def running(self, waiting: Iterable[FileState]) -> frozenset[str]:
        """Which of their programs run; nothing is looked for while no session is open."""
        opened = (state for state in waiting if state.open)
        return await self._apps.running({name for state in opened for name in self.rules(state.path).processes})

    def compare(self, everything: Iterable[FileState]) -> None:
        """What begins in one file may end what another one holds."""
        self._beginnings = sorted(state.first_at for state in everything if state.first_at is not None)

    def demand(self, session: str, now: datetime) -> None:
        """Its owner wants it to be over."""
        self._demands[session] = now

    def settled(self, session: str) -> None:
        """It is over and kept, so nothing is demanded any more."""
        self._demands.pop(session, None)

    def end(self, state: FileState, found: Found, running: frozenset[str], now: datetime) -> End | None:
        """How it ended, or None while it runs."""
        if found.end is not None:
            return found.end
        rules = self.rules(state.path)
        state.seen_running |= running.intersection(rules.processes)
        signals = Signals(
            now=now,
            quiet_since=state.quiet_since,
            process_gone=None if running.intersection(rules.processes) else min(state.seen_running, default=None),
            noticed=state.noticed.setdefault(found.id, now),
            app_closed=self._apps.closed((self._source.tracker.name, *rules.processes)),
            demanded=self._demands.get(found.id),
            next_start=self._next_start(found),
            rules=rules,
        )
        return end_of(found, signals)

    def _next_start(self, found: Found) -> datetime | None:
        later = bisect_right(self._beginnings, found.last_at)
        return self._beginnings[later] if later < len(self._beginnings) else None
