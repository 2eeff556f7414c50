"""News, as they come."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from logferry_ipc.messages.sessions import Delivery


class EventKind(StrEnum):
    """What the event stream reports. Listeners ignore kinds they do not know."""

    SESSION_STARTED = "session.started"
    """A session runs."""
    SESSION_PROGRESS = "session.progress"
    """A running session has gone on; told at most every two seconds."""
    SESSION_FOUND = "session.found"
    """A session is over, or a newer version of one is."""
    SESSION_DELETED = "session.deleted"
    """A session is gone, and so are its deliveries."""
    DELIVERY_CHANGED = "delivery.changed"
    STATE_CHANGED = "state.changed"
    """Pause, resume, sources, destinations, consents, attention."""
    RESET = "reset"
    """Events were missed: read the status afresh."""
    GOING_AWAY = "going-away"
    """The daemon stops."""


class StreamEvent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry of the event log; `cursor` resumes after it."""

    cursor: str
    """`<instance>.<sequence>`"""
    kind: EventKind
    at: datetime
    session: str | None = None
    delivery: Delivery | None = None
    tracker: str | None = None
