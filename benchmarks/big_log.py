"""A combat log of 2 GB, cut into sessions by a real daemon, beside programs that only count its lines or words."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from benchmarks import wow_log
from benchmarks.harness import Finding, NotMeasured, Target, seconds
from tests.acceptance.running import DaemonHome, daemon_home, make_quiet, until

ABOUT = "MB/s through a WoW-style log, all sessions in the spool; the peers only count; higher is better"
SIZE, QUICK_SIZE = 2 * 10**9, 2 * 10**8
SOURCE = "world-of-warcraft"
MEMORY = Target(150, "MiB")
"""Issue 3: peak over idle."""
SUMS = "/SPELL_DAMAGE/ { sum[$3] += $30; n++ } /ENCOUNTER_/ { e++ } END { print n, e }"
PEERS: dict[str, Sequence[str]] = {
    "wc -l": ("wc", "-l"),
    "mawk, same sums": ("mawk", "-F", ",", SUMS),
    "rg -c ENCOUNTER_(START|END)": ("rg", "-c", "ENCOUNTER_(START|END)"),
}
LATEST = 1200.0


def run(*, quick: bool) -> Iterator[Finding]:
    size = QUICK_SIZE if quick else SIZE
    with TemporaryDirectory() as name, daemon_home(Path(name) / "daemon") as daemon:
        folder = Path(name) / "Logs"
        folder.mkdir()
        log = folder / "WoWCombatLog-010126_000000.txt"
        fights = wow_log.write(log, size)
        make_quiet(log)
        megabytes = log.stat().st_size / 1e6
        peers = {what: counted(command, log) for what, command in PEERS.items() if shutil.which(command[0])}
        taken, idle, peak = cut(daemon, folder, fights)
    for what, peer in peers.items():
        yield Finding(
            benchmark="big_log",
            what=f"{megabytes:.0f} MB, {fights} fights",
            unit="MB/s",
            values=(megabytes / taken,),
            peer=what,
            peer_values=(megabytes / peer,),
        )
    for what in PEERS.keys() - peers.keys():
        yield Finding(benchmark="big_log", what=what, reason=f"{PEERS[what][0]} is not installed")
    yield Finding(
        benchmark="big_log", what="peak memory over idle", unit="MiB", values=((peak - idle) / 2**20,), target=MEMORY
    )


def counted(command: Sequence[str], log: Path) -> float:
    """Seconds that a program takes; once before, so that everybody finds the file in the cache."""

    def work() -> None:
        subprocess.run([*command, str(log)], check=True, stdout=subprocess.PIPE)  # noqa: S603 -- ours, no shell

    work()
    return seconds(work)


def cut(daemon: DaemonHome, folder: Path, fights: int) -> tuple[float, int, int]:
    """Seconds from naming the source to the last session; bytes resident before, and at most."""
    daemon.configure(sources={}, destinations={})
    process = psutil.Process(daemon.start().pid)
    idle = peak = process.memory_info().rss
    began = time.perf_counter()
    daemon.command("sources", "add", SOURCE, "--path", str(folder))

    def found() -> bool:
        nonlocal peak
        with suppress(psutil.Error):
            peak = max(peak, process.memory_info().rss)
        return daemon.client.status().counts.found >= fights

    until(found, f"{fights} sessions", seconds=LATEST, every=0.2)
    taken = time.perf_counter() - began
    number = daemon.client.status().counts.found
    if number != fights:
        raise NotMeasured(f"{number} sessions of {fights} fights")
    return taken, idle, peak
