"""What is due, of deliveries and of what is to be deleted alike."""

from __future__ import annotations

from datetime import UTC, datetime

from logferry_daemon.core.waiting import is_ahead, once_more
from logferry_daemon.ports import CopyRow, DeliveryRow, RemnantRow

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def due_at(row: DeliveryRow | CopyRow | RemnantRow, now: datetime) -> datetime:
    """When it may be tried again; long ago where it need not wait."""
    until, since = row.next_attempt, row.last_attempt
    if until is None:
        return LONG_AGO
    if since is not None and is_ahead(since, now):
        return once_more(since, until, now) if until > since else LONG_AGO
    return until


def is_due(row: DeliveryRow | CopyRow | RemnantRow, now: datetime) -> bool:
    """Whether it may be tried now."""
    return due_at(row, now) <= now
