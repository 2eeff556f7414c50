"""Who is in a fleet, by name, and what all of its parts ask of that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from logferry_daemon.core.budget import Budget
from logferry_daemon.core.exchange import Dialect
from logferry_daemon.core.reading import AnyTracker, Found
from logferry_daemon.courier import Courier
from logferry_daemon.crew import Crew
from logferry_daemon.eraser import Eraser
from logferry_daemon.fleet.listeners import Listeners
from logferry_daemon.gates import Gates
from logferry_daemon.intake.runner import SourceRunner
from logferry_daemon.intake.source import Pace, Source, World
from logferry_daemon.ports import Spool
from logferry_daemon.road import Road
from logferry_daemon.settings import UploadSettings
from logferry_daemon.waits import UNHURRIED
from logferry_model.errors import Misconfigured

USUALLY = UploadSettings()


@dataclass(kw_only=True)
class Roster:
    """Runners, couriers and erasers, and what they are made of."""

    crew: Crew
    world: World
    road: Road
    pace: Pace
    spool: Spool
    gates: Gates
    trackers: Mapping[str, AnyTracker]
    dialects: Mapping[str, Dialect]
    listeners: Listeners
    user_home: Path
    budget: Budget = UNHURRIED
    upload: UploadSettings = USUALLY
    runners: dict[str, SourceRunner] = field(default_factory=dict)
    couriers: dict[str, Courier] = field(default_factory=dict)
    erasers: dict[str, Eraser] = field(default_factory=dict)

    def tracker(self, name: str) -> AnyTracker:
        """The tracker of this name, or Misconfigured."""
        if name not in self.trackers:
            known = ", ".join(sorted(self.trackers))
            raise Misconfigured("tracker-unknown", f'There is no tracker "{name}".', hint=f"Known are: {known}.")
        return self.trackers[name]

    def dialect(self, name: str) -> Dialect:
        """The dialect of this name, or Misconfigured."""
        if name not in self.dialects:
            known = ", ".join(sorted(self.dialects))
            raise Misconfigured("dialect-unknown", f'There is no dialect "{name}".', hint=f"Known are: {known}.")
        return self.dialects[name]

    def destinations(self) -> Sequence[str]:
        """Names of all destinations."""
        return tuple(self.couriers)

    def wake_couriers(self) -> None:
        """Something may have become possible."""
        for courier in self.couriers.values():
            courier.wake()
        for eraser in self.erasers.values():
            eraser.wake()

    def running(self) -> Sequence[tuple[Source, Found]]:
        """The sessions that are still open, with their sources."""
        return [(runner.source, found) for runner in self.runners.values() for found in runner.running()]

    def programs_of(self, tracker: str) -> frozenset[str]:
        """The names of the programs that write a tracker's sessions."""
        runners = [one for one in self.runners.values() if one.source.tracker.name == tracker]
        return frozenset(name for one in runners for name in one.programs)
