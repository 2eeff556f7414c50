"""SQLite's errors as ours: what is wrong with a database's file, in words that say what to do. Runs no statement."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from logferry_daemon.core.queue_trouble import Cause, cause_of, hint, sentence
from logferry_model.errors import Damaged, LogferryError, Unreachable

UNREADABLE = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What reading a file may end with that is not what was written."""


@contextmanager
def database_errors(path: Path) -> Iterator[None]:
    """SQLite's errors as ours: it stops here."""
    try:
        yield
    except LogferryError:
        raise
    except UNREADABLE as error:
        raise trouble(error, path) from error
    except (zlib.error, msgspec.DecodeError) as error:
        raise damaged(path, str(error)) from error


def trouble(error: sqlite3.DatabaseError | UnicodeDecodeError, path: Path) -> Unreachable | Damaged:
    """The error as one of ours."""
    if is_damage(error) or not isinstance(error, sqlite3.OperationalError):
        return damaged(path, str(error))
    cause = cause_of(name_of(error))
    detail = "" if cause is Cause.FULL else str(error)
    return Unreachable("spool-unavailable", sentence(path.name, cause, detail), hint=hint(cause, str(path.parent)))


def is_damage(error: sqlite3.DatabaseError | UnicodeDecodeError) -> bool:
    """Whether it says that the file itself is not what was written."""
    if isinstance(error, UnicodeDecodeError):
        return True  # not even what SQLite says of it is a text: it names a part of the file
    # A text that is no text has no code of SQLite's: Python's own part found it.
    return cause_of(name_of(error)) is Cause.DAMAGED or "decode to UTF-8" in str(error)


def name_of(error: sqlite3.DatabaseError) -> str:
    """SQLite's own name of it; empty for what Python's part found."""
    return getattr(error, "sqlite_errorname", "")


def damaged(path: Path, why: str) -> Damaged:
    """The file is not what was written."""
    return Damaged(
        "spool-damaged",
        f"The spool {path.name} is damaged: {why}.",
        hint=f"Move {path} away and start again: sessions are read again from their files.",
    )
