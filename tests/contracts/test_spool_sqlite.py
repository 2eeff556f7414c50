"""What only the real spool shows: its disk, its schema, its queries, and the end of its process."""

from __future__ import annotations

import asyncio
import random
import re
import sqlite3
import subprocess
import sys
import time
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from logferry_daemon.adapters import spool_sqlite
from logferry_daemon.adapters.database_sqlite import connect, migrate
from logferry_daemon.adapters.spool_sqlite import SqliteSpool, named_queries, open_spool
from logferry_daemon.core.delivery import State
from logferry_daemon.core.identities import UNSURE
from logferry_daemon.sql.load import load_migrations
from logferry_daemon.trackers.catalogue import all_trackers
from logferry_model.errors import Damaged, Misconfigured, Unreachable
from tests.conftest import only_on
from tests.contracts.spooling import FACTS, HOME, LETTER, NOW, admit, claim, found, row, rows_of, states
from tests.fakes import FixedChance

KILLS = 30


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool.db"


@pytest.fixture
async def spool(path: Path) -> AsyncIterator[SqliteSpool]:
    async with open_spool(path, FixedChance(), FACTS) as opened:
        yield opened


def shape(connection: sqlite3.Connection) -> list[str]:
    found = connection.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
    return [line for (line,) in map(tuple, found)]


# Durable


async def test_every_commit_is_on_the_disk_before_it_is_told(spool: SqliteSpool) -> None:
    asked = "journal_mode", "synchronous", "foreign_keys", "trusted_schema"
    got = await spool.database.run(
        lambda: [spool.database.opened().execute(f"PRAGMA {name}").fetchone()[0] for name in asked]
    )
    assert got == ["wal", 2, 1, 0]


ADMIT_FOR_EVER = """
import asyncio, pathlib, sys
from logferry_daemon.adapters.spool_sqlite import open_spool
from tests.contracts.spooling import FACTS, NOW, admit, claim, found, row
from logferry_daemon.adapters.clock_system import SystemChance

async def main(path, first):
    async with open_spool(path, SystemChance(), FACTS) as spool:
        print("open", flush=True)
        for number in range(first, 10**9):
            await admit(spool, found(f"{number:016x}", age=1), found(f"f{number:015x}"), at=row(offset=number + 1))
            print(number, flush=True)
            await claim(spool, limit=1)

asyncio.run(main(pathlib.Path(sys.argv[1]), int(sys.argv[2])))
"""


@only_on("linux", "darwin")
async def test_killed_at_any_moment_positions_and_sessions_agree_and_nothing_told_is_lost(path: Path) -> None:
    chance, told = random.Random(7), -1
    for _ in range(KILLS):
        told = max(told, _admit_until_killed(path, told + 1, chance.uniform(0, 0.03)))
        told = await _agreed(path, told)


