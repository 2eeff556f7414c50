"""Sessions that still run."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from logferry_model.figures import Statistics


class RunningSummary(Struct, frozen=True, kw_only=True):
    """A session that still runs, as of a moment ago; one whose log went on after its end is in the spool as well."""

    id: str
    tracker: str
    source: str
    started_at: datetime
    last_at: datetime
    """The time of its last event."""
    events: int


class RunningSession(RunningSummary, frozen=True, kw_only=True):
    """A session that still runs and what it adds up to so far. Names nobody: neither who plays nor whom they meet."""

    statistics: Statistics


class RunningSessions(Struct, frozen=True, kw_only=True):
    """Every session that still runs, the latest begun first."""

    sessions: tuple[RunningSession, ...]


class Ended(Struct, frozen=True, kw_only=True):
    """What a word from outside, that a program was closed or that its owner wants it, ended."""

    ended: int = 0
    sessions: tuple[str, ...] = ()
    """Their ids; they are on their way."""
    waiting: int = 0
    """Sessions whose log is being written this very moment: they end as soon as it is quiet."""
    note: str = ""
