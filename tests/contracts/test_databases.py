"""Other programs' databases: the real ones in a child process, and the ones in memory."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import pytest

from logferry_daemon.adapters.database_source import ChildDatabases
from logferry_daemon.adapters.own_programs import own_program
from logferry_daemon.core.rows import Answer, Cell, Question, Table
from logferry_daemon.isolation.asking import MAX_LOOKED_UP
from logferry_daemon.ports import Databases
from logferry_model.errors import Damaged, Unreachable
from tests.conftest import only_on
from tests.fake_databases import MemoryDatabases

NAME = "meter.db"
SCHEMA = {
    "fights": ("id", "began", "place"),
    "blows": ("fight", "who", "note"),
    "people": ("person", "name"),
}
FIGHTS = Table(name="fights", key="id", columns=("began", "place", "weather"), needed=True)
BLOWS = Table(name="blows", key="fight", columns=("who", "note"), bulky=("note",))
SONGS = Table(name="songs", key="fight", columns=("title",))
PEOPLE = Table(name="people", key="person", columns=("name",), among=("blows.who",))


def question(since: int = 0, limit: int = 50) -> Question:
    return Question(sessions=FIGHTS, parts=(BLOWS, SONGS, PEOPLE), since=since, limit=limit)


class Hand(Protocol):
    """A program with a database."""

    databases: Databases
    root: Path

    def make(self, path: str = NAME, tables: tuple[str, ...] = ("fights", "blows", "people")) -> None: ...
    def add(self, table: str, *values: Cell, path: str = NAME) -> None: ...


class DiskHand:
    """A real one, with a writer that keeps it open."""

    def __init__(self, root: Path) -> None:
        self.databases: Databases = ChildDatabases()
        self.root = root
        self.writers: dict[str, sqlite3.Connection] = {}

    def make(self, path: str = NAME, tables: tuple[str, ...] = ("fights", "blows", "people")) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        writer = self.writers[path] = sqlite3.connect(self.root / path, isolation_level=None)
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("PRAGMA wal_autocheckpoint = 0")
        for table in tables:
            first, *others = SCHEMA[table]
            kind = "INTEGER PRIMARY KEY" if table != "blows" else ""
            writer.execute(f"CREATE TABLE {table} ({first} {kind}, {', '.join(others)})")

    def add(self, table: str, *values: Cell, path: str = NAME) -> None:
        self.writers[path].execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", values)  # noqa: S608 -- names are ours

    def close(self) -> None:
        for writer in self.writers.values():
            writer.close()
        self.writers.clear()


class MemoryHand:
    """One in memory."""

    def __init__(self) -> None:
        self.memory = MemoryDatabases()
        self.databases: Databases = self.memory
        self.root = Path("meter")

    def make(self, path: str = NAME, tables: tuple[str, ...] = ("fights", "blows", "people")) -> None:
        self.memory.tables[path] = {table: [] for table in tables}

    def add(self, table: str, *values: Cell, path: str = NAME) -> None:
        self.memory.tables[path][table].append(dict(zip(SCHEMA[table], values, strict=True)))


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[DiskHand]:
    hand = DiskHand(tmp_path / "meter")
    hand.root.mkdir()
    yield hand
    hand.close()


@pytest.fixture(params=["disk", "memory"])
def hand(request: pytest.FixtureRequest) -> Hand:
    return request.getfixturevalue("disk") if request.param == "disk" else MemoryHand()


async def asked(hand: Hand, wanted: Question | None = None, path: str = NAME) -> Answer:
    return await hand.databases.ask(hand.root, path, wanted or question())


async def refused(hand: Hand, wanted: Question | None = None, path: str = NAME) -> str:
    with pytest.raises((Damaged, Unreachable)) as caught:
        await asked(hand, wanted, path)
    assert str(hand.root) not in str(caught.value)
    return caught.value.code


def fill(hand: Hand, fights: int) -> None:
    hand.make()
    for number in range(1, fights + 1):
        hand.add("fights", number, number * 1000, "the bridge")
        hand.add("blows", number, 10 + number % 2, "hard")
    hand.add("people", 10, "somebody")
    hand.add("people", 99, "a stranger")


async def test_a_session_comes_with_what_belongs_to_it(hand: Hand) -> None:
    fill(hand, 2)
    found = await asked(hand)
    assert found.rows["fights"] == [
        {"id": 1, "began": 1000, "place": "the bridge"},
        {"id": 2, "began": 2000, "place": "the bridge"},
    ]
    assert found.of("blows", "fight", 2) == [{"fight": 2, "who": 10, "note": "hard"}]
    assert (found.more, found.highest, found.reached, found.cut) == (False, 2, 2, ())


async def test_a_program_that_is_all_of_logferry_has_the_reader_in_it(disk: DiskHand) -> None:
    fill(disk, 2)
    frozen = own_program("logferry_daemon.isolation.sqlite_child", frozen=True)
    whole = ChildDatabases((sys.executable, "-m", "logferry", *frozen[1:]))
    assert await whole.ask(disk.root, NAME, question()) == await disk.databases.ask(disk.root, NAME, question())


async def test_columns_and_tables_that_are_not_there_are_left_out(hand: Hand) -> None:
    hand.make(tables=("fights",))
    hand.add("fights", 1, 1000, None)
    assert (await asked(hand)).rows == {"fights": [{"id": 1, "began": 1000, "place": None}]}


async def test_only_those_are_looked_up_that_the_rows_name(hand: Hand) -> None:
    fill(hand, 2)
    assert (await asked(hand)).rows["people"] == [{"person": 10, "name": "somebody"}]


async def test_without_the_needed_table_it_is_another_programs(hand: Hand) -> None:
    hand.make(tables=("blows",))
    assert await refused(hand) == "database-foreign"


async def test_a_database_that_is_not_there_is_out_of_reach(hand: Hand) -> None:
    hand.make()
    assert await refused(hand, path="other.db") == "file-unreadable"


async def test_an_empty_database_has_no_sessions(hand: Hand) -> None:
    hand.make()
    found = await asked(hand)
    assert (found.rows.get("fights", []), found.more, found.highest, found.reached) == ([], False, 0, 0)


async def test_a_batch_begins_where_it_is_told_and_ends_at_its_limit(hand: Hand) -> None:
    fill(hand, 9)
    found = await asked(hand, question(since=4, limit=3))
    assert [row["id"] for row in found.rows["fights"]] == [4, 5, 6]
    assert [row["fight"] for row in found.rows["blows"]] == [4, 5, 6]
    assert (found.more, found.highest, found.reached) == (True, 9, 6)


@pytest.mark.parametrize("limit", [1, 2, 3, 9])
async def test_asking_again_from_the_last_one_on_finds_them_all(hand: Hand, limit: int) -> None:
    fill(hand, 9)
    seen: list[Cell] = []
    since, more = 0, True
    while more:
        found = await asked(hand, question(since=since, limit=limit))
        seen += [row["id"] for row in found.rows["fights"] if row["id"] not in seen]
        since, more = found.reached, found.more
    assert seen == list(range(1, 10))


async def test_a_database_in_a_folder_below_is_found(hand: Hand) -> None:
    hand.make("deep/er/meter.db")
    hand.add("fights", 7, 1, None, path="deep/er/meter.db")
    assert (await asked(hand, path="deep/er/meter.db")).highest == 7


# the real one alone


async def test_rows_that_are_only_in_the_log_of_a_live_writer_are_read(disk: DiskHand) -> None:
    fill(disk, 50)
    with closing(sqlite3.connect(f"file:{disk.root / NAME}?immutable=1", uri=True)) as blind:
        assert blind.execute("SELECT name FROM sqlite_master").fetchall() == []
    assert len((await asked(disk)).rows["fights"]) == 50


async def test_what_a_writer_has_not_committed_is_not_read(disk: DiskHand) -> None:
    fill(disk, 2)
    disk.writers[NAME].execute("BEGIN IMMEDIATE")
    disk.add("fights", 3, 1, None)
    assert (await asked(disk)).highest == 2
    disk.writers[NAME].execute("COMMIT")
    assert (await asked(disk)).highest == 3


def orphan(disk: DiskHand) -> None:
    """The writer is killed: its log stays, its shared memory file is gone."""
    copies = {ending: (disk.root / f"{NAME}{ending}").read_bytes() for ending in ("", "-wal")}
    disk.close()
    for ending, data in copies.items():
        (disk.root / f"{NAME}{ending}").write_bytes(data)


async def test_the_log_of_a_killed_writer_is_read(disk: DiskHand) -> None:
    fill(disk, 50)
    orphan(disk)
    assert len((await asked(disk)).rows["fights"]) == 50


def listing(folder: Path) -> dict[str, tuple[str, int]]:
    return {
        path.name: (sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in folder.iterdir()
        if not path.name.endswith("-shm")
    }


@pytest.mark.parametrize("state", ["live", "orphaned", "closed", "with another journal"])
async def test_reading_changes_nothing_but_the_shared_memory_file(disk: DiskHand, state: str) -> None:
    fill(disk, 20)
    if state == "orphaned":
        orphan(disk)
    elif state != "live":
        if state == "with another journal":
            disk.writers[NAME].execute("PRAGMA journal_mode = DELETE")
        disk.close()
    before = listing(disk.root)
    assert (await asked(disk)).highest == 20
    assert listing(disk.root) == before
    assert state in {"live", "orphaned"} or [path.name for path in disk.root.iterdir()] == [NAME]


AS_NOBODY = """
import os, sys, msgspec
from logferry_daemon.isolation.messages import Ask
from logferry_daemon.isolation.sqlite_child import replied

