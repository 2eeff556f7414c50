"""A disk that says no to a sync: nothing that was told is lost, and what was not told may be there all the same."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from logferry_daemon.adapters.database_sqlite import SETTINGS, Database
from logferry_daemon.adapters.spool_filing import Filing
from logferry_daemon.adapters.spool_sqlite import SqliteSpool, named_queries, open_spool
from logferry_daemon.core.recut import uncounted
from logferry_model.errors import Damaged, Unreachable
from tests.conftest import needs, only_on
from tests.contracts.spooling import FACTS, HOME, NOW, RECEIPT, admit, claim, found, states
from tests.fakes import FixedChance


class LyingConnection(sqlite3.Connection):
    """Commits, and says that it could not, when told to."""

    lies = 0

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:  # noqa: ANN401 -- as the one it stands for
        cursor = super().execute(sql, *values)
        if sql == "COMMIT" and LyingConnection.lies:
            LyingConnection.lies -= 1
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorname = "SQLITE_IOERR_FSYNC"
            raise error
        return cursor


def connecting(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=LyingConnection)
    connection.row_factory = sqlite3.Row
    connection.executescript(SETTINGS)
    return connection


@pytest.fixture
async def spool(tmp_path: Path) -> AsyncIterator[SqliteSpool]:
    LyingConnection.lies = 0
    with ThreadPoolExecutor(max_workers=1) as thread:
        database = Database(tmp_path / "spool.db", thread, named_queries(), connecting=connecting)
        chance = FixedChance()
        spool = SqliteSpool(database, chance, FACTS, Filing(chance, uncounted))
        await database.run(spool.open)
        yield spool
        await database.run(database.close)


async def test_a_claim_that_was_written_all_the_same_is_handed_out_again(spool: SqliteSpool) -> None:
    await admit(spool, found("aa"), found("bb", age=1))
    (bb,) = await claim(spool, limit=1)
    LyingConnection.lies = 1
    with pytest.raises(Unreachable):
        await claim(spool, limit=1)
    assert await states(spool) == {("aa", 1, HOME): "uploading", ("bb", 1, HOME): "uploading"}
    # What somebody has in hand stays there: only the one that nobody heard of comes back.
    assert [one.row.session for one in await claim(spool, limit=2)] == ["aa"]
    await spool.acked(bb.row.id, RECEIPT, "", NOW, timedelta())
    assert (await states(spool))["bb", 1, HOME] == "uploaded"


async def test_the_trouble_stands_until_something_is_written(spool: SqliteSpool) -> None:
    LyingConnection.lies = 1
    with pytest.raises(Unreachable) as caught:
        await admit(spool, found("aa"))
    assert "its disk reports an error (disk I/O error)" in caught.value.message
    assert spool.trouble is not None
    assert await claim(spool, limit=1, to="nowhere") == []
    assert spool.trouble is not None
    await spool.probe()
    assert spool.trouble is None


async def test_after_a_failed_sync_what_is_on_the_disk_is_looked_through(spool: SqliteSpool, tmp_path: Path) -> None:
    await admit(spool, *(found(f"{number:02x}", events=50) for number in range(20)))
    root = "SELECT rootpage FROM sqlite_schema WHERE name = 'sessions'"
    page = await spool.database.run(lambda: spool.database.opened().execute(root).fetchone()[0])
    LyingConnection.lies = 1
    with pytest.raises(Unreachable):
        await spool.set_note("a", "b")
    whole = bytearray((tmp_path / "spool.db").read_bytes())
    whole[4096 * (page - 1) : 4096 * page] = bytes(4096)
    (tmp_path / "spool.db").write_bytes(whole)
    with pytest.raises(Damaged):
        await spool.note("a")


ADMIT = """
import asyncio, pathlib, sys
from logferry_daemon.adapters.spool_sqlite import open_spool
from logferry_daemon.adapters.clock_system import SystemChance
from logferry_model.errors import LogferryError
from tests.contracts.spooling import FACTS, admit, found, row

async def main(path):
    async with open_spool(path, SystemChance(), FACTS) as spool:
        for number in range(60):
            for attempt in range(20):
                try:
                    await admit(spool, found(f"{number:016x}", events=30), at=row(offset=number + 1))
                except LogferryError as error:
                    print("error", error.code, flush=True)
                else:
                    print("told", number, flush=True)
                    break

asyncio.run(main(pathlib.Path(sys.argv[1])))
"""


@only_on("linux")
@needs("strace")
@pytest.mark.parametrize("which", ["25", "40..42", "31+7"])
async def test_after_errors_of_the_disk_nothing_that_was_told_is_lost(tmp_path: Path, which: str) -> None:
    syncs = f"inject=fsync,fdatasync:error=EIO:when={which}"
    traced = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e", syncs]
    command = [*traced, sys.executable, "-c", ADMIT, str(tmp_path / "spool.db")]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.split("\n")
    told = [int(line.split()[1]) for line in said if line.startswith("told")]
    assert "error spool-unavailable" in said
    assert told == list(range(60))
    async with open_spool(tmp_path / "spool.db", FixedChance(), FACTS) as spool:
        assert {row.id for row, _ in await spool.sessions()} == {f"{number:016x}" for number in range(60)}
        assert [one.offset for one in await spool.files("game")] == [60]