def _admit_until_killed(path: Path, first: int, life: float) -> int:
    """What a child process says it has admitted before it is killed."""
    command = [sys.executable, "-c", ADMIT_FOR_EVER, str(path), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n"
        time.sleep(life)
        child.kill()
        lines = child.stdout.read().split()
    return int(lines[-1]) if lines else -1


async def _agreed(path: Path, told: int) -> int:
    """The last one admitted, which the position, the sessions and the deliveries all name."""
    async with open_spool(path, FixedChance(), FACTS) as spool:
        files = await spool.files("game")
        last = files[0].offset - 1 if files else -1
        sessions = {summary.id for summary, _ in await spool.sessions()}
        deliveries = await rows_of(spool)
        assert (
            await spool.database.run(lambda: spool.database.opened().execute("PRAGMA integrity_check").fetchone()[0])
            == "ok"
        )
    assert last >= told
    assert sessions == {f"{kind}{number:015x}" for number in range(last + 1) for kind in "0f"}
    assert sorted(one.session for one in deliveries) == sorted(sessions)
    assert {one.state for one in deliveries} <= {State.PENDING}
    return last


FILL = """
import asyncio, pathlib, resource, sys
from logferry_daemon.adapters.spool_sqlite import open_spool
from logferry_daemon.adapters.clock_system import SystemChance
from logferry_model.errors import Unreachable
from tests.contracts.spooling import FACTS, admit, found, row

async def main(path):
    async with open_spool(path, SystemChance(), FACTS) as spool:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2**19, resource.RLIM_INFINITY))
        number = 0
        while True:
            try:
                await admit(spool, found(f"{number:016x}", events=300), at=row(offset=number + 1))
            except Unreachable as error:
                full = error.code
                break
            number += 1
        kept = (await spool.files("game"))[0].offset, len(await spool.sessions())
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        await admit(spool, found("healed"), at=row(offset=number + 1))
        print(full, number, *kept, len(await spool.sessions()))

asyncio.run(main(pathlib.Path(sys.argv[1])))
"""


@only_on("linux", "darwin")
async def test_a_full_disk_is_unreachable_keeps_nothing_half_and_heals(path: Path) -> None:
    command = [sys.executable, "-c", FILL, str(path)]
    child = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    code, *numbers = child.stdout.split()
    admitted, position, sessions, healed = map(int, numbers)
    assert code == "spool-unavailable"
    assert admitted == position == sessions > 0
    assert healed == admitted + 1


async def test_a_transaction_that_fails_leaves_nothing(spool: SqliteSpool) -> None:
    with pytest.raises(Damaged):
        # The second delivery to the same place breaks the rule that there is one a revision.
        await spool.admit(row(offset=50), [found("aa")], [HOME, HOME], NOW)
    assert list(await spool.files("game")) == []
    assert list(await spool.sessions()) == []
    await admit(spool, found("aa"))
    assert await states(spool) == {("aa", 1, HOME): "pending"}


async def test_after_a_failed_write_the_database_is_opened_anew(spool: SqliteSpool) -> None:
    before = spool.database._connection

    def fail() -> None:
        with spool.database.writing() as query:
            query("keep_note", key="a", value="b")
            raise sqlite3.OperationalError("disk I/O error")

    with pytest.raises(Unreachable):
        await spool.database.run(fail)
    assert await spool.note("a") is None
    await spool.set_note("a", "c")
    assert await spool.note("a") == "c"
    assert spool.database._connection is not before


async def test_what_was_begun_is_finished_when_its_caller_is_cancelled(spool: SqliteSpool) -> None:
    task = asyncio.ensure_future(admit(spool, found("aa")))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await spool.database.run(lambda: None)  # who only looks does not wait for those before him
    assert await states(spool) == {("aa", 1, HOME): "pending"}


async def test_a_locked_database_is_unreachable_and_works_afterwards(path: Path, spool: SqliteSpool) -> None:
    await spool.database.run(lambda: spool.database.opened().execute("PRAGMA busy_timeout = 10"))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unreachable):
        await admit(spool, found("aa"))
    other.execute("ROLLBACK")
    other.close()
    await admit(spool, found("aa"))


async def test_a_closed_spool_is_unreachable(path: Path) -> None:
    async with open_spool(path, FixedChance(), FACTS) as opened:
        await opened.database.run(opened.database.close)
        with pytest.raises(Unreachable):
            await opened.totals()


async def test_a_file_that_is_no_database_is_damaged_and_left_alone(path: Path) -> None:
    path.write_bytes(b"this is not a database" * 100)
    with pytest.raises(Damaged) as caught:
        async with open_spool(path, FixedChance(), FACTS):
            pass
    assert caught.value.code == "spool-damaged"
    assert path.read_bytes() == b"this is not a database" * 100


async def test_a_folder_that_is_not_there_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(Unreachable):
        async with open_spool(tmp_path / "missing" / "spool.db", FixedChance(), FACTS):
            pass


async def test_a_damaged_document_is_set_aside_and_blocks_no_other(path: Path, spool: SqliteSpool) -> None:
    await admit(spool, found("aa", age=2), found("bb", age=1))
    await spool.database.run(
        lambda: spool.database.opened().execute("UPDATE sessions SET document = x'00' WHERE id = 'aa'")
    )
    assert [one.row.session for one in await claim(spool)] == ["bb"]
    assert await states(spool) == {("aa", 1, HOME): "failed", ("bb", 1, HOME): "uploading"}
    (failed,) = await spool.failures(9)
    assert "damaged" in failed.last_error


