"""A disk or a memory that fails at any place, once or twice in a row: everybody hears of it, and nothing is held for nobody."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logferry_daemon.adapters.database_sqlite import SETTINGS, Database
from logferry_daemon.adapters.spool_filing import Filing
from logferry_daemon.adapters.spool_sqlite import SqliteSpool, named_queries
from logferry_daemon.core.recut import uncounted
from logferry_daemon.ports import Claimed
from logferry_model.errors import Damaged, LogferryError, Unreachable
from tests.contracts.spooling import FACTS, HOME, NOW, RECEIPT, admit, claim, found, row, rows_of
from tests.fakes import FixedChance

T = TypeVar("T")

PLACES = ("connect", "BEGIN", "SAVEPOINT", "statement", "ROLLBACK", "RELEASE", "COMMIT")


def disk_error() -> Exception:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorname = "SQLITE_IOERR_WRITE"
    return error


KINDS: dict[str, Callable[[], Exception]] = {
    "disk": disk_error,
    "database": lambda: sqlite3.DatabaseError("it cannot be said what"),
    "memory": MemoryError,
}


@dataclass(frozen=True)
class Fault:
    """What goes wrong the next time that somebody comes to this place."""

    place: str
    kind: str
    done: bool
    """It is done, and only said to have failed."""


@dataclass
class Disk:
    """What goes wrong, in this order."""

    faults: list[Fault] = field(default_factory=list)

    def meet(self, place: str, do: Callable[[], T]) -> T:
        if not self.faults or self.faults[0].place != place:
            return do()
        fault = self.faults.pop(0)
        if fault.done:
            do()
        error = KINDS[fault.kind]()
        raise error

    def connect(self, path: Path) -> sqlite3.Connection:
        return self.meet("connect", lambda: self._connected(path))

    def _connected(self, path: Path) -> sqlite3.Connection:
        disk = self

        class Connection(sqlite3.Connection):
            def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:  # noqa: ANN401 -- as the one it stands for
                return disk.meet(place_of(sql), lambda: sqlite3.Connection.execute(self, sql, *values))

        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=Connection)
        connection.row_factory = sqlite3.Row
        connection.executescript(SETTINGS)
        return connection


def place_of(sql: str) -> str:
    first = sql.partition(" ")[0]
    return first if first in {*PLACES, "PRAGMA"} else "statement"


class Callers:
    """What was said to all who called."""

    def __init__(self, spool: SqliteSpool) -> None:
        self._spool = spool
        self._notes: dict[str, str] = {}
        self._sessions: set[str] = set()
        self._handed: list[str] = []
        self._ended: set[str] = set()

    async def note(self, key: str, text: str) -> None:
        await self._spool.set_note(key, text)
        self._notes[key] = text

    async def admit(self, session: str, number: int) -> None:
        await admit(self._spool, found(session, age=number), at=row(f"{session}.log"))
        self._sessions.add(session)

    async def claim(self, limit: int = 1) -> Sequence[Claimed]:
        claimed = await claim(self._spool, limit=limit)
        self._handed += [one.row.id for one in claimed]
        return claimed

    async def acked(self, delivery: str) -> None:
        await self._spool.acked(delivery, RECEIPT, "", NOW, timedelta())
        self._ended.add(delivery)

    async def wrong(self) -> None:
        """The second delivery to the same place breaks the rule that there is one a revision."""
        await self._spool.admit(row("wrong.log"), [found("ff", age=50)], [HOME, HOME], NOW)

    async def held_against_it(self) -> None:
        """The disk is well again: all that was said is so, and whatever is being sent is in somebody's hand."""
        await self.claim(limit=50)
        deliveries = await rows_of(self._spool)
        sending = {one.id for one in deliveries if one.state.value == "uploading"}
        ended = {one.id for one in deliveries if one.state.value == "uploaded"}
        assert {one.state.value for one in deliveries} <= {"uploading", "uploaded"}
        assert sending == set(self._handed) - ended
        assert len(self._handed) == len(set(self._handed))
        assert ended >= self._ended
        assert {one.session for one in deliveries} >= self._sessions
        assert {key: await self._spool.note(key) for key in self._notes} == self._notes
        assert self._spool.trouble is None


@contextmanager
def opened() -> Iterator[tuple[SqliteSpool, Disk]]:
    disk, chance = Disk(), FixedChance()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        thread = ThreadPoolExecutor(max_workers=1)
        # Not waited for: what would hang it is what is looked for here.
        stack.callback(thread.shutdown, wait=False)
        database = Database(folder / "spool.db", thread, named_queries(), connecting=disk.connect)
        yield SqliteSpool(database, chance, FACTS, Filing(chance, uncounted)), disk


