"""What the spool in memory holds, and the few things that all its parts do with it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import msgspec

from logferry_daemon.core.consent import Grant
from logferry_daemon.core.delivery import State, Step, step
from logferry_daemon.core.exchange import Letter, Upload
from logferry_daemon.core.history import Attempt
from logferry_daemon.core.identities import Binding
from logferry_daemon.core.new_session import NewSession, heard_of
from logferry_daemon.core.papers import Journaled
from logferry_daemon.core.queue_bound import Bound
from logferry_daemon.core.reading import Paper
from logferry_daemon.core.recut import (
    Plan,
    Recount,
    uncounted,
)
from logferry_daemon.ports import CopyRow, DeletedRow, DeliveryRow, FileRow, RemnantRow
from logferry_model.envelope import Receipt
from logferry_model.errors import LogferryError, Unreachable
from logferry_model.session import Session, SessionId
from tests.fakes import FixedChance


def whole(new: NewSession) -> Session:
    """All of it, and not its head alone."""
    return msgspec.json.decode(new.document, type=Session)


@dataclass
class KeptSession:
    new: NewSession
    source: str
    revision: int
    found_at: datetime
    plan: str | None = None
    merged_into: SessionId | None = None

    @property
    def runs(self) -> bool:
        return self.new.session.end is None and not self.merged_into


@dataclass
class KeptDelivery:
    row: DeliveryRow
    key: str
    letter: Letter | None = None
    written: bool = False
    """Also once the letter was emptied."""
    upload: Upload = Upload()  # noqa: RUF009 -- it cannot change
    sent: int = 0
    took: timedelta | None = None
    uploaded_at: datetime | None = None
    backfill: bool = False
    summary: bool = False
    receipt: Receipt | None = None
    tries: list[Attempt] = field(default_factory=list)


@dataclass
class KeptPlan:
    originals: dict[str, KeptSession] = field(default_factory=dict)
    cuts: tuple[int, ...] = ()

    @property
    def plan(self) -> Plan:
        return Plan(tuple(whole(self.originals[key].new) for key in sorted(self.originals)), self.cuts)


@dataclass
class Shelves:
    """Everything in dictionaries."""

    chance: FixedChance = field(default_factory=FixedChance)
    broken: Exception | None = None
    """Set: nothing can be written, as on a full disk."""
    broken_after: LogferryError | None = None
    """Set: what comes of the next delivery is kept, and said to have failed."""
    bound: Bound = field(default_factory=Bound)
    no_room: Unreachable | None = None
    recount: Recount = uncounted
    _files: dict[tuple[str, str], FileRow] = field(default_factory=dict)
    _sessions: dict[str, KeptSession] = field(default_factory=dict)
    _deliveries: dict[str, KeptDelivery] = field(default_factory=dict)
    _grants: dict[str, Grant] = field(default_factory=dict)
    _bindings: list[Binding] = field(default_factory=list)
    _notes: dict[str, str] = field(default_factory=dict)
    _plans: dict[str, KeptPlan] = field(default_factory=dict)
    _papers: dict[tuple[str, str], tuple[Paper, ...]] = field(default_factory=dict)
    _journal: list[Journaled] = field(default_factory=list)
    _kept: dict[tuple[str, str], str] = field(default_factory=dict)
    """Slot and session -> text."""
    _deleted: dict[str, DeletedRow] = field(default_factory=dict)
    _copies: dict[str, CopyRow] = field(default_factory=dict)
    _remnants: dict[str, RemnantRow] = field(default_factory=dict)
    dirty: bool = False
    """Something was deleted since the last scrub."""

    def _all(self) -> list[KeptDelivery]:
        return list(self._deliveries.values())

    def _pending(self, destination: str) -> list[KeptDelivery]:
        return [one for one in self._all() if (one.row.destination, one.row.state) == (destination, State.PENDING)]

    def _set(self, one: KeptDelivery, what: Step, **changes: object) -> None:
        one.row = replace(one.row, state=step(one.row.state, what), **changes)  # type: ignore[arg-type]  # fields of a row

    def _start(self, session: str) -> float:
        return self._sessions[session].new.session.started_at.timestamp()

    def _writable_delivery(self, delivery: str) -> KeptDelivery | None:
        self._writable()
        return self._deliveries.get(delivery)

    def _writable(self) -> None:
        if self.broken:
            raise self.broken


def ended_at(kept: KeptSession) -> datetime:
    return heard_of(kept.new) or kept.new.session.started_at