async def test_a_letter_leaves_the_disk_once_it_has_arrived(spool: SqliteSpool) -> None:
    await admit(spool, found())
    (one,) = await claim(spool)
    await spool.keep_letter(one.row.id, LETTER)
    await spool.acked(one.row.id, None, "", NOW, NOW - NOW)
    kept = await spool.database.run(
        lambda: spool.database.opened().execute("SELECT body, headers FROM deliveries").fetchone()
    )
    assert tuple(kept) == (None, None)


# Schema and queries


def test_the_steps_make_the_schema_one_after_the_other(tmp_path: Path) -> None:
    """One jump and a step at a time end in the same shape."""
    scripts = load_migrations()
    at_once, by_steps = connect(tmp_path / "a.db"), connect(tmp_path / "b.db")
    migrate(at_once, scripts)
    for number in range(len(scripts)):
        migrate(by_steps, scripts[: number + 1])
    assert shape(at_once) == shape(by_steps)
    versions = {one.execute("PRAGMA user_version").fetchone()[0] for one in (at_once, by_steps)}
    assert versions == {len(scripts)}
    at_once.close()
    by_steps.close()


BEFORE_RECUT = """
INSERT INTO sessions VALUES
    ('aa', 'artemis', 'aa', 'game', 1000, 2000, 3, 2, 'f', 'explicit', 'seen', 1.0, 3000, x'00');
INSERT INTO deliveries (id, session, revision, destination, state, idempotency_key, started_at, created_at, attempts,
    last_error, next_attempt, body, headers, payload_digest, report_url)
VALUES
    ('d1', 'aa', 1, 'home', 'uploaded', 'k1', 1000, 3000, 1, '', NULL, NULL, NULL, NULL, '/r/1'),
    ('d2', 'aa', 2, 'home', 'uploading', 'k2', 1000, 3000, 4, '503', 9000, x'01', '{}', 'ab', NULL),
    ('d3', 'aa', 2, 'away', 'failed', 'k3', 1000, 3000, 2, '422', NULL, NULL, NULL, NULL, NULL);
"""


async def test_a_spool_from_before_there_was_a_backlog_keeps_all_that_it_has(path: Path) -> None:
    before = connect(path)
    migrate(before, load_migrations()[:1])
    before.executescript(BEFORE_RECUT)
    rows_before = [dict(one) for one in before.execute("SELECT * FROM deliveries ORDER BY id")]
    before.close()
    after = connect(path)
    migrate(after, load_migrations())
    rows_after = [dict(one) for one in after.execute("SELECT * FROM deliveries ORDER BY id")]
    # Columns that came later have their defaults.
    assert rows_after == [new | old | {"backfill": 0} for new, old in zip(rows_after, rows_before, strict=True)]
    assert after.execute("SELECT plan, merged_into FROM sessions").fetchall()[0][:] == (None, None)
    assert after.execute("PRAGMA foreign_key_check").fetchall() == []
    with pytest.raises(sqlite3.IntegrityError):
        after.execute("UPDATE deliveries SET state = 'nonsense'")
    after.close()
    async with open_spool(path, FixedChance(), FACTS) as spool:
        assert await states(spool) == {
            ("aa", 1, "home"): "uploaded",
            ("aa", 2, "home"): "pending",
            ("aa", 2, "away"): "failed",
        }
        # Sessions that were found in those days need not be asked for.
        assert await spool.next_due("home", NOW, backfill=False) is not None


async def test_documents_of_a_spool_from_before_are_sent_as_they_are(path: Path) -> None:
    async with open_spool(path, FixedChance(), FACTS) as spool:
        await admit(spool, found("aa"), found("bb"))
    before = connect(path)
    packed = zlib.compress(found("aa").document, 6)
    before.execute("UPDATE sessions SET document = ? WHERE id = 'aa'", (packed,))
    before.close()
    async with open_spool(path, FixedChance(), FACTS) as spool:
        sent = {one.parcel.session: one.parcel.document for one in await claim(spool)}
    assert sent == {"aa": found("aa").document, "bb": found("bb").document}