ask = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Ask)
if os.geteuid() == 0:
    if ask.room:
        os.chown(ask.room, 65534, -1)
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
sys.stdout.buffer.write(msgspec.msgpack.encode(replied(ask)))
"""
"""The child, but without the right to write everywhere."""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that another user can enter; pytest's own cannot be."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


@only_on("linux", "darwin")
@pytest.mark.parametrize("state", ["orphaned", "closed"])
async def test_in_a_folder_that_is_read_only_it_is_read_all_the_same(
    disk: DiskHand, open_folder: Path, state: str
) -> None:
    fill(disk, 50)
    if state == "orphaned":
        orphan(disk)
    else:
        disk.close()
    rooms, meter = open_folder / "rooms", open_folder / "meter"
    rooms.mkdir(mode=0o755)
    shutil.copytree(disk.root, meter)
    meter.chmod(0o555)
    before = listing(meter)
    found = await ChildDatabases((sys.executable, "-I", "-c", AS_NOBODY), rooms=rooms).ask(meter, NAME, question())
    assert len(found.rows["fights"]) == 50
    assert listing(meter) == before
    assert list(rooms.iterdir()) == []


@only_on("linux", "darwin")
async def test_without_permission_it_is_a_reason(disk: DiskHand, open_folder: Path) -> None:
    fill(disk, 1)
    disk.close()
    shutil.copy(disk.root / NAME, open_folder)
    (open_folder / NAME).chmod(0o000)
    with pytest.raises(Damaged) as caught:
        await ChildDatabases((sys.executable, "-I", "-c", AS_NOBODY)).ask(open_folder, NAME, question())
    assert caught.value.code == "no-permission"


async def test_many_at_a_time_do_not_disturb_each_other(disk: DiskHand) -> None:
    fill(disk, 3)
    found = await asyncio.gather(*(asked(disk) for _ in range(6)))
    assert [answer.highest for answer in found] == [3] * 6


async def test_a_value_that_is_too_big_is_left_out_and_the_rest_is_read(disk: DiskHand) -> None:
    fill(disk, 3)
    disk.add("blows", 2, 10, "x" * (17 * 2**20))
    found = await asked(disk)
    assert found.cut == (2,)
    assert [row["who"] for row in found.of("blows", "fight", 2)] == [10, 10]
    assert found.of("blows", "fight", 3) == [{"fight": 3, "who": 11, "note": "hard"}]


async def test_too_much_for_one_answer_comes_in_several(disk: DiskHand) -> None:
    fill(disk, 6)
    for number in range(1, 7):
        disk.add("blows", number, 10, "x" * (9 * 2**20))
    since, more, batches = 0, True, 0
    while more:
        found = await asked(disk, question(since=since))
        assert len(found.rows["fights"]) < 6
        assert found.cut == ()
        since, more, batches = found.reached, found.more, batches + 1
    assert (since, batches) == (6, 5)


async def test_the_largest_answer_there_can_be_is_read(disk: DiskHand) -> None:
    fill(disk, 3)
    writer = disk.writers[NAME]
    writer.execute("BEGIN")
    for number in (1, 2, 3):
        writer.executemany("INSERT INTO blows VALUES (?, ?, ?)", ((number, 10, "y" * 500) for _ in range(40_000)))
    writer.execute("COMMIT")
    found = await asked(disk)
    assert found.cut
    assert found.more
    assert found.reached >= 2


async def test_many_rows_of_every_table_are_cut_and_not_refused(disk: DiskHand) -> None:
    fill(disk, 3)
    writer = disk.writers[NAME]
    writer.execute("CREATE TABLE songs (fight, title)")
    writer.execute("CREATE INDEX song ON songs(fight)")
    writer.execute("BEGIN")
    for number in (1, 2, 3):
        writer.executemany("INSERT INTO blows VALUES (?, 10, ?)", ((number, "y" * 300) for _ in range(29_000)))
        writer.executemany("INSERT INTO songs VALUES (?, ?)", ((number, "z" * 1500) for _ in range(29_000)))
    writer.execute("COMMIT")
    found = await asked(disk)
    assert (found.cut, found.more, found.reached) == ((1, 2), True, 2)
    assert found.rows["songs"]


async def looked_up(disk: DiskHand, fights: int, people: int) -> tuple[list[int], list[int]]:
    """The sessions that come at last when each names so many people of its own, and those that are cut."""
    fill(disk, fights)
    writer = disk.writers[NAME]
    writer.execute("BEGIN")
    writer.execute("DELETE FROM blows")
    writer.execute("DELETE FROM people")
    for number in range(1, fights + 1):
        who = range(number * people, (number + 1) * people)
        writer.executemany("INSERT INTO blows VALUES (?, ?, '')", ((number, one) for one in who))
        writer.executemany("INSERT INTO people VALUES (?, 'Mila')", ((one,) for one in who))
    writer.execute("CREATE INDEX blow ON blows(fight)")
    writer.execute("COMMIT")
    since, more = 0, True
    came: set[int] = set()
    cut: set[int] = set()
    while more:
        found = await asked(disk, question(since=since))
        came |= {int(str(row["id"])) for row in found.rows["fights"]}
        cut |= set(found.cut)
        named = {row["who"] for row in found.rows["blows"] if row["fight"] not in found.cut}
        assert named <= {row["person"] for row in found.rows["people"]}
        since, more = found.reached, found.more
    return sorted(came), sorted(cut)


async def test_many_sessions_with_many_people_come_in_several_answers(disk: DiskHand) -> None:
    assert await looked_up(disk, 50, 250) == (list(range(1, 51)), [])


async def test_a_session_with_too_many_people_is_cut_and_the_others_are_whole(disk: DiskHand) -> None:
    came, cut = await looked_up(disk, 3, MAX_LOOKED_UP // 2 + 1)
    assert came == [1, 2, 3]
    assert 1 not in cut
    assert cut


@pytest.mark.parametrize("data", [b"", b"SQLite format 3\0", b"not a database at all" * 400])
async def test_what_is_no_database_is_refused(disk: DiskHand, data: bytes) -> None:
    (disk.root / NAME).write_bytes(data)
    assert await refused(disk) in {"database-damaged", "database-foreign"}


@only_on("linux", "darwin")
@pytest.mark.parametrize("ending", ["", "-wal"])
async def test_a_link_is_not_followed(disk: DiskHand, tmp_path: Path, ending: str) -> None:
    fill(disk, 1)
    orphan(disk)
    (disk.root / f"{NAME}{ending}").replace(tmp_path / "elsewhere")
    (disk.root / f"{NAME}{ending}").symlink_to(tmp_path / "elsewhere")
    assert await refused(disk) == "symlink"


@only_on("linux", "darwin")
async def test_a_link_in_the_way_is_not_followed(disk: DiskHand, tmp_path: Path) -> None:
    disk.make("deep/meter.db")
    (disk.root / "deep").replace(tmp_path / "elsewhere")
    (disk.root / "deep").symlink_to(tmp_path / "elsewhere")
    assert await refused(disk, path="deep/meter.db") == "symlink"


@pytest.mark.parametrize("path", ["../outside.db", "deep/../../outside.db", "", "/", "deep//meter.db", "./meter.db"])
async def test_a_path_that_leads_out_of_the_folder_is_not_followed(disk: DiskHand, path: str) -> None:
    fill(disk, 1)
    (disk.root / "deep").mkdir()
    disk.make("../outside.db")
    assert await refused(disk, path=path) == "not-a-file"


@only_on("linux", "darwin")
@pytest.mark.parametrize("ending", ["", "-wal", "-shm", "-journal"])
async def test_a_pipe_is_not_waited_for(disk: DiskHand, ending: str) -> None:
    if ending:
        fill(disk, 1)
        orphan(disk)
        (disk.root / f"{NAME}{ending}").unlink(missing_ok=True)
    if sys.platform != "win32":
        os.mkfifo(disk.root / f"{NAME}{ending}")
    assert await refused(disk) == "not-a-file"


async def test_a_locked_database_is_read_later(disk: DiskHand) -> None:
    disk.make()
    disk.writers[NAME].execute("PRAGMA journal_mode = DELETE")
    disk.writers[NAME].execute("BEGIN EXCLUSIVE")
    assert await refused(disk) == "database-busy"
