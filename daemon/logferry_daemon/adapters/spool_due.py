"""Which deliveries the spool hands out: the oldest, or where much fails, those that were left alone the longest."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from logferry_daemon.adapters.database_sqlite import Query
from logferry_daemon.adapters.spool_rows import ms
from logferry_daemon.core.backoff import RETRY_AFTER_CAP
from logferry_daemon.core.waiting import CORRECTION

_EVER = None
"""No delivery is passed by for having been tried."""


def by_the_clock(now: datetime) -> Mapping[str, int]:
    """What a statement that asks what is due must be told of the time: `core/waiting.py` in the spool's words."""
    longest = RETRY_AFTER_CAP // timedelta(milliseconds=1)
    # The longest wait is one that began, also after a correction.
    latest = ms(now + RETRY_AFTER_CAP + CORRECTION)
    return {"now": ms(now), "ahead": ms(now + CORRECTION), "latest": latest, "longest": longest}


def oldest_due(query: Query, about: Mapping[str, Any], limit: int, backfill: int) -> Sequence[sqlite3.Row]:
    """By age; at most so many of a backfill, and those last."""
    due = query("due", **about, untried_since=_EVER, limit=limit, backfill=0)
    rest = min(limit - len(due), backfill)
    return [*due, *query("due", **about, untried_since=_EVER, limit=rest, backfill=1)]


def longest_untried_due(query: Query, about: Mapping[str, Any], limit: int, backfill: int) -> Sequence[sqlite3.Row]:
    """Those that nobody tried, else the one that waited longest since: of what goes by itself, or of a backfill."""
    most = {0: limit, 1: min(limit, backfill)}
    known = [
        (since, kind)
        for kind in most
        if most[kind] > 0 and (since := query("untried_since", **about, backfill=kind)[0]["since"]) is not None
    ]
    if not known:
        return []
    since, kind = min(known)
    return query("due", **about, untried_since=since, limit=most[kind], backfill=kind)
