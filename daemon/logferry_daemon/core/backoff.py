"""How long to wait before the next try: full jitter, capped, never sooner than the other side asked. Pure.

Full jitter: AWS Architecture Blog, "Exponential Backoff And Jitter"; the figures are trust.md 3.5.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from logferry_daemon.core.http_date import read_http_date

BASE = timedelta(seconds=1)
CAP = timedelta(minutes=15)
RETRY_AFTER_CAP = timedelta(hours=24)
_MAX_DOUBLINGS = 20
"""Beyond it the cap rules anyway, and an endless power of two does not fit a float."""


def delay(*, attempts: int, jitter: float, floor: timedelta = timedelta(), cap: timedelta = CAP) -> timedelta:
    """Between 0 and min(cap, BASE * 2^attempts), chosen by `jitter` in 0..1, never below `floor`."""
    ceiling = min(cap, BASE * (1 << min(max(attempts, 0), _MAX_DOUBLINGS)))
    return max(ceiling * jitter, floor)


def parse_retry_after(header: str | None, now: datetime) -> timedelta:
    """What a Retry-After header asks for, in seconds or as a date; 0 when it is past or unreadable, at most 24 h."""
    if not header:
        return timedelta()
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=min(int(text[:9]), 10**8)), RETRY_AFTER_CAP)
    until = read_http_date(text)
    return timedelta() if until is None else min(max(until - now, timedelta()), RETRY_AFTER_CAP)