async def test_of_a_spool_from_before_players_were_written_down_somebody_played_what_has_players(path: Path) -> None:
    before = connect(path)
    migrate(before, load_migrations()[:5])
    for tracker in all_trackers():
        values = (tracker, tracker, tracker)
        before.execute(
            "INSERT INTO sessions VALUES (?, ?, ?, 'game', 1000, 2000, 3, 1, 'f', 'explicit', 'seen', 1.0, 3000, x'00',"
            " NULL, NULL, '[]', '[]')",
            values,
        )
    before.close()
    after = connect(path)
    migrate(after, load_migrations())
    found = {row["session"]: row["identity"] for row in after.execute("SELECT * FROM players")}
    after.close()
    assert found == {name: UNSURE for name, one in all_trackers().items() if one.names_player}
    assert "world-of-warcraft" in found
    assert "artemis" not in found


def test_a_step_that_fails_leaves_the_schema_as_it_was(tmp_path: Path) -> None:
    connection = connect(tmp_path / "a.db")
    migrate(connection, load_migrations())
    before = shape(connection)
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, [*load_migrations(), "CREATE TABLE fresh (a); CREATE TABLE notes (a);"])
    connection.close()
    again = connect(tmp_path / "a.db")
    assert shape(again) == before
    assert again.execute("PRAGMA user_version").fetchone()[0] == len(load_migrations())
    again.close()


async def test_a_spool_of_a_newer_program_is_refused_and_left_alone(path: Path) -> None:
    async with open_spool(path, FixedChance(), FACTS) as spool:
        await admit(spool, found())
        await spool.database.run(lambda: spool.database.opened().execute("PRAGMA user_version = 99"))
    with pytest.raises(Misconfigured) as caught:
        async with open_spool(path, FixedChance(), FACTS):
            pass
    assert caught.value.code == "spool-too-new"
    assert "99" in caught.value.message
    other = sqlite3.connect(path)
    assert other.execute("SELECT count(*) FROM sessions").fetchone() == (1,)
    other.close()


PARTS = sorted(Path(str(spool_sqlite.__file__)).parent.glob("spool_*.py"))
QUERIES = named_queries()


@pytest.mark.parametrize("name", QUERIES)
def test_every_query_compiles_and_is_used(tmp_path: Path, name: str) -> None:
    connection = connect(tmp_path / "spool.db")
    migrate(connection, load_migrations())
    values = dict.fromkeys(re.findall(r"(?<!\w):(\w+)", re.sub(r"--.*", "", QUERIES[name])))
    connection.execute(f"EXPLAIN {QUERIES[name]}", values)
    connection.close()
    source = "".join(one.read_text("utf-8") for one in PARTS)
    assert f'"{name}"' in source


@pytest.mark.parametrize(
    "name",
    [
        "due",
        "next_due",
        "untried_since",
        "overtaken",
        "known_session",
        "is_deleted",
        "copies_due",
        "copies_of",
        "next_copy",
        "sessions_like",
        "deliveries_of",
        "age",
        "newest_state",
        "admitting",
        "told_players",
    ],
)
def test_the_daemons_own_questions_are_answered_by_an_index(tmp_path: Path, name: str) -> None:
    connection = connect(tmp_path / "spool.db")
    migrate(connection, load_migrations())
    values = dict.fromkeys(re.findall(r"(?<!\w):(\w+)", re.sub(r"--.*", "", QUERIES[name])))
    plan = [step["detail"] for step in connection.execute(f"EXPLAIN QUERY PLAN {QUERIES[name]}", values)]
    connection.close()
    if name != "sessions_like":  # a beginning is compared letter by letter, so that % and _ are letters
        # What is asked with the question, as a list or as one row, is no table of ours.
        scans = [step for step in plan if re.match("SCAN(?!.*(json_each|CONSTANT ROW))", step)]
        assert not [step for step in scans if "subquery" not in step.lower()], plan
