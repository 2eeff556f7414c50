"""The sessions that still run, as the local API shows them: a picture of each, taken after a look at its file.

A look reads in a thread, so a picture is taken only when it is over, and no more often than it is told of. It is made
of what the reader has counted, not of the events: one more of them makes it no dearer. It names nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from logferry_daemon.core.policy import Listing
from logferry_daemon.core.reading import Found
from logferry_daemon.core.sanitise import Privacy, sanitise_figures
from logferry_daemon.intake.source import Source
from logferry_daemon.ports import Clock
from logferry_ipc.messages import EventKind, RunningSession, RunningSummary
from logferry_model.figures import Statistics

EVERY = timedelta(seconds=2)
"""Between two pictures of one session."""

Tell = Callable[[EventKind, str, str], None]
"""What happened, to which session, of which tracker."""


@dataclass(frozen=True, slots=True)
class _Picture:
    weight: int
    taken_at: datetime
    session: RunningSession


class Live:
    """What runs, by source."""

    def __init__(self, clock: Clock, tell: Tell, privacy: Callable[[Listing], Privacy]) -> None:
        self._clock = clock
        self._privacy = privacy
        self._tell = tell
        self._pictures: dict[str, dict[str, _Picture]] = {}

    def looked(self, source: Source, running: Sequence[Found]) -> None:
        """These sessions of a source still run, as of a look that has just ended."""
        before, now = self._pictures.get(source.name, {}), self._clock.steady()
        self._pictures[source.name] = {
            found.id: self._picture(source, found, before.get(found.id), now) for found in running
        }

    @property
    def sessions(self) -> Sequence[RunningSession]:
        """All of them, the latest begun first."""
        everything = (one.session for pictures in self._pictures.values() for one in pictures.values())
        return sorted(everything, key=lambda one: one.started_at, reverse=True)

    @property
    def summaries(self) -> tuple[RunningSummary, ...]:
        """The same without what they add up to."""
        return tuple(_summary(one) for one in self.sessions)

    def _picture(self, source: Source, found: Found, before: _Picture | None, now: datetime) -> _Picture:
        if before is not None and (before.weight == found.weight or now - before.taken_at < EVERY):
            return before
        picture = _Picture(found.weight, now, view(source, found, self._privacy(source.tracker.listing)))
        kind = EventKind.SESSION_STARTED if before is None else EventKind.SESSION_PROGRESS
        self._tell(kind, found.id, source.tracker.name)
        return picture


def view(source: Source, found: Found, privacy: Privacy) -> RunningSession:
    """A session that still runs, without a name in it."""
    names = {*found.names, found.identity} if found.identity else found.names
    statistics = sanitise_figures(found.statistics(), names, privacy)
    if privacy.secrets.stand_in_bytes(msgspec.json.encode(statistics)):
        statistics = Statistics()  # when it is over, it is stopped
    return RunningSession(
        id=found.id,
        tracker=source.tracker.name,
        source=source.name,
        started_at=found.started_at,
        last_at=found.last_at,
        events=found.events,
        statistics=statistics,
    )


def _summary(one: RunningSession) -> RunningSummary:
    return RunningSummary(
        id=one.id,
        tracker=one.tracker,
        source=one.source,
        started_at=one.started_at,
        last_at=one.last_at,
        events=one.events,
    )
