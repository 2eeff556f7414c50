"""How the daemon is, and what it has done."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field

from logferry_ipc.messages.running import RunningSummary

API_VERSION = 1


class DaemonState(StrEnum):
    """What the tray shows as a shape: the most urgent thing that is true."""

    IDLE = "idle"
    WORKING = "working"
    """Something is being uploaded right now."""
    PAUSED = "paused"
    ATTENTION = "attention"
    """A person is needed."""
    OFFLINE = "offline"
    """Something waits and its destination cannot be reached."""


class Hello(Struct, frozen=True, kw_only=True):
    """Answer to an unauthenticated caller: which daemon this is and, given a nonce, the proof of it."""

    name: str
    version: str
    api_versions: tuple[int, ...]
    instance: str
    """New with every start of the daemon."""
    proof: str | None = None
    """hex HMAC-SHA256 of the caller's nonce under the key in the discovery file."""


class Counts(Struct, frozen=True, kw_only=True):
    """Deliveries by state; `found` is always the sum of the others.

    A session that no destination is set for counts as held.
    """

    found: int = 0
    pending: int = 0
    uploading: int = 0
    uploaded: int = 0
    failed: int = 0
    held: int = 0
    excluded: int = 0


class DestinationStatus(Struct, frozen=True, kw_only=True):
    """One destination: `state` is one of `ready`, `held`, `waiting`, `paused`, `offline`."""

    name: str
    state: str
    reason: str = ""
    next_attempt: datetime | None = None
    trackers: tuple[str, ...] = ()
    """The only ones whose sessions it is sent; empty for all of them."""


class Attention(Struct, frozen=True, kw_only=True):
    """One thing a person should know: what happened to which file or destination, and what to do."""

    code: str
    message: str
    hint: str = ""


class DestinationMetrics(Struct, frozen=True, kw_only=True):
    """What was sent to one destination so far, and how its deliveries stand."""

    name: str
    counts: Counts
    uploaded: int = 0
    failed: int = 0
    average_upload_ms: float | None = None
    bytes_sent: int = 0
    last_upload: datetime | None = None


class Metrics(Struct, frozen=True, kw_only=True):
    """What this installation has sent so far; deleted sessions are not counted any more."""

    uploaded: int = 0
    failed: int = 0
    average_upload_ms: float | None = None
    bytes_sent: int = 0
    last_upload: datetime | None = None
    destinations: tuple[DestinationMetrics, ...] = ()


class Exposition(Struct, frozen=True, kw_only=True):
    """Metrics as Prometheus reads them; the route answers with the text itself."""

    text: str


class Status(Struct, frozen=True, kw_only=True):
    """The daemon at a glance."""

    state: DaemonState
    version: str
    counts: Counts
    destinations: tuple[DestinationStatus, ...] = ()
    attention: tuple[Attention, ...] = ()
    metrics: Metrics = field(default_factory=Metrics)
    paused: bool = False
    """Whether uploads are paused, also where `state` tells something more urgent."""
    paused_until: datetime | None = None
    """Set while paused for a time; None while paused until resumed, or not paused."""
    last_report_url: str | None = None
    running: tuple[RunningSummary, ...] = ()
    """Sessions that still run, the latest begun first."""
    copy_report_url: bool = False
    """Whether its owner wants the tray to put the address of each new report on the clipboard."""
