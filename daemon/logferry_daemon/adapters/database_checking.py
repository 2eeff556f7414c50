"""Looks through a SQLite database for damage, for so long and no longer."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

_STEPS = 10_000
"""Instructions of SQLite's between two looks at the time."""


def check(connection: sqlite3.Connection, limit: timedelta) -> None:
    """sqlite3.DatabaseError when it is damaged; silence means that nothing was found within the limit."""
    try:
        with limited(connection, limit):
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorname", "") != "SQLITE_INTERRUPT":
            raise
        return
    if found != "ok":
        damage = sqlite3.DatabaseError(str(found).splitlines()[0])
        damage.sqlite_errorname = "SQLITE_CORRUPT"
        raise damage


@contextmanager
def limited(connection: sqlite3.Connection, limit: timedelta) -> Iterator[None]:
    """Whatever runs inside is interrupted when the time is over."""
    ends = time.monotonic() + limit.total_seconds()
    connection.set_progress_handler(lambda: time.monotonic() > ends, _STEPS)
    try:
        yield
    finally:
        connection.set_progress_handler(None, 0)
