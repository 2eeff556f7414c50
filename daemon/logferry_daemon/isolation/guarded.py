"""A connection to a database that nobody trusts: read only, bounded, and deaf to everything but what is asked for.

The file brings its own schema, and a schema is a program: views, generated columns and virtual tables run code. Two
allow-lists, one for looking columns up and one for reading them, refuse all of it; the limits stop what is left.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from enum import StrEnum
from urllib.parse import quote

from logferry_model.errors import Damaged, Unreachable

MAX_VALUE = 16 * 2**20
SECONDS = 1.5
"""Of processor time, for all of it; a little less than what the system allows."""
_STEPS = 1000
"""Steps of SQLite between two looks at the clock."""

SETTINGS = """
PRAGMA query_only = ON;
PRAGMA trusted_schema = OFF;
PRAGMA cell_size_check = ON;
PRAGMA mmap_size = 0;
"""

LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: MAX_VALUE,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 100_000,
    sqlite3.SQLITE_LIMIT_COLUMN: 500,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 50,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 5,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 25_000,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 8,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 100,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: 16,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}

Authorizer = Callable[[int, str | None, str | None, str | None, str | None], int]


class How(StrEnum):
    """How a database is opened: what follows its name."""

    LIVE = "mode=ro"
    """Somebody may be writing: the write-ahead log is read, and SQLite adds its shared memory file."""
    RESTING = "mode=ro&immutable=1"
    """Nothing is beside it: SQLite looks for no log, so none is made. Whoever reads so checks that it stayed so."""
    COPIED = "mode=rw"
    """Our own: what a killed writer left behind is put in order in it."""


class CopyNeeded(Exception):
    """It cannot be read where it lies: SQLite would have to write beside it."""


@contextmanager
def guarded(path: str, how: How) -> Iterator[sqlite3.Connection]:
    """A connection with all guards but an allow-list; SQLite's errors come out as Damaged, Unreachable, CopyNeeded."""
    address = f"file:{quote(os.fsencode(path))}?{how}"
    with (
        database_errors(how),
        closing(sqlite3.connect(address, uri=True, timeout=1, isolation_level=None)) as connection,
    ):
        connection.executescript(SETTINGS)
        for limit, most in LIMITS.items():
            connection.setlimit(limit, most)
        connection.text_factory = lambda data: data.decode("utf-8", "replace")
        connection.set_progress_handler(lambda: time.process_time() > SECONDS, _STEPS)
        yield connection


def looking_up(tables: Collection[str]) -> Authorizer:
    """Allows a transaction, the list of tables, and the columns of those that are wanted."""

    def allow(action: int, first: str | None, second: str | None, _: str | None, inner: str | None) -> int:
        allowed = inner is None and (
            action in {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_TRANSACTION}
            or (action == sqlite3.SQLITE_READ and first == "sqlite_master")
            or (action == sqlite3.SQLITE_PRAGMA and first == "table_xinfo" and second in tables)
        )
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY

    return allow


def reading(columns: Mapping[str, Collection[str]]) -> Authorizer:
    """Allows to read these columns, by table, and nothing else: no function, no view, no pragma, no other table."""

    def allow(action: int, first: str | None, second: str | None, database: str | None, inner: str | None) -> int:
        allowed = inner is None and (
            action in {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_TRANSACTION}
            or (action == sqlite3.SQLITE_READ and database == "main" and second in columns.get(first or "", ()))
            # A table of which nothing but the row id is read: SQLite names neither column nor database.
            or (action == sqlite3.SQLITE_READ and not database and not second and first in columns)
        )
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY

    return allow


@contextmanager
def database_errors(how: How) -> Iterator[None]:
    """SQLite's errors by what whoever asked does next; whatever else a damaged file makes of Python is damage, too."""
    try:
        yield
    except sqlite3.Error as error:
        raise _named(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF, how) from error
    except MemoryError as error:
        raise too_big() from error
    except (UnicodeError, ValueError, OverflowError, TypeError) as error:
        raise _damaged() from error


def _named(code: int, how: How) -> Exception:
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return Unreachable("database-busy", "it is being written; it is read again in a moment.")
    if code in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY} and how is How.LIVE:
        return CopyNeeded()
    if code in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PERM}:
        return Unreachable("database-unreadable", "it cannot be opened; it is tried again in a moment.")
    if code in {sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_NOMEM}:
        return too_big()
    return {sqlite3.SQLITE_INTERRUPT: too_slow, sqlite3.SQLITE_AUTH: _forbidden}.get(code, _damaged)()


def too_big() -> Damaged:
    """More than is read of one database at once."""
    return Damaged("database-too-big", "a value in it, or what it makes of one, is too big; it is not read.")


def too_slow() -> Damaged:
    """It used up its time."""
    return Damaged(
        "database-too-slow",
        "reading it took more than two seconds of work, which no database of its program needs; it is not read.",
        hint="If it is yours and whole, let its program tidy it up.",
    )


def _forbidden() -> Damaged:
    return Damaged("database-forbidden", "its tables run code of their own when they are read; it is not read.")


def _damaged() -> Damaged:
    return Damaged(
        "database-damaged",
        "it is no SQLite database or is damaged.",
        hint="Close its program, move the file away and start the program again.",
    )
