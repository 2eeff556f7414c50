"""Opens the database: pragmas, migrations, and foreign errors turned into ours. Holds no query about sessions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
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
    except (ArgumentError, NoSuchModuleError) as error:
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
def open_engine(url: URL, *, begin: Literal["IMMEDIATE", "DEFERRED"]) -> Iterator[Engine]:
    """An engine whose transactions begin as told; SQLite lets one IMMEDIATE transaction in at a time."""
    engine = create_engine(url)
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
