"""What a source is, the ports it is followed with, and how often it is looked at."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from logferry_daemon.apps import Apps
from logferry_daemon.core.known_secrets import NO_SECRETS, Secrets
from logferry_daemon.core.policy import Listing
from logferry_daemon.core.reading import AnyTracker
from logferry_daemon.core.sanitise import Privacy
from logferry_daemon.intake.in_threads import InThreads
from logferry_daemon.intake.partials import NO_PARTIALS, PartialTerms
from logferry_daemon.ports import Clock, Databases, Intake, KeysInSight, LogFiles, ReadingRoom, Watcher


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A configured place and how to read it."""

    name: str
    tracker: AnyTracker
    root: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often to look, and how long to wait for writers."""

    settle: timedelta = timedelta(seconds=1)
    """No change for so long: nothing is being written right now."""
    patience: timedelta = timedelta(seconds=30)
    """No change for so long: what is unfinished stays so, and a person is told."""
    rescan: timedelta = timedelta(seconds=60)
    unwatched: timedelta = timedelta(seconds=10)
    """Between two scans where nobody tells about changes."""
    busy: timedelta = timedelta(seconds=2)
    """Between two looks at a file that is being written."""


class NoKeys:
    """Nobody sends anywhere, so there are no keys."""

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Secrets]:
        """None."""
        yield NO_SECRETS


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The ports a source needs."""

    clock: Clock
    files: LogFiles
    databases: Databases
    watcher: Watcher
    apps: Apps
    intake: Intake
    privacy: Callable[[Listing], Privacy]
    """What may be kept of sessions of a tracker that lists this."""
    room: ReadingRoom = field(default_factory=InThreads)
    """Where documents are read and sessions prepared."""
    keys: KeysInSight = field(default_factory=NoKeys)
    """None of these may be in what is kept."""
    summaries: Callable[[], Mapping[str, int]] = dict
    """Destinations that get a summary first, and of how many events on."""
    partials: PartialTerms = NO_PARTIALS
    """Where long sessions go while they run."""
