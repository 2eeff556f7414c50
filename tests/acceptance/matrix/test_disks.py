"""Cells in which a disk fails: F19 to F23."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from logferry_model.errors import LogferryError
from tests.acceptance.matrix.disks import fill, limit_files, needs_root, remount, small_disk
from tests.acceptance.matrix.world import SESSIONS, World, world
from tests.acceptance.running import unprivileged, until
from tests.conftest import needs, only_on
from tests.faults.tcp import Fault, Line

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(300), only_on("linux")]
SEEDS = (1, 2, 3)
HEALED = 30.0
"""Seconds after which a disk that has space again is used again."""
CANNOT = "cannot be used"
FAILED = 1


def spool_holds(w: World) -> set[str]:
    """The sessions that are on the disk, asked of the disk."""
    with closing(sqlite3.connect(f"{w.daemon.home.spool_file.as_uri()}?mode=ro", uri=True)) as spool:
        return {str(row[0]) for row in spool.execute("SELECT id FROM sessions")}


def listed(w: World) -> set[str]:
    return {one.id for one in w.daemon.client.sessions().sessions}


@needs_root()
def test_f19_a_disk_of_the_queue_that_is_full(tmp_path: Path) -> None:
    with small_disk(tmp_path / "daemon" / "state", 4 * 2**20) as disk, world(tmp_path) as w:
        w.play(5)
        w.drained()
        ballast = fill(disk)
        w.play()
        w.hears("its disk is full", within=10)
        assert listed(w) == spool_holds(w)
        ballast.unlink()
        # Nobody helps: it heals by itself.
        w.drains_by_itself(seconds=HEALED)
        assert not [one for one in w.daemon.client.status().attention if CANNOT in one.message]
        w.judge(19, "tmpfs")


@pytest.mark.accept
@needs("prlimit")
def test_f19_files_that_may_not_grow(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        w.play(5)
        w.drained()
        limit_files(w.program, 4096)
        w.play()
        w.hears("its disk reports an error", "its disk is full", within=10)
        limit_files(w.program, None)
        w.drains_by_itself(seconds=HEALED)
        assert listed(w) == spool_holds(w)
        w.judge(19, "file size limit")


@needs_root()
def test_f20_a_disk_of_the_collector_that_is_full(tmp_path: Path) -> None:
    with small_disk(tmp_path / "collector", 8 * 2**20) as disk, world(tmp_path) as w:
        w.play(5)
        w.drained()
        ballast = fill(disk)
        w.play()
        w.hears("does not work at the moment", within=15)
        assert w.daemon.client.status().counts.failed == 0
        ballast.unlink()
        w.drained()
        w.judge(20, "tmpfs")


@needs("strace")
@pytest.mark.parametrize("seed", SEEDS)
def test_f21_syncs_that_fail(tmp_path: Path, seed: int) -> None:
    # The first thirty or so are those of a new queue, whose owner is still being asked for consent.
    when = f"{30 + 10 * seed}..{32 + 10 * seed}"
    inject = f"inject=fsync,fdatasync:error=EIO:when={when}"
    strace = ("strace", "-f", "-qq", "-o", str(tmp_path / "trace"), "-e", "trace=fsync,fdatasync", "-e", inject)
    with world(tmp_path, before=strace, seconds=60) as w:
        w.proxy.plan = lambda _, __: Fault(down=Line(latency=0.05))
        w.play()
        until(lambda: "INJECTED" in (tmp_path / "trace").read_text() or None, "an error of the disk", seconds=60)
        w.drained(seconds=120)
        assert listed(w) == spool_holds(w)
        w.judge(21, f"EIO, syncs {when}", seed=seed)


@needs("strace")
def test_f21_writes_that_fail_for_a_while_are_told(tmp_path: Path) -> None:
    inject = "inject=fdatasync,fsync:error=EIO:when=45..75"
    strace = ("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e", inject)
    with world(tmp_path, before=strace, seconds=60) as w:
        w.play()
        w.hears("its disk reports an error", within=60)
        w.drained(seconds=200)
        w.judge(21, "EIO, 31 syncs")


@needs_root()
def test_f22_a_queue_that_becomes_read_only(tmp_path: Path) -> None:
    with small_disk(tmp_path / "daemon" / "state", 8 * 2**20) as disk, world(tmp_path) as w:
        w.play(5)
        w.drained()
        # The kernel refuses to while somebody has a file open for writing: so does a disk that fails, only later.
        w.program.kill()
        remount(disk, "ro")
        said = w.daemon.command("run", seconds=30)
        assert said.code == FAILED
        assert "Traceback" not in said.err
        assert str(disk) in said.err
        remount(disk, "rw")
        w.daemon.start()
        w.play()
        w.drained()
        w.judge(22, "read-only at start")


def test_f22_a_folder_whose_permission_is_lost_while_it_runs(tmp_path: Path) -> None:
    with world(tmp_path, before=unprivileged()) as w:
        w.play(5)
        w.drained()
        state = w.daemon.home.state
        limit_files(w.program, 1)  # so that it has to open the database anew
        w.play(1)
        w.hears("its disk reports an error", "its disk is full", within=10)
        state.chmod(0)
        limit_files(w.program, None)
        w.play(SESSIONS - 6)
        w.said = None
        w.hears("it cannot be opened", "it may not be written to", within=15)
        state.chmod(0o700)
        w.drains_by_itself(seconds=HEALED)
        w.judge(22, "folder closed, running")


def test_f22_a_folder_that_may_not_be_entered_at_the_start(tmp_path: Path) -> None:
    with world(tmp_path, before=unprivileged()) as w:
        assert w.program.stop() == 0
        state = w.daemon.home.state
        state.chmod(0o500)
        said = w.daemon.command("run", before=unprivileged(), seconds=30)
        state.chmod(0o700)
        assert said.code == FAILED
        assert "Traceback" not in said.err + said.out
        assert str(state) in said.err
        w.daemon.start(*unprivileged())
        w.play()
        w.drained()
        w.judge(22, "folder closed, start")


def ruin(path: Path, chance: Random, flips: int) -> None:
    """Some bytes of it are others."""
    content = bytearray(path.read_bytes())
    for _ in range(flips):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def agreed_again(w: World) -> bool:
    """What is asked for again is agreed to again; not while a daemon begins anew."""
    try:
        w.daemon.agree(w.collector.key)
    except LogferryError:
        return False
    return True


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("flips", [40, 4000])
def test_f23_a_queue_that_is_damaged_when_it_starts(tmp_path: Path, seed: int, flips: int) -> None:
    with world(tmp_path) as w:
        w.play(SESSIONS // 2)
        w.drained()
        w.proxy.plan = lambda _, __: Fault(silent=True)
        w.play(SESSIONS // 2)
        until(lambda: w.daemon.client.status().counts.found == SESSIONS, "all found")
        assert w.program.stop() == 0
        ruin(w.daemon.home.spool_file, Random(seed), flips)
        w.heal()
        w.daemon.start()
        rebuilt = [
            one for one in w.daemon.home.state.glob("spool.db.damaged-*") if not one.name.endswith(("-wal", "-shm"))
        ]
        if rebuilt:  # else no look at it could tell, and it is found out later or never matters
            w.hears("was damaged and was built anew")
        until(lambda: agreed_again(w), "a daemon that can be agreed with", seconds=60, every=0.2)
        w.drained()
        w.judge(23, f"{flips} bits, at start", seed=seed)


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_f23_a_queue_that_is_found_damaged_while_it_runs(tmp_path: Path, seed: int) -> None:
    with world(tmp_path) as w:
        w.play(SESSIONS // 2)
        w.drained()
        with closing(sqlite3.connect(f"{w.daemon.home.spool_file.as_uri()}?mode=ro", uri=True)) as spool:
            pages = [row[0] for row in spool.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'sessions'")]
        # Into the file under SQLite's hands, and its log put aside, as a disk that gives back other bytes.
        with closing(sqlite3.connect(w.daemon.home.spool_file)) as spool:
            spool.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        with w.daemon.home.spool_file.open("r+b") as file:
            file.seek(4096 * (pages[0] - 1))
            file.write(Random(seed).randbytes(4096))
            os.fsync(file.fileno())
        w.play(SESSIONS // 2)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not list(w.daemon.home.state.glob("spool.db.damaged-*")):
            try:
                w.daemon.client.upload_all()
                w.daemon.client.sessions()
            except LogferryError:
                time.sleep(0.1)
        assert list(w.daemon.home.state.glob("spool.db.damaged-*"))
        w.hears("was damaged and was built anew", within=15)
        until(lambda: agreed_again(w), "a daemon that can be agreed with", seconds=60, every=0.2)
        w.drained()
        w.judge(23, "one page, running", seed=seed)
