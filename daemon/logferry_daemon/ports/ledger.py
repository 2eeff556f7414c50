"""The spool as people ask about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from logferry_daemon.core.delivery import State
from logferry_daemon.core.history import Attempt
from logferry_daemon.core.identities import Standing
from logferry_daemon.core.papers import Journaled
from logferry_daemon.core.reading import Trouble
from logferry_daemon.core.recut import Recut
from logferry_daemon.ports.outbox import Claimed, DeliveryRow
from logferry_model.envelope import Receipt
from logferry_model.errors import Misconfigured
from logferry_model.session import Session, SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """One session as the spool has it, newest revision, without its document."""

    id: SessionId
    tracker: str
    source: str
    started_at: datetime
    ended_at: datetime | None
    events: int
    revision: int
    end_rule: str
    end_evidence: str
    end_confidence: float
    found_at: datetime
    """When the spool took it in for the first time."""
    merged_into: SessionId | None = None
    """The session that it was joined to by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What was sent to one destination."""

    uploaded: int
    bytes_sent: int
    timed: int
    """How many of them are in `took`."""
    took: timedelta
    """All of these together."""
    last_upload: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptRow:
    """A delivery that arrived, and the proof of it."""

    delivery: str
    session: SessionId
    destination: str
    revision: int
    receipt: Receipt | None
    """None where its owner had deleted the report over there."""
    note: str
    report_url: str | None
    uploaded_at: datetime
    bytes_sent: int
    took: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Deliveries by destination and state, and what was sent."""

    by_state: Mapping[tuple[str, State], int]
    found: int
    """Deliveries and sessions without any, counted by themselves: `by_state` and `homeless` add up to it."""
    homeless: int
    """Sessions without any delivery."""
    uploaded: int
    bytes_sent: int
    average_ms: float | None
    last_upload: datetime | None
    last_report_url: str | None
    backlog: Backlog | None = None
    barred: Mapping[tuple[str, State, Standing], int] = field(default_factory=dict)
    """How many of `by_state` are of players who are not allowed there."""
    unasked: Mapping[str, int] = field(default_factory=dict)
    """Destination -> how many of its pending deliveries wait for its time, where it has one."""
    sent: Mapping[str, Sent] = field(default_factory=dict)
    """Destination -> what was sent there; those that nothing was sent to are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """The sessions that wait for their owner to ask."""

    sessions: int
    first: datetime
    """When the oldest of them began."""
    last: datetime
    """When the youngest of them ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recutting:
    """What sessions were and what a recut makes of them."""

    before: tuple[Session, ...]
    after: tuple[Session, ...]


class UnknownSession(Misconfigured):
    """There is no such session, or not any more."""

    def __init__(self, session: str, merged_into: str | None = None) -> None:
        said = (
            f"Session {session} became part of {merged_into}." if merged_into else f'There is no session "{session}".'
        )
        super().__init__("session-unknown", said, hint="See: logferry sessions list")


class StillRuns(Misconfigured):
    """A session is cut when it is over: until then every look may find more of it."""

    def __init__(self, session: str) -> None:
        said = f"Session {session} still runs; what was sent of it so far is partial."
        super().__init__("session-runs", said, hint=f"Wait until it is over, or end it here: logferry upload {session}")


class Ledger(Protocol):
    """The spool as people ask about it."""

    async def totals(self) -> Totals:
        """Counts and metrics."""
        ...

    async def sessions(self) -> Sequence[tuple[SessionRow, Sequence[DeliveryRow]]]:
        """All sessions, newest first, with their deliveries."""
        ...

    async def session(self, session: str) -> tuple[SessionRow, Sequence[DeliveryRow], Session] | None:
        """One session with its document, by id or by an unambiguous beginning of it."""
        ...

    async def paper_changes(self, after: int) -> Sequence[Journaled]:
        """What became of trackers' papers after the line of that number, oldest first, some hundred at a time."""
        ...

    async def troubles(self) -> Sequence[tuple[str, str, Trouble]]:
        """Source, path and trouble of every file that has one."""
        ...

    async def release(self, session: str | None, since: datetime | None) -> int:
        """Backlog to pending: of one session, of those that ended at or after `since`, or all."""
        ...

    async def hurry(self, session: str | None, now: datetime, *, asked: bool = True) -> int:
        """Make pending deliveries due now: of one session, or all; what is `asked` for waits for no time either."""
        ...

    async def recut(self, order: Recut, destinations: Sequence[str], now: datetime, *, only_look: bool) -> Recutting:
        """Split or join sessions by hand; Misconfigured says why it cannot be done. `only_look` keeps nothing."""
        ...

    async def retry(self, ids: Sequence[str], now: datetime) -> int:
        """Failed deliveries back to pending, by the beginning of their or their session's id; all without `ids`."""
        ...

    async def delivery(self, delivery: str) -> DeliveryRow | None:
        """One delivery as it stands."""
        ...

    async def look_at(self, session: str, destination: str) -> Claimed | None:
        """The newest delivery of a session to a destination, as `claim` would give it, without claiming it."""
        ...

    async def may_be_at(self, session: str, destination: str) -> bool:
        """Whether anything of it is there or may be: it arrived, or was sent and no answer came."""
        ...

    async def failures(self, limit: int) -> Sequence[DeliveryRow]:
        """Failed deliveries, newest first."""
        ...


class History(Protocol):
    """The spool as it knows how things came to be as they are."""

    async def attempts(self, session: str) -> Mapping[str, Sequence[Attempt]]:
        """Delivery -> its latest tries, the oldest first; of one session."""
        ...

    async def receipts(self, session: str | None) -> Sequence[ReceiptRow]:
        """What arrived, of one session or of all, the latest first."""
        ...
