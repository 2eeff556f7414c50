"""SQLite's errors as ours: what is wrong with a database's file, in words that say what to do. Runs no statement."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from logferry_daemon.core.queue_trouble import Cause, cause_of, hint, sentence
from logferry_daemon.core.shelved import Unreadable
from logferry_model.errors import Damaged, LogferryError, Unreachable

UNREADABLE = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What reading a file may end with that is not what was written."""
UNUSABLE = (*UNREADABLE, MemoryError)
"""What using it may end with: where there is no memory for it, SQLite's error is Python's own."""

_TOLD = (Cause.FULL, Cause.MEMORY)
"""SQLite's words add nothing to them."""


@contextmanager
def database_errors(path: Path) -> Iterator[None]:
    """SQLite's errors as ours: it stops here."""
    try:
        yield
    except LogferryError:
        raise
    except UNUSABLE as error:
        raise trouble(error, path) from error
    except (Unreadable, msgspec.DecodeError) as error:
        raise damaged(path, str(error)) from error


def trouble(error: BaseException, path: Path) -> Unreachable | Damaged:
    """The error as one of ours."""
    foreign = isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)
    if foreign or is_damage(error):
        return damaged(path, str(error))
    cause = cause_of(name_of(error))
    detail = "" if cause in _TOLD else str(error) or type(error).__name__
    return Unreachable("spool-unavailable", sentence(path.name, cause, detail), hint=hint(cause, str(path.parent)))


def is_damage(error: BaseException) -> bool:
    """Whether it says that the file itself is not what was written."""
    if isinstance(error, UnicodeDecodeError):
        return True  # not even what SQLite says of it is a text: it names a part of the file
    # A text that is no text has no code of SQLite's: Python's own part found it.
    return cause_of(name_of(error)) is Cause.DAMAGED or "decode to UTF-8" in str(error)


def name_of(error: BaseException) -> str:
    """SQLite's own name of it; empty for what Python's part found."""
    return "SQLITE_NOMEM" if isinstance(error, MemoryError) else getattr(error, "sqlite_errorname", "")


def damaged(path: Path, why: str) -> Damaged:
    """The file is not what was written."""
    return Damaged(
        "spool-damaged",
        f"The spool {path.name} is damaged: {why}.",
        hint=f"Move {path} away and start again: sessions are read again from their files.",
    )
