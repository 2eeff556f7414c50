"""Makes and opens the database: an owner's file, pragmas, migrations, and foreign errors turned into ours.

Holds no query about sessions.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Literal

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError, SQLAlchemyError

from logferry_model.errors import Misconfigured, Unreachable

BUSY_TIMEOUT_MS = 1_500
"""Shorter than the 2 s in which a client is to learn that the database is locked."""

FileIdentity = tuple[int, int] | None
"""Device and inode; None for a database that is not one file."""

_PRAGMAS = (
    # First, so that the switch to WAL below waits too when another process is starting.
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
    "PRAGMA journal_mode = WAL",
    # FULL: with NORMAL a power cut may take back commits whose receipts are already out.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    # What is deleted is overwritten, not only forgotten.
    "PRAGMA secure_delete = ON",
)


@contextmanager
def database_errors() -> Iterator[None]:
    """Turn what the driver raises into Unreachable. A lost race (IntegrityError) is for the caller."""
    try:
        yield
    except IntegrityError:
        raise
    except (DBAPIError, SQLAlchemyError, OSError) as error:
        raise Unreachable("database-unavailable", "The collector's database cannot be used right now.") from error


def parse_url(text: str) -> URL:
    """The database URL, or Misconfigured."""
    try:
        url = make_url(text)
        url.get_dialect()
    except (ArgumentError, NoSuchModuleError, ValueError) as error:  # ValueError: a port that is no number
        raise Misconfigured(
            "database-url-invalid",
            "The database URL cannot be used.",
            hint="Write it like sqlite:///collector.sqlite3.",
        ) from error
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        raise Misconfigured(
            "database-url-invalid",
            "A collector needs a database that outlives it.",
            hint="Name a file: sqlite:///collector.sqlite3.",
        )
    return url


@contextmanager
def opening(url: URL) -> Iterator[None]:
    """Name the database and what to do about it, when it cannot be opened at the start."""
    try:
        with database_errors():
            yield
    except Unreachable as error:
        raise Unreachable(
            error.code,
            f"The collector cannot use the database {database_name(url)}: {_reason(error.__cause__)}.",
            hint="Name another one with --database or LOGFERRY_COLLECTOR_DATABASE_URL, as sqlite:///games.sqlite3, "
            "or let this one be read and written.",
        ) from error


def database_name(url: URL) -> str:
    """What people call it: the path of a file, or the URL without its password."""
    if url.get_backend_name() == "sqlite" and url.database:
        return str(Path(url.database).absolute())
    return url.render_as_string(hide_password=True)


def _reason(error: BaseException | None) -> str:
    if isinstance(error, OSError):
        return (error.strerror or type(error).__name__).lower()
    told = str(error.orig if isinstance(error, DBAPIError) else error).strip()
    return told.splitlines()[0].rstrip(".") if told else "no reason given"


def make_file(url: URL) -> None:
    """Make the file that a SQLite database is to live in, for its owner alone; one that is there stays as it is."""
    if url.get_backend_name() != "sqlite" or not url.database:
        return
    file = Path(url.database)
    with database_errors():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # SQLite would let the umask decide who may read it; the log and the index beside it take over its mode.
        with suppress(FileExistsError):
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


@contextmanager
def open_engine(url: URL, *, begin: Literal["IMMEDIATE", "DEFERRED"]) -> Iterator[Engine]:
    """An engine whose transactions begin as told; SQLite lets one IMMEDIATE transaction in at a time."""
    try:
        engine = create_engine(url)
    except ImportError as error:
        raise Misconfigured(
            "database-driver-missing",
            f"The driver {error.name} for {database_name(url)} is not installed.",
            hint="Install it, as with `pip install 'logferry[postgres]'`, or name a file: sqlite:///games.sqlite3.",
        ) from error
    except (TypeError, ValueError) as error:
        raise Misconfigured(
            "database-url-invalid",
            f"The options of the database URL cannot be used: {error}.",
            hint="Write it without them, like sqlite:///collector.sqlite3.",
        ) from error
    if url.get_backend_name() == "sqlite":
        _prepare_sqlite(engine, begin)
    try:
        yield engine
    finally:
        engine.dispose()


def _prepare_sqlite(engine: Engine, begin: str) -> None:
    @event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _record: object) -> None:
        # The driver must not begin transactions by itself: it never begins one before a SELECT.
        connection.isolation_level = None
        for pragma in _PRAGMAS:
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(f"BEGIN {begin}")


def empty_log(engine: Engine) -> None:
    """Move all of SQLite's write-ahead log into the database and cut it off; it still holds what was deleted."""
    if engine.dialect.name != "sqlite":
        return
    # Not in a transaction, and no error: while somebody reads it stays, and goes with the next one.
    with database_errors(), closing(engine.raw_connection()) as connection:
        connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")


def file_identity(url: URL) -> FileIdentity:
    """What tells the database file from a later one under the same name; None when there is no file to look at.

    SQLite goes on writing to a file that was deleted under it, and says all is well.
    """
    if url.get_backend_name() != "sqlite" or not url.database:
        return None
    with database_errors():
        found = Path(url.database).stat()
    return found.st_dev, found.st_ino


def migration_config() -> Config:
    """Alembic's configuration, without an ini file."""
    config = Config()
    config.set_main_option("script_location", "logferry_collector:migrations")
    return config


def migrate(engine: Engine) -> None:
    """Bring the schema up to date, in one transaction; Misconfigured when it is newer than this program."""
    config = migration_config()
    with database_errors(), engine.begin() as connection:
        _refuse_newer(connection, ScriptDirectory.from_config(config))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _refuse_newer(connection: Connection, scripts: ScriptDirectory) -> None:
    current = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in scripts.walk_revisions()}
    if current is not None and current not in known:
        raise Misconfigured(
            "database-newer",
            f"The database has schema {current}, which this version of the collector does not know.",
            hint="Install the version that wrote it, or a later one.",
        )
