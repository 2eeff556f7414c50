"""Puts a sound spool in the place of a damaged one: the old file is set aside and never deleted, a new one is made of
what can be read of it.

The new one is whole before the old one is moved, and the old one is moved with its log before the new one takes its
name, so whoever is killed in between finds something to go on with. Which rows are believed is decided in
core/salvage.py; the shapes of both files are asked of SQLite, so a table that comes later is rescued, too.
"""

from __future__ import annotations

import mmap
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from datetime import datetime, timedelta
from itertools import chain, count
from pathlib import Path
from typing import Any

from logferry_daemon.adapters.database_checking import check, limited
from logferry_daemon.adapters.database_errors import UNREADABLE, database_errors, is_damage
from logferry_daemon.adapters.database_sqlite import CHECKING, connect, migrate
from logferry_daemon.core.identities import UNSURE
from logferry_daemon.core.salvage import (
    REBUILT_NOTE,
    Rebuilt,
    all_or_none,
    believed,
    carved,
    encode_rebuilt,
    left_behind,
    left_pieces,
    too_bold,
)
from logferry_daemon.sql.load import load_migrations

READING = timedelta(seconds=60)
"""So long a damaged file is read at most: its pages may lead in circles."""
MOST_ROWS = 2_000_000
_LOGS = ("-wal", "-shm")
_TYPES: Mapping[str, type] = {"INTEGER": int, "REAL": float, "TEXT": bytes, "BLOB": bytes}


def make_sound(path: Path, now: datetime, *, distrusted: bool = False) -> Rebuilt | None:
    """See to it that `path` is a database that may be opened, or is not there; what was done, None when nothing was.

    `distrusted`: somebody found damage in it, whatever a look through it says. Unreachable when it cannot be looked at.
    """
    with database_errors(path):
        _finish(path)
        if not path.exists() or not (distrusted or _is_damaged(path)):
            return None
        return _rebuild(path, now)


def _is_damaged(path: Path) -> bool:
    try:
        with closing(_read_only(path)) as connection:
            check(connection, CHECKING)
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except UNREADABLE as error:
        if not is_damage(error):
            raise
        return True
    return False


def _read_only(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    connection.executescript("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;")
    return connection


def _rebuild(path: Path, now: datetime) -> Rebuilt:
    fresh, aside = _fresh(path), _free_name(path, now)
    with closing(connect(fresh)) as new:
        migrate(new, load_migrations())
        unread = _rescue(path, new)
        rebuilt = Rebuilt(
            at=now,
            aside=aside.name,
            sessions=_number(new, "SELECT count(*) FROM sessions"),
            receipts=_number(new, "SELECT count(*) FROM deliveries WHERE state = 'uploaded'"),
            unread=tuple(unread),
        )
        new.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (REBUILT_NOTE, encode_rebuilt(rebuilt)))
        new.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path.replace(aside)
    _move_logs(path, aside)
    fresh.replace(path)
    _sync_folder(path.parent)
    return rebuilt


def _finish(path: Path) -> None:
    """What another daemon began and did not come to the end of."""
    fresh = path.with_name(f"{path.name}.new")
    if not fresh.exists():
        return
    if path.exists():
        _fresh(path)
        return
    # The old one was moved away, so the new one is whole. A log that is still there is the old one's.
    olds = sorted(one for one in path.parent.glob(f"{path.name}.damaged-*") if not one.name.endswith(_LOGS))
    _move_logs(path, olds[-1] if olds else path.with_name(f"{path.name}.left"))
    fresh.replace(path)


def _fresh(path: Path) -> Path:
    """The name of the new one, with nothing there."""
    fresh = path.with_name(f"{path.name}.new")
    for end in ("", *_LOGS):
        fresh.with_name(fresh.name + end).unlink(missing_ok=True)
    return fresh


def _free_name(path: Path, now: datetime) -> Path:
    base = f"{path.name}.damaged-{now:%Y%m%dT%H%M%SZ}"
    names = chain([base], (f"{base}-{number}" for number in count(2)))
    return next(one for name in names if not (one := path.with_name(name)).exists())


def _move_logs(path: Path, aside: Path) -> None:
    for end in _LOGS:
        with suppress(FileNotFoundError):
            path.with_name(path.name + end).replace(aside.with_name(aside.name + end))


