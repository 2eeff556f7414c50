"""Ten thousand sessions wait for a destination: they go oldest first, and the daemon does not grow over it (F36)."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from tests.acceptance.delivered import stored_in
from tests.acceptance.playground import Playground, hunts
from tests.acceptance.running import DESTINATION, CollectorHome, DaemonHome, collector_home, daemon_home, tell, until

pytestmark = [
    pytest.mark.accept,
    pytest.mark.faults,
    pytest.mark.slow,
    pytest.mark.long,
    pytest.mark.timeout(1_500),
]

SESSIONS = 10_000
OUT_OF_PLACE = 200
"""How far from its place in order a session may arrive: those that are sent together overtake each other."""
GROWTH = 1.2
"""Of the memory over the last nine tenths of the drain, as performance.md's row 16 allows with room for noise."""


def test_ten_thousand_sessions_go_oldest_first_in_flat_memory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    playground = Playground(tmp_path / "games")
    # All of them long over: what ends after its source was followed goes before what was there.
    playground.put(list(hunts(SESSIONS, apart=timedelta(minutes=20))))
    with collector_home(tmp_path / "collector") as collector, daemon_home(tmp_path / "daemon") as daemon:
        daemon.configure(sources=playground.sources, destinations={DESTINATION: collector.url})
        program = daemon.start()
        until(lambda: daemon.client.status().counts.held == SESSIONS, "all found", seconds=600, every=1)
        daemon.agree(collector.key)
        began = time.monotonic()
        memory = drained(daemon, psutil.Process(program.pid))
        took = time.monotonic() - began
        tenth, worst = memory[len(memory) // 10], out_of_place(collector)
        verdict = playground.judge(collector)
        tell(
            capsys,
            f"{verdict}; drained in {took:.0f} s ({SESSIONS / took:.0f} a second), at most {worst} out of place",
            f"MiB before {memory[0]:.0f}, at a tenth {tenth:.0f}, at most {max(memory):.0f}, at the end {memory[-1]:.0f}",
        )
    assert verdict.exactly_once, verdict
    assert worst <= OUT_OF_PLACE
    assert max(memory[len(memory) // 10 :]) <= GROWTH * tenth


def drained(daemon: DaemonHome, process: psutil.Process) -> list[float]:
    """MiB, again and again until all is uploaded."""
    memory = [_mebibytes(process)]

    def done() -> bool:
        memory.append(_mebibytes(process))
        return daemon.client.status().counts.uploaded == SESSIONS

    until(done, f"{SESSIONS} sessions uploaded", seconds=900, every=0.5)
    return memory


def _mebibytes(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 2**20


def out_of_place(collector: CollectorHome) -> int:
    """The most places between where a session arrived and where it belongs by its start."""
    arrived = [one.started_at for one in stored_in(collector.database)]
    belongs = {started: place for place, started in enumerate(sorted(arrived))}
    return max(abs(place - belongs[started]) for place, started in enumerate(arrived))
