"""Sessions, their deliveries, and what can be asked of them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field

from logferry_ipc.messages.running import RunningSummary
from logferry_model.figures import Statistics
from logferry_model.session import End, Scalar


class DeliveryState(StrEnum):
    """Where one session revision stands on its way to one destination."""

    PENDING = "pending"
    UPLOADING = "uploading"
    UPLOADED = "uploaded"
    FAILED = "failed"
    """Needs a person; nothing is dropped."""
    HELD = "held"
    """Waits for a decision of its owner; `reason` says which."""
    EXCLUDED = "excluded"
    """Left out by the owner's rule."""


class Attempt(Struct, frozen=True, kw_only=True):
    """One try at a delivery."""

    number: int
    started_at: datetime
    outcome: str
    """`uploaded`, `later`, `refused` or `broken-off`."""
    reason: str = ""
    took_ms: int | None = None
    """None where nobody saw it end."""
    bytes: int = 0


class Delivery(Struct, frozen=True, kw_only=True):
    """One session revision on its way to one destination."""

    id: str
    destination: str
    revision: int
    state: DeliveryState
    reason: str = ""
    attempts: int = 0
    last_error: str = ""
    last_attempt: datetime | None = None
    next_attempt: datetime | None = None
    report_url: str | None = None
    backlog: bool = False
    """Held because it was there before it was asked for."""
    history: tuple[Attempt, ...] = ()
    """Its latest fifty tries, the oldest first; only where one session is asked for."""


class SessionSummary(Struct, frozen=True, kw_only=True):
    """One session as a list shows it, newest revision; all its deliveries."""

    id: str
    tracker: str
    source: str
    started_at: datetime
    ended_at: datetime | None
    events: int
    revision: int
    end: End | None = None
    deliveries: tuple[Delivery, ...] = ()
    merged_into: str | None = None
    """The session that it was joined to by hand."""


class Copy(Struct, frozen=True, kw_only=True):
    """What a destination has, or had, of a deleted session."""

    destination: str
    state: str
    """`kept`: nobody asked for its deletion; `pending`: not confirmed yet; `deleted`; `failed`: a person is needed."""
    certain: bool = True
    """False where it was sent and no answer came: it may have arrived."""
    pieces: bool = False
    """Whether it is what arrived of an upload that was begun and not ended: part of no report."""
    until: datetime | None = None
    """Of pieces: until when they lie there by themselves; None where nobody said."""
    report_url: str | None = None
    attempts: int = 0
    last_error: str = ""
    last_attempt: datetime | None = None
    next_attempt: datetime | None = None


class DeletedSession(Struct, frozen=True, kw_only=True):
    """A session that its owner deleted: which one it was, and what of it is elsewhere."""

    id: str
    tracker: str
    deleted_at: datetime
    copies: tuple[Copy, ...] = ()


class SessionList(Struct, frozen=True, kw_only=True):
    """Sessions, newest first."""

    sessions: tuple[SessionSummary, ...]
    running: tuple[RunningSummary, ...] = ()
    """Those that still run, the latest begun first."""
    deleted: tuple[DeletedSession, ...] = ()
    """Those that their owner deleted, the latest deleted first."""


class SessionDetail(Struct, frozen=True, kw_only=True):
    """One session with what it adds up to."""

    session: SessionSummary
    statistics: Statistics
    facts: dict[str, Scalar] = field(default_factory=dict)


class Changed(Struct, frozen=True, kw_only=True):
    """How many deliveries a command moved, and a sentence about what was not."""

    changed: int
    note: str = ""


class UploadAll(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Send everything that waits; with `since`, of what was there before only what ended at that time or later."""

    since: datetime | None = None


EVERYTHING = UploadAll()


class RecutRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Split the session at these times, or join these others to it: one of the two."""

    at: tuple[datetime, ...] = ()
    merge: tuple[str, ...] = ()
    """Ids of its neighbours."""
    dry_run: bool = False
    """Only tell what would be."""


class DeleteRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Forget a session for good; with `remote`, have its destinations delete what they have of it, too."""

    remote: bool = False


class Deleted(Struct, frozen=True, kw_only=True):
    """What is gone, and what is left elsewhere."""

    sessions: tuple[str, ...]
    """Ids: it, and those that had become part of it."""
    copies: tuple[Copy, ...] = ()
    running: bool = False
    """It still runs: when it is over, it is not kept and not sent."""
    note: str = ""


class Part(Struct, frozen=True, kw_only=True):
    """A session before or after a recut."""

    id: str
    tracker: str
    started_at: datetime
    ended_at: datetime | None
    events: int
    end: End | None = None


class Recut(Struct, frozen=True, kw_only=True):
    """What sessions were and what was made of them."""

    before: tuple[Part, ...]
    after: tuple[Part, ...]
    dry_run: bool = False


class RetryRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Deliveries or sessions to try again, by id; empty means all failed ones."""

    ids: tuple[str, ...] = ()


class PauseRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hold all uploads; `seconds` None means until resumed."""

    seconds: float | None = None