def _sync_folder(folder: Path) -> None:
    """The names are on the disk, too; where the system knows of no such thing, it does that by itself."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _number(connection: sqlite3.Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])


def _rescue(path: Path, new: sqlite3.Connection) -> list[str]:
    """Everything believable of the old one into the new one; the tables of which something could not be read."""
    unread: list[str] = []
    new.execute("BEGIN")
    try:
        with closing(_read_only(path)) as old, limited(old, READING):
            # A text that is none must not end the reading of all others.
            old.text_factory = bytes
            tables = _tables(new)
            # First told apart: what one has lost may make the rows of another unbelievable.
            unread += [table for table in tables if not _is_whole(old, table)]
            for table in tables:
                if not (all_or_none(table) and table in unread):
                    _copy(old, new, table, unread)
    except UNREADABLE:
        unread = unread or ["everything"]
    _carve(path, new)
    _mend(new)
    new.execute("COMMIT")
    return unread


def _tables(new: sqlite3.Connection) -> list[str]:
    """In the order in which they were made: what refers to another comes after it."""
    query = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid"
    return [row[0] for row in new.execute(query)]


def _is_whole(old: sqlite3.Connection, table: str) -> bool:
    try:
        return bool(old.execute(f"PRAGMA quick_check({table})").fetchone()[0] == b"ok")
    except UNREADABLE:
        return False


def _copy(old: sqlite3.Connection, new: sqlite3.Connection, table: str, unread: Sequence[str]) -> None:
    known = {row[1]: (row[2], row[3]) for row in new.execute(f"PRAGMA table_info({table})")}
    for found in _rows(old, table):
        plain = _plain({name: found[name] for name in known if name in found}, known)
        row = plain and believed(table, plain)
        if not row or too_bold(table, row, unread):
            continue
        _insert(new, table, row)
        if table == "deliveries" and plain and (copy := left_behind(plain, row)):
            _insert(new, "copies", copy)
        if table == "deliveries" and plain and (left := left_pieces(plain)):
            _insert(new, "remnants", left)


def _insert(new: sqlite3.Connection, table: str, row: Mapping[str, Any]) -> None:
    names = ", ".join(row)
    marks = ", ".join(f":{name}" for name in row)
    with suppress(sqlite3.DatabaseError):  # what it refers to is gone, or it breaks a rule of the table
        new.execute(f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})", dict(row))  # noqa: S608 -- our names


def _rows(old: sqlite3.Connection, table: str) -> Iterator[Mapping[str, Any]]:
    """From its beginning up to what cannot be read, and from its end back to it; some come twice."""
    keys = _key_of(old, table)
    for order in ("ASC", "DESC"):
        by = ", ".join(f"{key} {order}" for key in keys)
        try:
            cursor = old.execute(f"SELECT * FROM {table} ORDER BY {by} LIMIT {MOST_ROWS}")  # noqa: S608 -- our names
            names = [one[0] for one in cursor.description]
            for row in cursor:
                yield dict(zip(names, row, strict=True))
        except UNREADABLE:
            continue
        return


def _key_of(old: sqlite3.Connection, table: str) -> Sequence[str]:
    """What the table is stored by: only in this order it is read without anything else."""
    try:
        old.execute(f"SELECT rowid FROM {table} LIMIT 0")  # noqa: S608 -- our names
    except UNREADABLE:
        with suppress(*UNREADABLE):
            info = old.execute(f"PRAGMA table_info({table})").fetchall()
            return [row[1].decode() for row in sorted(info, key=lambda row: row[5]) if row[5]] or ["1"]
    return ["rowid"]


def _plain(row: Mapping[str, Any], known: Mapping[str, tuple[str, int]]) -> dict[str, Any] | None:
    """Texts as texts, and everything of the type that its column has; None where it is not."""
    plain: dict[str, Any] = {}
    for name, value in row.items():
        kind, required = known[name]
        if not isinstance(value, _TYPES[kind]) and (required or value is not None):
            return None
        try:
            plain[name] = value.decode("utf-8") if kind == "TEXT" and isinstance(value, bytes) else value
        except UnicodeDecodeError:
            return None
    return plain


def _carve(path: Path, new: sqlite3.Connection) -> None:
    """Some notes stand in the bytes of the file also where no table can be read."""
    for file in (path, path.with_name(f"{path.name}-wal")):
        if not file.exists() or not file.stat().st_size:
            continue
        with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as raw:
            for key, value in carved(raw).items():
                new.execute("INSERT OR IGNORE INTO notes VALUES (?, ?)", (key, value))


MEND = """
UPDATE sessions SET merged_into = NULL WHERE merged_into NOT IN (SELECT id FROM sessions);
UPDATE deliveries SET started_at = (SELECT sessions.started_at FROM sessions WHERE id = session);
UPDATE sessions SET plan = NULL WHERE plan NOT IN (SELECT plan FROM originals);
DELETE FROM cuts WHERE plan NOT IN (SELECT plan FROM originals);
"""


def _mend(new: sqlite3.Connection) -> None:
    """What refers to something that is gone stands by itself; whose player is not known is asked about."""
    for statement in MEND.strip().splitlines():
        new.execute(statement)
    new.execute(
        "INSERT OR IGNORE INTO players SELECT id, tracker, :unsure, :unsure FROM sessions"
        " WHERE id NOT IN (SELECT session FROM players)",
        {"unsure": UNSURE},
    )
