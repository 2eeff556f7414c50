"""Databases that somebody made to do harm, read by the real child."""

from __future__ import annotations

import os
import sqlite3
import struct
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random

import pytest

from logferry_daemon.isolation.confined import landlock
from logferry_daemon.isolation.limits import CPU_SECONDS, MAX_COPY, MAX_SHARED_MEMORY
from logferry_daemon.trackers.resonance import Resonance
from tests.conftest import only_on
from tests.daemon.isolation.running import NAME, QUESTION, Ran, after_asking, ran
from tests.factories_resonance import Book

pytestmark = only_on("linux", "darwin")  # what a process used up is told nowhere else

needs_landlock = pytest.mark.skipif(landlock() == 0, reason="platform: no Landlock")
NUMBERS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT"
"""Without an end."""
ENDLESS = "CREATE VIEW {} AS " + NUMBERS + " x AS {}, x AS began FROM n"
BLOWS = "CREATE TABLE blows (fight, value, note);"
FIGHTS = "CREATE TABLE fights (id INTEGER PRIMARY KEY, began, total);INSERT INTO fights VALUES (1, 2, 3);"
FORGED = """
PRAGMA writable_schema = ON;
UPDATE sqlite_master SET type = 'table', rootpage = 2 WHERE name = '{}';
"""


def harmless(found: Ran) -> Ran:
    assert found.cpu <= CPU_SECONDS
    return found


def asked(folder: Path, *statements: str) -> Ran:
    with closing(sqlite3.connect(folder / NAME)) as connection:
        connection.executescript(";".join(statements))
    return harmless(ran(folder))


@pytest.mark.parametrize(
    "view",
    [
        ENDLESS.format("fights", "id"),
        "CREATE VIEW fights AS SELECT 1 AS id, randomblob(900000000) AS began",
        "CREATE VIEW fights AS SELECT 1 AS id, hex(zeroblob(300000000)) AS began",
        "CREATE VIRTUAL TABLE fights USING fts5(id, began)",
        "CREATE VIRTUAL TABLE fights USING rtree(id, began, ended)",
        "CREATE TABLE fights (id INTEGER GENERATED ALWAYS AS (began + 1), began)",
        "CREATE TABLE fights (id, began)",
        "CREATE TABLE fights (id INTEGER, began, PRIMARY KEY (id, began)) WITHOUT ROWID",
        "CREATE TABLE fights (began)",
        "CREATE INDEX fights ON blows(fight)",
    ],
)
def test_what_is_no_plain_table_of_sessions_is_refused(tmp_path: Path, view: str) -> None:
    assert asked(tmp_path, BLOWS, view).code == "database-foreign"


@pytest.mark.parametrize(
    "view",
    [
        ENDLESS.format("blows", "fight"),
        "CREATE VIEW blows AS SELECT 1 AS fight, randomblob(900000000) AS note",
        "CREATE VIRTUAL TABLE blows USING fts5(fight, note)",
    ],
)
def test_a_view_in_place_of_another_table_is_as_if_it_were_not_there(tmp_path: Path, view: str) -> None:
    found = asked(tmp_path, FIGHTS, view).reply.answer
    assert found is not None
    assert found.rows == {"fights": [{"id": 1, "began": 2, "total": 3}]}


def test_a_generated_column_is_as_if_it_were_not_there(tmp_path: Path) -> None:
    plain = "CREATE TABLE fights (id INTEGER PRIMARY KEY, began); INSERT INTO fights VALUES (1, 7)"
    generated = "ALTER TABLE fights ADD COLUMN total AS (hex(zeroblob(300000000 + began)))"
    found = asked(tmp_path, plain, generated).reply.answer
    assert found is not None
    assert found.rows["fights"] == [{"id": 1, "began": 7}]


@pytest.mark.parametrize(
    "view",
    [
        ENDLESS.format("blows", "fight"),
        "CREATE VIEW blows AS SELECT 1 AS fight, randomblob(900000000) AS note",
        "CREATE VIEW blows AS SELECT id AS fight, began AS note FROM fights",
    ],
)
def test_a_view_that_pretends_to_be_a_table_is_stopped(tmp_path: Path, view: str) -> None:
    assert asked(tmp_path, FIGHTS, view, FORGED.format("blows")).code in {"database-forbidden", "database-damaged"}


def test_a_table_that_pretends_to_have_an_order_is_stopped(tmp_path: Path) -> None:
    forged = "UPDATE sqlite_master SET sql = 'CREATE TABLE fights (id INTEGER PRIMARY KEY, began, total)'"
    index = "CREATE TABLE fights (id, began, total);CREATE INDEX odd ON fights(began)"
    many = "INSERT INTO fights VALUES (1, 1, 1), (1, 1, 1), (1, 1, 1)"
    code = asked(tmp_path, index, many, f"PRAGMA writable_schema = ON; {forged} WHERE name = 'fights'").code
    assert code in {"", "database-damaged"}