async def together(spool: SqliteSpool, *calls: Awaitable[object]) -> Sequence[object]:
    """What was said to each of these, which all came while the thread was busy."""
    begun, held = Event(), Event()

    def hold() -> None:
        begun.set()
        held.wait()

    holding = asyncio.ensure_future(spool.database.look(hold))
    await asyncio.to_thread(begun.wait, 30)
    waiting = [asyncio.ensure_future(call) for call in calls]
    await asyncio.sleep(0)
    held.set()
    async with asyncio.timeout(30):
        await holding
        return await asyncio.gather(*waiting, return_exceptions=True)


async def survived(faults: Sequence[Fault]) -> None:
    """Two rounds of many callers while it goes wrong, and one more thereafter."""
    with opened() as (spool, disk):
        await spool.database.run(spool.open)
        callers = Callers(spool)
        for number, session in enumerate(("aa", "bb", "cc", "dd")):
            await callers.admit(session, number)
        (mine,) = await callers.claim()
        disk.faults = list(faults)
        first = await together(
            spool, callers.note("a", "1"), callers.claim(), callers.wrong(), callers.acked(mine.row.id), spool.note("a")
        )
        second = await together(spool, callers.claim(), callers.admit("ee", 9), callers.wrong(), callers.note("a", "2"))
        disk.faults = []
        await callers.note("b", "3")
        await callers.held_against_it()
        for one in (*first, *second):
            assert not isinstance(one, BaseException) or isinstance(one, LogferryError)
        await spool.database.run(spool.database.close)


@pytest.mark.parametrize("done", [False, True], ids=["undone", "done"])
@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", PLACES)
async def test_wherever_it_fails_everybody_is_answered_and_nothing_is_lost_or_held(
    place: str, kind: str, times: int, done: bool
) -> None:
    # It connects again only after something else went wrong: here, a claim that is on the disk all the same.
    lost = [Fault("COMMIT", "disk", done=True)] if place == "connect" else []
    await survived([*lost, *[Fault(place, kind, done)] * times])


FAULTS = st.lists(st.builds(Fault, st.sampled_from(PLACES), st.sampled_from(sorted(KINDS)), st.booleans()), max_size=6)


@given(FAULTS)
@settings(max_examples=60, deadline=None)
def test_whatever_goes_wrong_after_each_other_the_same_is_so(faults: list[Fault]) -> None:
    asyncio.run(survived(faults))


async def test_a_claim_that_was_written_comes_back_though_the_disk_fails_once_more() -> None:
    with opened() as (spool, disk):
        await spool.database.run(spool.open)
        await admit(spool, found("aa"))
        disk.faults = [Fault("COMMIT", "disk", done=True), Fault("connect", "disk", done=False)]
        for call in (claim(spool), spool.set_note("a", "1")):
            with pytest.raises(Unreachable):
                await call
        await spool.set_note("a", "1")
        assert [one.row.session for one in await claim(spool)] == ["aa"]


async def test_half_a_part_that_cannot_be_taken_back_is_not_written_with_the_others() -> None:
    with opened() as (spool, disk):
        await spool.database.run(spool.open)
        callers = Callers(spool)
        disk.faults = [Fault("ROLLBACK", "database", done=False)]
        said = await together(spool, callers.note("a", "1"), callers.wrong(), callers.note("b", "2"))
        assert [type(one) for one in said] == [Damaged] * 3
        assert list(await spool.sessions()) == []
        assert await spool.note("a") is None
        await callers.note("a", "1")


async def test_without_memory_for_the_end_all_are_told_so_and_it_goes_on() -> None:
    with opened() as (spool, disk):
        await spool.database.run(spool.open)
        disk.faults = [Fault("COMMIT", "memory", done=False)]
        said = await together(spool, spool.set_note("a", "1"), spool.set_note("b", "2"))
        assert ["too little memory" in str(one) for one in said] == [True, True]
        await spool.set_note("a", "3")
        assert await spool.note("a") == "3"


async def test_who_cannot_be_told_of_damage_keeps_nobody_from_an_answer() -> None:
    with opened() as (spool, _):
        await spool.database.run(spool.open)

        def nobody_is_there() -> None:
            raise RuntimeError("Event loop is closed")

        def meet() -> None:
            with spool.database.writing():
                error = sqlite3.DatabaseError("database disk image is malformed")
                error.sqlite_errorname = "SQLITE_CORRUPT"
                raise error

        spool.database.damaged = nobody_is_there
        said = await together(spool, spool.database.run(meet), spool.set_note("a", "1"))
        assert isinstance(said[0], Damaged)
        assert said[1] is None


async def test_what_fails_after_it_was_written_is_told_to_who_asked_and_to_nobody_else() -> None:
    with opened() as (spool, _):
        await spool.database.run(spool.open)

        def fail() -> None:
            raise MemoryError

        def write() -> None:
            with spool.database.writing() as query:
                query("keep_note", key="a", value="1")
            spool.database.afterwards(fail)

        said = await together(spool, spool.database.run(write), spool.set_note("b", "2"))
        assert isinstance(said[0], Unreachable)
        assert said[1] is None
        assert await spool.note("b") == "2"
