"""Lengths and moments as people type them. Raises what argparse makes a usage error of."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from datetime import datetime, timedelta

_DURATION = re.compile(r"([0-9]{1,100})([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LONGEST_DAYS = 30
"""The daemon takes no longer pause."""


def length(text: str) -> timedelta:
    """`90s`, `30m`, `2h` or `1d`."""
    found = _DURATION.fullmatch(text)
    if found is None or not int(found[1]):
        raise ArgumentTypeError(f'"{text}" is no length of time. Write it like 30m or 2h.')
    # Numbers are compared before a timedelta is made of them: that one overflows.
    seconds = int(found[1]) * _UNITS[found[2]]
    if seconds > LONGEST_DAYS * _UNITS["d"]:
        raise ArgumentTypeError(f"A pause is at most {LONGEST_DAYS} days long; without --for it has no end.")
    return timedelta(seconds=seconds)


def since(text: str) -> datetime:
    """`2026-01-01`, `2026-01-01T20:00`, `7d`, `12h`, `today` or `yesterday`, by the reader's own clock."""
    now = datetime.now().astimezone()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    days = {"today": 0, "yesterday": 1}.get(text.casefold())
    try:
        if days is not None:
            return _at_midnight(midnight - timedelta(days=days))
        if found := _DURATION.fullmatch(text):
            return now - timedelta(seconds=int(found[1]) * _UNITS[found[2]])
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError, OSError):  # the latter two for times outside of the calendar
        raise ArgumentTypeError(f'"{text}" is no time. Write it like 2026-01-01, 7d or yesterday.') from None


def _at_midnight(day: datetime) -> datetime:
    """The hour may have another distance to UTC on that day."""
    return day.replace(tzinfo=None, hour=0).astimezone()
