"""Many callers at once: one sync for all, each with its own success or failure, and nobody told before it is on the disk."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from logferry_daemon.adapters.database_sqlite import SETTINGS, Database
from logferry_daemon.adapters.spool_filing import Filing
from logferry_daemon.adapters.spool_sqlite import SqliteSpool, named_queries, open_spool
from logferry_daemon.core.recut import uncounted
from logferry_model.errors import Damaged, Unreachable
from tests.contracts.spooling import FACTS, HOME, NOW, admit, found, row, states
from tests.fakes import FixedChance

AT_ONCE = 16


@dataclass
class Watched:
    """What is asked of the database, and what it is to say."""

    begun: int = 0
    committed: int = 0
    refuse: str = ""
    """A statement that begins like this fails, as where the disk is full."""
    tell: Callable[[str], None] = lambda statement: None
    """Called with the beginning and the end of each transaction, before it is done."""

    def connect(self, path: Path) -> sqlite3.Connection:
        watched = self

        class Connection(sqlite3.Connection):
            def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:  # noqa: ANN401 -- as the one it stands for
                watched.hear(sql)
                return super().execute(sql, *values)

        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=Connection)
        connection.row_factory = sqlite3.Row
        connection.executescript(SETTINGS)
        return connection

    def hear(self, sql: str) -> None:
        if self.refuse and sql.startswith(self.refuse):
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorname = "SQLITE_FULL"
            raise error
        first = sql.partition(" ")[0]
        if first in {"BEGIN", "COMMIT"}:
            self.tell(first)
        self.begun += first == "BEGIN"
        self.committed += first == "COMMIT"


@dataclass
class Desk:
    """A spool, and the thread that it has: while it is held, callers can only wait."""

    spool: SqliteSpool
    watched: Watched

    @asynccontextmanager
    async def busy(self) -> AsyncIterator[None]:
        """Whoever calls meanwhile waits until the end of this."""
        loop, begun, held = asyncio.get_running_loop(), asyncio.Event(), Event()

        def hold() -> None:
            loop.call_soon_threadsafe(begun.set)
            held.wait()

        holding = asyncio.ensure_future(self.spool.database.look(hold))
        await begun.wait()
        try:
            yield
        finally:
            await _everybodys_turn()
            held.set()
            await holding

    async def together(self, *calls: Awaitable[object]) -> Sequence[object]:
        """What came of each of these, which all came while the thread was busy."""
        async with self.busy():
            waiting = [asyncio.ensure_future(call) for call in calls]
        return await asyncio.gather(*waiting, return_exceptions=True)


async def _everybodys_turn() -> None:
    """Who is ready calls at his first turn."""
    await asyncio.sleep(0)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    watched, chance = Watched(), FixedChance()
    with ThreadPoolExecutor(max_workers=1) as thread:
        database = Database(tmp_path / "spool.db", thread, named_queries(), connecting=watched.connect)
        spool = SqliteSpool(database, chance, FACTS, Filing(chance, uncounted))
        await database.run(spool.open)
        watched.begun = watched.committed = 0
        yield Desk(spool, watched)
        watched.refuse = ""
        await database.run(database.close)


def some(spool: SqliteSpool, number: int = AT_ONCE) -> list[Awaitable[None]]:
    """Sessions, each with a file of its own."""
    return [admit(spool, found(f"{one:02x}", age=one), at=row(f"{one}.log", offset=one + 1)) for one in range(number)]


async def test_callers_who_wait_share_a_sync(desk: Desk) -> None:
    assert await desk.together(*some(desk.spool)) == [None] * AT_ONCE
    assert (desk.watched.begun, desk.watched.committed) == (1, 1)
    assert len(await desk.spool.sessions()) == len(await desk.spool.files("game")) == AT_ONCE


async def test_nobody_is_told_before_it_is_on_the_disk(desk: Desk) -> None:
    told: list[int] = []
    before: list[tuple[str, list[int]]] = []
    desk.watched.tell = lambda statement: before.append((statement, list(told)))

    async def noted(number: int, call: Awaitable[None]) -> None:
        await call
        told.append(number)

    await desk.together(*(noted(number, call) for number, call in enumerate(some(desk.spool))))
    assert before == [("BEGIN", []), ("COMMIT", [])]
    assert told == list(range(AT_ONCE))


async def test_a_call_that_fails_takes_back_its_own_part_and_no_other(desk: Desk) -> None:
    # The second delivery to the same place breaks the rule that there is one a revision.
    wrong = desk.spool.admit(row("wrong.log", offset=50), [found("ff")], [HOME, HOME], NOW)
    first, failed, last = await desk.together(
        admit(desk.spool, found("aa"), at=row("a.log")), wrong, admit(desk.spool, found("bb"), at=row("b.log"))
    )
    assert (first, last) == (None, None)
    assert isinstance(failed, Damaged)
    assert desk.watched.committed == 1
    assert await states(desk.spool) == {("aa", 1, HOME): "pending", ("bb", 1, HOME): "pending"}
    assert sorted(one.path for one in await desk.spool.files("game")) == ["a.log", "b.log"]


@pytest.mark.parametrize("refuse", ["COMMIT", "BEGIN", "RELEASE"])
async def test_a_transaction_that_fails_is_told_to_all_and_nothing_of_it_is_there(desk: Desk, refuse: str) -> None:
    await admit(desk.spool, found("before", age=99), at=row("before.log"))
    desk.watched.refuse = refuse
    errors = await desk.together(*some(desk.spool))
    assert [type(one) for one in errors] == [Unreachable] * AT_ONCE
    assert len({id(one) for one in errors}) == AT_ONCE  # each has its own way up
    assert all("no room" in str(one) or "full" in str(one) for one in errors)
    assert isinstance(desk.spool.trouble, Unreachable)
    desk.watched.refuse = ""
    assert [summary.id for summary, _ in await desk.spool.sessions()] == ["before"]
    assert [one.path for one in await desk.spool.files("game")] == ["before.log"]
    assert await desk.together(*some(desk.spool)) == [None] * AT_ONCE
    assert desk.spool.trouble is None


async def test_a_full_disk_in_the_middle_is_told_to_those_before_and_those_after(desk: Desk) -> None:
    def fail() -> None:
        with desk.spool.database.writing():
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorname = "SQLITE_FULL"
            raise error

    before, *after = some(desk.spool)
    errors = await desk.together(before, desk.spool.database.run(fail), *after)
    assert [type(one) for one in errors] == [Unreachable] * (AT_ONCE + 1)
    assert desk.watched.committed == 0
    assert list(await desk.spool.sessions()) == []


async def test_where_somebody_else_has_it_all_wait_once_and_not_one_after_the_other(desk: Desk, tmp_path: Path) -> None:
    await desk.spool.database.run(lambda: desk.spool.database.opened().execute("PRAGMA busy_timeout = 10"))
    other = sqlite3.connect(tmp_path / "spool.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    errors = await desk.together(*some(desk.spool))
    assert [type(one) for one in errors] == [Unreachable] * AT_ONCE
    assert desk.watched.begun == 1
    other.execute("ROLLBACK")
    other.close()
    assert await desk.together(*some(desk.spool)) == [None] * AT_ONCE


async def test_a_caller_who_is_cancelled_tears_nothing(desk: Desk) -> None:
    async with desk.busy():
        calls = [asyncio.ensure_future(one) for one in some(desk.spool)]
        await _everybodys_turn()
        calls[5].cancel()
    came = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(came[5], asyncio.CancelledError)
    assert [one for number, one in enumerate(came) if number != 5] == [None] * (AT_ONCE - 1)
    # It was called for, so it is done as well.
    assert len(await desk.spool.sessions()) == AT_ONCE


async def test_calls_are_done_in_the_order_in_which_they_came(desk: Desk) -> None:
    await desk.together(*(desk.spool.set_note("a", str(number)) for number in range(AT_ONCE)))
    assert await desk.spool.note("a") == str(AT_ONCE - 1)
    assert desk.watched.committed == 1


async def test_who_only_looks_does_not_wait_for_the_sync_of_others(desk: Desk) -> None:
    happened: list[str] = []
    desk.watched.tell = happened.append
    await desk.together(
        desk.spool.set_note("a", "b"), desk.spool.database.look(lambda: happened.append("look")), desk.spool.probe()
    )
    assert happened == ["look", "BEGIN", "COMMIT"]


async def test_who_only_looks_cannot_write(desk: Desk) -> None:
    def write() -> None:
        with desk.spool.database.writing() as query:
            query("keep_note", key="a", value="b")

    with pytest.raises(RuntimeError):
        await desk.spool.database.look(write)
    assert await desk.spool.note("a") is None


async def test_what_was_called_for_before_the_end_is_done(desk: Desk, tmp_path: Path) -> None:
    database = desk.spool.database
    *done, _ = await desk.together(*some(desk.spool), database.run(database.close))
    assert done == [None] * AT_ONCE
    async with open_spool(tmp_path / "spool.db", FixedChance(), FACTS) as again:
        assert len(await again.sessions()) == AT_ONCE


async def test_a_call_after_the_thread_has_ended_is_refused_and_does_not_wait(tmp_path: Path) -> None:
    with ThreadPoolExecutor(max_workers=1) as thread:
        database = Database(tmp_path / "spool.db", thread, named_queries())
    for _ in range(2):
        with pytest.raises(RuntimeError):
            await database.read("note", key="a")
