"""The durable store: one writer, a few readers, each on its own threads. Says "done" only after the commit.

Knows threads, transactions and what to do when the database is away; what is asked of the tables
is in `queries.py`. Blocking calls never run on the event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, Engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import IntegrityError

from logferry_collector import encounters, joining, queries
from logferry_collector.access import Account, ApiKey, StoredKey
from logferry_collector.database import (
    FileIdentity,
    database_errors,
    empty_log,
    file_identity,
    make_file,
    migrate,
    open_engine,
    opening,
    parse_url,
)
from logferry_collector.encounters import Encounter
from logferry_collector.ingest import Parcel
from logferry_collector.queries import Naming
from logferry_collector.stored import Shown, Taken
from logferry_model.envelope import Deletion, Joined, Receipt
from logferry_model.errors import Unreachable

READERS = 4
RACES = 3
"""How often a transaction is tried when another writer was first; the second try sees what that one stored."""

_T = TypeVar("_T")


class Side:
    """One way into the database: an engine and the threads that may use it."""

    def __init__(self, url: URL, engine: Engine, threads: ThreadPoolExecutor, file: FileIdentity) -> None:
        self._url = url
        self._engine = engine
        self._threads = threads
        self._file = file

    async def run(self, ask: Callable[[Connection], _T]) -> _T:
        """The result of `ask` in a transaction of its own, committed; Unreachable when that cannot be had."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._transact, ask)

    async def empty_log(self) -> None:
        """What was deleted is in no file any more, as soon as no reader holds on to it; the log has it for so long."""
        await asyncio.get_running_loop().run_in_executor(self._threads, empty_log, self._engine)

    def _transact(self, ask: Callable[[Connection], _T]) -> _T:
        for _ in range(RACES):
            if file_identity(self._url) != self._file:
                raise Unreachable("database-unavailable", "The database file was replaced while it was open.")
            try:
                with database_errors(), self._engine.begin() as connection:
                    return ask(connection)
            except IntegrityError:
                continue
        raise Unreachable("database-unavailable", "Other writers kept getting in first.")


class Store:
    """What the collector keeps."""

    def __init__(self, writer: Side, readers: Side) -> None:
        self._writer = writer
        self._readers = readers

    async def take(self, account: Account, parcel: Parcel, naming: Naming) -> Taken:
        """Store a parcel once and for all; its data, its key and its receipt are one transaction."""
        return await self._writer.run(lambda connection: queries.take(connection, account, parcel, naming))

    async def key(self, public_id: str) -> StoredKey | None:
        """The key with this public id."""
        return await self._readers.run(lambda connection: queries.stored_key(connection, public_id))

    async def welcome(self, key: ApiKey, now: datetime) -> tuple[StoredKey, bool]:
        """The key that its holder made and its account, made where they are not there yet, and whether they were."""
        return await self._writer.run(lambda connection: joining.welcome(connection, key, now))

    async def join(self, account: Account, key: ApiKey, now: datetime) -> Joined:
        """What was sent with this key is this account's from now on; Refused when it is another one's already."""
        return await self._writer.run(lambda connection: joining.join(connection, account, key, now))

    async def receipt(self, account: Account, key: str) -> Receipt | None:
        """The receipt this account got under this idempotency key."""
        return await self._readers.run(lambda connection: queries.receipt(connection, account, key))

    async def shown(self, report_id: str) -> Shown | None:
        """The revision of a report that is to be shown."""
        return await self._readers.run(lambda connection: queries.shown(connection, report_id))

    async def encounter(self, account: Account, report_id: str) -> Encounter:
        """What this account's report is about; Refused when it has none of this name, or deleted it."""
        return await self._readers.run(lambda connection: encounters.encounter(connection, account, report_id))

    async def delete(self, account: Account, report_id: str, now: datetime) -> Deletion:
        """Delete a report of this account and everything that came in for it; Refused as above."""
        done = await self._writer.run(lambda connection: encounters.delete(connection, account, report_id, now))
        await self._writer.empty_log()
        return done

    async def check(self) -> None:
        """Return if the database answers, or raise Unreachable."""
        await self._readers.run(lambda connection: connection.execute(text("SELECT 1")))


@asynccontextmanager
async def open_store(database_url: str) -> AsyncIterator[Store]:
    """The store at `database_url`, brought up to date; closed when the block ends, after the last write."""
    url = parse_url(database_url)
    async with AsyncExitStack() as stack:
        # Entered first, left last: the engines go only after every thread has come to its end.
        writing = stack.enter_context(open_engine(url, begin="IMMEDIATE"))
        reading = stack.enter_context(open_engine(url, begin="DEFERRED"))
        writer_thread = stack.enter_context(ThreadPoolExecutor(1, "collector-writer"))
        reader_threads = stack.enter_context(ThreadPoolExecutor(READERS, "collector-reader"))
        await asyncio.get_running_loop().run_in_executor(writer_thread, _prepare, url, writing)
        file = file_identity(url)
        yield Store(Side(url, writing, writer_thread, file), Side(url, reading, reader_threads, file))


def _prepare(url: URL, engine: Engine) -> None:
    with opening(url):
        make_file(url)
        migrate(engine)
