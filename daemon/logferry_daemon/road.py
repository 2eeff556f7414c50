"""What it takes to send to a destination, shared by all who carry, ask and delete there. Values only."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import timedelta

from logferry_daemon.core.backoff import CAP
from logferry_daemon.core.destination import Destination
from logferry_daemon.core.exchange import Dialect
from logferry_daemon.gates import Gates
from logferry_daemon.offers import NothingOffered, Offering
from logferry_daemon.ports import Chance, Clock, Credentials, Outbox, Sender
from logferry_daemon.scribe import Scribe

AT_ONCE = 4
"""Requests to one destination at a time: more bought nothing in any measurement (performance.md 5)."""
LOOK_AGAIN = timedelta(seconds=30)
"""For what changes without a sign: a keyring that was unlocked, a clock that was set."""
SHORTEST_LOOK = timedelta(seconds=2)

Turn = AbstractAsyncContextManager[object]
"""Held by whoever writes to a destination of which only one may at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """The ports a courier needs."""

    clock: Clock
    chance: Chance
    outbox: Outbox
    sender: Sender
    credentials: Credentials
    scribe: Scribe
    offers: Offering = field(default_factory=NothingOffered)
    longest: timedelta = CAP
    """Wait between two tries at a delivery."""


@dataclass(slots=True)
class Post:
    """One destination and the way there, for all parts of its courier: when its terms change, each of them knows."""

    destination: Destination
    dialect: Dialect
    road: Road
    gates: Gates

    @property
    def name(self) -> str:
        """Of the destination; it never becomes another."""
        return self.destination.name
