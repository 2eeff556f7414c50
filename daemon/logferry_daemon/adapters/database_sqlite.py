"""One SQLite database: write-ahead log, `synchronous=FULL`, one connection on one thread. Knows no table.

What was written is on the disk when the call returns; what waits for the thread shares one transaction and one sync
(database_group.py). After an I/O error the database is opened anew and looked through: nobody knows what a failed sync
left behind, so what is read next is read from the disk, and must be sound.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from logferry_daemon.adapters.database_calls import Call, Calls
from logferry_daemon.adapters.database_checking import check
from logferry_daemon.adapters.database_errors import UNUSABLE, database_errors, is_damage, name_of, trouble
from logferry_daemon.adapters.database_group import Group
from logferry_daemon.core.queue_trouble import Cause, cause_of
from logferry_model.errors import LogferryError, Misconfigured, Unreachable

log = logging.getLogger(__name__)

T = TypeVar("T")
Query = Callable[..., list[sqlite3.Row]]

SETTINGS = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
PRAGMA busy_timeout = 5000;
PRAGMA trusted_schema = OFF;
PRAGMA temp_store = MEMORY;
"""
"""MEMORY: what a savepoint keeps, to take back what comes after it, does not go to the folder for temporary files.
FULL: WAL with NORMAL lost an acknowledged commit in each of 400 power-loss replays, FULL in none (trust.md 0)."""

CHECKING = timedelta(seconds=2)
"""How long a database is looked through: larger ones are looked at as far as that goes."""


def _nothing() -> None:
    """Nobody wants to know."""


class _BeingRewritten(Exception):
    """Nobody can write just now."""


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
        self._queries = queries
        self._connecting = connecting or connect
        self._connection: sqlite3.Connection | None = None
        self._closed = True
        self._suspected = False
        """Whether what is on the disk has to be looked through before it is believed."""
        self.trouble: LogferryError | None = None
        """Why it could not be used the last time; None once something was written since."""
        self.damaged: Callable[[], None] = _nothing
        """Called, on the database's thread, when the file turns out not to be what was written."""
        self._unsettled = False
        self.unsettled: Callable[[], None] = _nothing
        """Called before the first write after one that failed: that one may have been written all the same."""

        self._calls = Calls(thread, self._together)
        self._group = Group(self)
        self._looking = False
        self._turn = asyncio.Lock()
        self._rewriting: asyncio.Future[None] | None = None

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    async def run(self, work: Callable[[], T]) -> T:
        """Do `work` on the database's thread, in one transaction with what else waits for it.

        Once called for it is finished, also when the caller is cancelled.
        """
        while True:
            try:
                return await self._calls.call(partial(self._guarded, work))
            except _BeingRewritten:
                # Not on the thread: whoever reads has it meanwhile.
                if self._rewriting is not None:
                    await asyncio.wait({self._rewriting})

    async def look(self, work: Callable[[], T]) -> T:
        """The same of what only reads: it sees what is on the disk, and waits for no transaction that has not begun."""
        return await self._calls.call(partial(self._guarded, partial(self._look, work)), looks=True)

    def _look(self, work: Callable[[], T]) -> T:
        self._looking = True
        try:
            return work()
        finally:
            self._looking = False

    def _together(self, calls: Sequence[Call]) -> None:
        self._group.renew()
        try:
            for call in calls:
                self._group.make(call)
            self._group.end()
        except BaseException as error:
            self._group.fail(error)  # what is half done must not be written with what comes next
            raise

    async def rewrite(self) -> None:
        """Write the file anew, without what was freed in it, and empty its log. Reads go on, and writes wait for it.

        A thread and a connection of its own: in half a gigabyte it takes seconds.
        """
        async with self._turn:
            self._rewriting = asyncio.get_running_loop().run_in_executor(None, self._rewrite)
            with database_errors(self._path):
                await asyncio.shield(self._rewriting)

    def _rewrite(self) -> None:
        with closing(self._connecting(self._path)) as connection:
            connection.execute("PRAGMA temp_store = DEFAULT")  # it makes a copy of everything
            # Not secure_delete: it overwrites what is freed, at every letter that is emptied, but not the copies that
            # rows leave behind when SQLite moves them from page to page. Deletions are rare and made by hand.
            connection.execute("VACUUM")
            busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise sqlite3.OperationalError("something else has it open")

    def _guarded(self, work: Callable[[], T]) -> T:
        with database_errors(self._path):
            try:
                return work()
            except UNUSABLE as error:
                self._notice(error)
                raise

    def _notice(self, error: BaseException) -> LogferryError:
        self.trouble = told = trouble(error, self._path)
        if is_damage(error):
            try:
                self.damaged()
            except Exception:  # whoever asked must hear of it all the same
                log.exception("nobody could be told of the damage", extra={"action": "queue"})
        return told

    # What becomes of a transaction

    def written(self) -> None:
        """It can be used."""
        self.trouble = None

    def lost(self, error: BaseException) -> LogferryError:
        """Opened anew at the next use, and looked through first where it was the disk; returns what it is to us."""
        self._suspected |= cause_of(name_of(error)) is Cause.DISK
        self._unsettled = True
        self._let_go()
        told = self._notice(error)
        told.__cause__ = error
        return told

    def afterwards(self, do: Callable[[], None]) -> None:
        """Do this once what was written is on the disk, and never when that fails. On the thread, within a call."""
        self._group.afterwards(do)

    def open(self, migrations: Sequence[str]) -> None:
        """Open and bring up to date. On the database's thread, as everything below."""
        self._group.end()
        self._closed = False
        migrate(self.opened(), migrations)

    def close(self) -> None:
        """Close; whoever asks afterwards is told so."""
        self._group.end()
        self._closed = True
        self._let_go()

    def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error, MemoryError):  # nobody uses it any more
                connection.close()

    def opened(self) -> sqlite3.Connection:
        """The connection, opened anew when it was let go."""
        if self._closed:
            raise Unreachable("spool-closed", "The spool is closed.")
        if self._connection is None:
            self._connection = self._connecting(self._path)
            if self._suspected:
                self._look_through(self._connection)
        return self._connection

    def _look_through(self, connection: sqlite3.Connection) -> None:
        try:
            check(connection, CHECKING)
        except BaseException:
            self._let_go()
            raise
        self._suspected = False

    @contextmanager
    def writing(self) -> Iterator[Query]:
        """All or nothing; the only one of a piece of work, which may be put off as a whole.

        It is on the disk when `run` returns, and not yet when this ends.
        """
        if self._looking:
            raise RuntimeError("what only looks was about to write")
        if self._rewriting is not None and not self._rewriting.done():
            raise _BeingRewritten
        if self._unsettled:
            self._settle()
        with self._group.part(self.opened()):
            yield self.query

    def _settle(self) -> None:
        self._unsettled = False  # before: it writes as well
        try:
            self.unsettled()
        except BaseException:
            self._unsettled = True
            raise

    def query(self, name: str, /, **values: Any) -> list[sqlite3.Row]:  # noqa: ANN401 -- whatever SQLite stores
        """All rows of a named statement."""
        return self.opened().execute(self._queries[name], values).fetchall()

    async def read(self, name: str, /, **values: Any) -> list[sqlite3.Row]:  # noqa: ANN401 -- whatever SQLite stores
        """One statement that reads."""
        return await self.look(lambda: self.query(name, **values))

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
