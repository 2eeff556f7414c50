"""An instant as HTTP headers have it. Pure.

All three forms of RFC 9110 5.6.7; the oldest of them names no zone and means UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def read_http_date(header: str | None) -> datetime | None:
    """It in UTC; None where the header is none, or no instant that there is."""
    try:
        told = parsedate_to_datetime(header or "")
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    try:
        return told.astimezone(UTC) if told.tzinfo else told.replace(tzinfo=UTC)
    except OverflowError:
        return told.replace(tzinfo=UTC)  # at either end of all dates a zone leads beyond it