def test_blobs_and_texts_that_are_not_text_count_as_nothing_or_as_they_can_be_read(tmp_path: Path) -> None:
    odd = "INSERT INTO blows VALUES (1, x'00ff', CAST(x'61ff62' AS TEXT)), (1, 1e999, NULL)"
    found = asked(tmp_path, FIGHTS, BLOWS, odd).reply.answer
    assert found is not None
    assert found.rows["blows"][0] == {"fight": 1, "value": None, "note": "a\N{REPLACEMENT CHARACTER}b"}


def test_a_table_that_takes_for_ever_to_search_is_stopped(tmp_path: Path) -> None:
    # No index, so each of the fifty sessions is a walk through all rows.
    many = "INSERT INTO blows " + NUMBERS + " 0, x, 'a rather long note' FROM n LIMIT 1000000"
    fights = "INSERT INTO fights " + NUMBERS + " x + 1, x, x FROM n LIMIT 50"
    found = asked(tmp_path, FIGHTS, BLOWS, many, fights)
    assert found.code == "database-too-slow" or (found.reply.answer is not None and found.reply.answer.more)


# what an interrupted write left behind

SECTOR, LOCK_BYTE = 512, 0x4000_0000
MAGIC = bytes.fromhex("d9d505f920a163d7")


def interrupted(folder: Path, named: bytes | None) -> None:
    """A database, and a journal that SQLite plays back at once and that may name another one to be deleted then."""
    with closing(sqlite3.connect(folder / NAME)) as connection:
        connection.executescript(FIGHTS + BLOWS)
        (size,), (pages,) = (connection.execute(f"PRAGMA page_{what}").fetchone() for what in ("size", "count"))
    head = (MAGIC + struct.pack(">IIIII", 0, 1234, pages, SECTOR, size)).ljust(SECTOR, b"\0")
    tail = b""
    if named is not None:
        total = sum(byte - 256 if byte > 127 else byte for byte in named) & 0xFFFF_FFFF
        tail = struct.pack(">I", LOCK_BYTE // size + 1) + named + struct.pack(">II", len(named), total) + MAGIC
    (folder / f"{NAME}-journal").write_bytes(head + tail)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The one of the tracker, beside those of others."""
    (tmp_path / "room").mkdir()
    folder = tmp_path / "meter"
    folder.mkdir()
    return folder


def test_a_journal_that_names_another_file_has_nothing_deleted(tmp_path: Path, folder: Path) -> None:
    precious = tmp_path / "precious.txt"
    precious.write_text("of the player", "utf-8")
    interrupted(folder, os.fsencode(precious))
    assert harmless(ran(folder, room=tmp_path / "room")).code == "database-damaged"
    assert precious.read_text("utf-8") == "of the player"


def test_a_journal_of_nothing_else_is_played_back(tmp_path: Path, folder: Path) -> None:
    interrupted(folder, None)
    found = harmless(ran(folder, room=tmp_path / "room")).reply.answer
    assert found is not None
    assert found.highest == 1


@needs_landlock
def test_whoever_reads_a_copy_can_write_and_delete_nothing_outside_its_room(tmp_path: Path, folder: Path) -> None:
    room, precious = tmp_path / "room", tmp_path / "precious.txt"
    precious.write_text("of the player", "utf-8")
    asked(folder, FIGHTS, BLOWS)
    for deed in ("os.unlink({!r})", "open({!r}, 'r+')", "os.rename({!r}, 'elsewhere')", "os.truncate({!r}, 0)"):
        assert after_asking(deed.format(str(precious)), folder, room) == "PermissionError"
        assert precious.read_text("utf-8") == "of the player"
    assert after_asking(f"open({str(tmp_path / 'new')!r}, 'w')", folder, room) == "PermissionError"
    assert after_asking(f"os.unlink({str(room / 'copy.db')!r})", folder, room) == ""


# bytes that fell over


def mutant(data: bytes, seed: int) -> bytes:
    made, changed = Random(seed), bytearray(data)
    for _ in range(made.choice((1, 2, 8, 60))):
        # The schema and the tops of the trees are at the beginning: half of the hits go there.
        end = len(data) if made.random() < 0.5 else min(len(data), 16_384)
        changed[made.randrange(end)] = made.choice((0, 1, 0x7F, 0xFF, made.randrange(256)))
    return bytes(changed[: made.randrange(len(changed))]) if made.random() < 0.1 else bytes(changed)


def check_mutants(folder: Path, number: int) -> None:
    tracker, book = Resonance(), Book()
    for _ in range(6):
        book.encounter(hits=40)
    book.write(folder / "whole.db")
    whole = (folder / "whole.db").read_bytes()

    def code_of(seed: int) -> str:
        place = folder / str(seed % 100)
        place.mkdir(exist_ok=True)
        (place / NAME).write_bytes(mutant(whole, seed))
        found = harmless(ran(place, tracker.question(0)))
        if found.reply.answer is not None:
            tracker.rows(found.reply.answer)
        return found.code

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        codes = set(pool.map(code_of, range(number)))
    assert {"", "database-damaged"} <= codes


def test_a_damaged_database_is_read_or_refused_with_a_reason(tmp_path: Path) -> None:
    check_mutants(tmp_path, 100)


@pytest.mark.accept
@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_five_thousand_damaged_databases_are_read_or_refused_with_a_reason(tmp_path: Path) -> None:
    check_mutants(tmp_path, 5000)


# while others write


@contextmanager
def busy(step: object) -> Iterator[None]:
    """Somebody does something again and again meanwhile."""
    assert callable(step)
    stop, ready = threading.Event(), threading.Event()

    def work() -> None:
        while not stop.is_set():
            step()
            ready.set()

    thread = threading.Thread(target=work)
    thread.start()
    assert ready.wait(30)
    try:
        yield
    finally:
        stop.set()
        thread.join()


def check_snapshots(folder: Path, reads: int) -> None:
    with closing(sqlite3.connect(folder / NAME, isolation_level=None, check_same_thread=False)) as writer:
        writer.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;" + FIGHTS + BLOWS)
        writer.execute("UPDATE fights SET total = 1000000")
        writer.execute("INSERT INTO blows VALUES (1, 0, '')")

        def move() -> None:
            writer.execute("BEGIN IMMEDIATE")
            writer.execute("UPDATE fights SET total = total - 1, began = began + 1")
            writer.execute("UPDATE blows SET value = value + 1")
            writer.execute("COMMIT")

        seen = set()
        with busy(move):
            for _ in range(reads):
                found = ran(folder).reply.answer
                assert found is not None
                parts = (found.rows["fights"][0]["total"], found.rows["blows"][0]["value"])
                assert sum(int(str(part)) for part in parts) == 1_000_000
                seen.add(parts)
    assert len(seen) > reads / 2


def test_all_tables_are_read_as_of_one_moment(tmp_path: Path) -> None:
    check_snapshots(tmp_path, 40)


@pytest.mark.accept
@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_in_a_thousand_reads_no_moment_is_mixed_with_another(tmp_path: Path) -> None:
    check_snapshots(tmp_path, 1000)


def check_swaps(tmp_path: Path, reads: int) -> None:
    folder, outside = tmp_path / "meter", tmp_path / "outside.db"
    folder.mkdir()
    for path, began in ((folder / NAME, 1), (outside, 666)):
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(FIGHTS)
            connection.execute("UPDATE fights SET began = ?", (began,))
            connection.commit()
    (folder / NAME).rename(folder / "whole.db")
    links = iter(range(10**9))

    def swap() -> None:
        fresh = folder / f"fresh-{next(links)}"
        fresh.symlink_to(outside)
        fresh.replace(folder / NAME)
        os.link(folder / "whole.db", fresh)
        fresh.replace(folder / NAME)

    codes = set()
    with busy(swap):
        for _ in range(reads):
            found = ran(folder)
            codes.add(found.code)
            if found.reply.answer is not None:
                assert found.reply.answer.rows["fights"][0]["began"] == 1
    assert codes <= {"", "symlink", "file-unreadable", "database-busy", "database-unreadable"}


def test_a_file_that_is_swapped_for_a_link_is_never_read_outside(tmp_path: Path) -> None:
    check_swaps(tmp_path, 40)


@pytest.mark.accept
@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_in_thousands_of_swaps_nothing_outside_is_read(tmp_path: Path) -> None:
    check_swaps(tmp_path, 1500)


def test_the_child_has_its_caps(tmp_path: Path) -> None:
    asked(tmp_path, FIGHTS, BLOWS)
    told = (
        "print([resource.getrlimit(one)[1] for one in (resource.RLIMIT_CPU, resource.RLIMIT_FSIZE)], file=sys.stderr)"
    )
    assert after_asking(told, tmp_path) == str([CPU_SECONDS, MAX_SHARED_MEMORY])
    (tmp_path / "room").mkdir()
    assert after_asking(told, tmp_path, tmp_path / "room") == str([CPU_SECONDS, MAX_COPY])


def test_the_question_of_these_tests_is_answered_where_nothing_is_wrong(tmp_path: Path) -> None:
    found = asked(tmp_path, FIGHTS, BLOWS)
    assert found.reply.answer is not None
    assert found.reply.answer.highest == 1
    assert found.cpu < CPU_SECONDS / 2
    assert QUESTION.sessions.needed
