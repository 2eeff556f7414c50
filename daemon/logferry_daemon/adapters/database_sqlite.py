"""One SQLite database: write-ahead log, `synchronous=FULL`, one connection on one thread. Knows no table.

What was written is on the disk when the call returns. After an I/O error the database is opened anew: nobody knows what
a failed sync left behind, so what is read next is read from the disk.
"""

from __future__ import annotations

import asyncio
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from logferry_model.errors import Damaged, LogferryError, Misconfigured, Unreachable

T = TypeVar("T")
Query = Callable[..., list[sqlite3.Row]]

SETTINGS = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
PRAGMA busy_timeout = 5000;
PRAGMA trusted_schema = OFF;
"""
"""FULL: WAL with NORMAL lost an acknowledged commit in each of 400 power-loss replays, FULL in none (trust.md 0)."""


class Database:
    """A file, a thread, and the named statements that are run on them."""

    def __init__(
        self,
        path: Path,
        thread: ThreadPoolExecutor,
        queries: Mapping[str, str],
        *,
        connecting: Callable[[Path], sqlite3.Connection] | None = None,
    ) -> None:
        self._path = path
        self._thread = thread
        self._queries = queries
        self._connecting = connecting or connect
        self._connection: sqlite3.Connection | None = None
        self._closed = True

    async def run(self, work: Callable[[], T]) -> T:
        """Do `work` on the database's thread; once begun it is finished, also when the caller is cancelled."""
        task = asyncio.get_running_loop().run_in_executor(self._thread, work)
        with _database_errors(self._path):
            return await asyncio.shield(task)

    def open(self, migrations: Sequence[str]) -> None:
        """Open and bring up to date. On the database's thread, as everything below."""
        self._closed = False
        migrate(self.opened(), migrations)

    def close(self) -> None:
        """Close; whoever asks afterwards is told so."""
        self._closed = True
        self._let_go()

    def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def opened(self) -> sqlite3.Connection:
        """The connection, opened anew when it was let go."""
        if self._closed:
            raise Unreachable("spool-closed", "The spool is closed.")
        if self._connection is None:
            self._connection = self._connecting(self._path)
        return self._connection

    @contextmanager
    def writing(self) -> Iterator[Query]:
        """One transaction: all or nothing."""
        connection = self.opened()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.query
            connection.execute("COMMIT")
        except sqlite3.OperationalError:
            self._let_go()
            raise
        except BaseException:
            connection.execute("ROLLBACK")
            raise

    def query(self, name: str, /, **values: Any) -> list[sqlite3.Row]:  # noqa: ANN401 -- whatever SQLite stores
        """All rows of a named statement."""
        return self.opened().execute(self._queries[name], values).fetchall()

    async def read(self, name: str, /, **values: Any) -> list[sqlite3.Row]:  # noqa: ANN401 -- whatever SQLite stores
        """One statement that reads."""
        return await self.run(lambda: self.query(name, **values))

    async def write(self, name: str, /, **values: Any) -> None:  # noqa: ANN401 -- whatever SQLite stores
        """One statement that writes, in a transaction of its own."""

        def work() -> None:
            with self.writing() as query:
                query(name, **values)

        await self.run(work)


def connect(path: Path) -> sqlite3.Connection:
    """A connection with the spool's settings; transactions are begun by hand."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.executescript(SETTINGS)
    return connection


def migrate(connection: sqlite3.Connection, scripts: Sequence[str]) -> None:
    """Run the scripts the database has not seen, each in a transaction; Misconfigured when it has seen more."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(scripts):
        raise Misconfigured(
            "spool-too-new",
            f"The spool was written by a newer Logferry (schema {version}, this one knows {len(scripts)}).",
            hint="Install the newer version again.",
        )
    for number, script in enumerate(scripts[version:], start=version + 1):
        connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")


@contextmanager
def _database_errors(path: Path) -> Iterator[None]:
    """SQLite's errors as ours: it stops here."""
    try:
        yield
    except LogferryError:
        raise
    except sqlite3.OperationalError as error:
        raise Unreachable(
            "spool-unavailable",
            f"The spool {path.name} cannot be written: {error}.",
            hint="Free some space or check its folder; Logferry goes on by itself.",
        ) from error
    except (sqlite3.DatabaseError, zlib.error, msgspec.DecodeError) as error:
        raise Damaged(
            "spool-damaged",
            f"The spool {path.name} is damaged: {error}.",
            hint=f"Move {path} away and start again: sessions are read again from their files.",
        ) from error
