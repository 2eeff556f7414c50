"""Which session is this: ids made from content alone. No path, no counter of ours, no account."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

import msgspec

from logferry_model.session import EpochMs, SessionId


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
    """The model's milliseconds as an aware UTC time; OverflowError or ValueError outside the calendar."""
    return datetime.fromtimestamp(at / 1000, tz=UTC)


def parse_time(text: str) -> datetime | None:
    """An ISO 8601 time as aware UTC, or None; a time without a zone is taken as UTC."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
