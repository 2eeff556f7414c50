"""Which session is this: ids made from content alone. No path, no counter of ours, no account."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from logferry_model.session import EpochMs, SessionId

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
YEARS = range(1970, 3000)
"""A date outside of these is a mistake of whoever wrote it, and collectors refuse it."""
MOMENTS = range((datetime(YEARS.stop, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(milliseconds=1))
"""The same in the model's milliseconds."""


def session_id(tracker: str, natural_key: str) -> SessionId:
    """The same session, read twice or on two machines, has the same id."""
    return SessionId(hashlib.sha256(f"{tracker}\n{natural_key}".encode()).hexdigest()[:16])


def content_mark(*parts: Any) -> str:  # noqa: ANN401 -- whatever msgspec can encode
    """Twelve hex digits of what is given: tells apart sessions that begin in the same second."""
    return hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()[:12]


def to_ms(at: datetime) -> EpochMs:
    """An aware time as the model's milliseconds."""
    return EpochMs(round(at.timestamp() * 1000))


def from_ms(at: int) -> datetime:
    """The model's milliseconds as an aware UTC time; OverflowError outside of YEARS."""
    if at not in MOMENTS:
        raise OverflowError(at)
    # Not fromtimestamp: on Windows it refuses everything before 1970.
    return EPOCH + timedelta(milliseconds=at)


def parse_time(text: str) -> datetime | None:
    """An ISO 8601 time as aware UTC, or None; a time without a zone is taken as UTC.

    Cut to milliseconds, the unit of everything here: the spool and what is sent must agree to the digit.
    """
    try:
        at = datetime.fromisoformat(text)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):  # the latter when its zone leads out of the calendar
        return None
    return at.replace(microsecond=at.microsecond // 1000 * 1000) if at.year in YEARS else None
