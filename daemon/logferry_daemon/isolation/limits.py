"""What the child may use up, set before it opens anything. Where the system has no such limits, time alone counts."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing, suppress

CPU_SECONDS = 2
MEMORY = 256 * 2**20
HEAP = 96 * 2**20
"""What SQLite may take of it, on every system."""
HANDLES = 64
"""All of them can be looked at, one by one."""
MAX_SHARED_MEMORY = 16 * 2**20
"""Bytes of a file that SQLite may make beside a live database."""
MAX_COPY = 512 * 2**20
"""Bytes of a database that is copied to be read."""


def limit(*, copying: bool) -> None:
    """Cap processor time, memory, handles and the size of files written; nothing is raised where it cannot be done."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"PRAGMA hard_heap_limit = {HEAP}")  # of the whole process
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 -- there is none on Windows

    caps = {
        resource.RLIMIT_CPU: CPU_SECONDS,
        resource.RLIMIT_AS: MEMORY,
        resource.RLIMIT_NOFILE: HANDLES,
        resource.RLIMIT_FSIZE: MAX_COPY if copying else MAX_SHARED_MEMORY,
        resource.RLIMIT_CORE: 0,
    }
    for what, most in caps.items():
        with suppress(ValueError, OSError):  # macOS knows some of them by name only
            resource.setrlimit(what, (most, most))
