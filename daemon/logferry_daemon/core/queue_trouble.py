"""What is wrong with the queue's file: SQLite's name of an error in, a cause and a sentence out. Pure.

The queue is what people call the spool: the sessions that were taken in, and what became of them.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

RETRY = timedelta(seconds=5)
"""Whoever could not write tries again after it: nobody tells when there is space again."""


class Cause(StrEnum):
    """Why it could not be read or written."""

    FULL = "its disk is full"
    READ_ONLY = "it may not be written to"
    DISK = "its disk reports an error"
    AWAY = "it cannot be opened"
    BUSY = "another program holds it"
    MEMORY = "there is too little memory"
    DAMAGED = "it is damaged"
    OTHER = "it cannot be written"


_BEGINNINGS = (
    ("SQLITE_FULL", Cause.FULL),
    ("SQLITE_READONLY", Cause.READ_ONLY),
    ("SQLITE_PERM", Cause.READ_ONLY),
    ("SQLITE_CANTOPEN", Cause.AWAY),
    ("SQLITE_BUSY", Cause.BUSY),
    ("SQLITE_LOCKED", Cause.BUSY),
    ("SQLITE_NOMEM", Cause.MEMORY),
    # What it did not find where it looked is the other program's deletion as often as the disk's mistake.
    ("SQLITE_IOERR_CORRUPTFS", Cause.DAMAGED),
    ("SQLITE_IOERR", Cause.DISK),
    ("SQLITE_CORRUPT", Cause.DAMAGED),
    ("SQLITE_NOTADB", Cause.DAMAGED),
)
_HINTS = {
    Cause.FULL: "Free some space where {folder} is; Logferry goes on by itself.",
    Cause.READ_ONLY: "Allow Logferry to write in {folder}; it goes on by itself.",
    Cause.AWAY: "Look whether {folder} is there and may be entered; Logferry goes on by itself.",
    Cause.DISK: "Look after the disk that {folder} is on; Logferry goes on by itself when it works again.",
    Cause.BUSY: "End the other program that has a file in {folder} open; Logferry goes on by itself.",
    Cause.MEMORY: "End a program that needs much memory; the queue in {folder} goes on by itself then.",
}


def cause_of(name: str) -> Cause:
    """The cause behind an error that SQLite calls so, as in SQLITE_IOERR_FSYNC."""
    return next((cause for beginning, cause in _BEGINNINGS if name.startswith(beginning)), Cause.OTHER)


def sentence(file: str, cause: Cause, detail: str = "") -> str:
    """What is wrong, what that does and when it is tried again; `detail` is in SQLite's words."""
    why = f"{cause} ({detail})" if detail else str(cause)
    wait = int(RETRY.total_seconds())
    return (
        f"The queue {file} cannot be used: {why}; nothing new is taken in or sent meanwhile, nothing is lost, "
        f"and it is tried again every {wait} seconds."
    )


def hint(cause: Cause, folder: str) -> str:
    """What its owner can do."""
    return _HINTS.get(cause, "Look whether {folder} can be written to; Logferry goes on by itself.").format(
        folder=folder
    )
