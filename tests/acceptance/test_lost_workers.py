"""A daemon whose workers the system ends and stops, again and again: no session is lost, doubled or set aside for it."""

from __future__ import annotations

import random
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from logferry_ipc.messages import Counts
from tests.acceptance.playground import Playground, hunts
from tests.acceptance.running import DESTINATION, DaemonHome, Program, collector_home, daemon_home, tell, until

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(400)]

SESSIONS = 300
KILLS = 6
SEED = 11


def workers(program: Program) -> list[psutil.Process]:
    """Of this daemon, by who started them."""
    found = []
    for one in psutil.Process(program.pid).children():
        with suppress(psutil.Error):
            if "logferry_daemon.workshop.worker" in one.cmdline():
                found.append(one)
    return found


def counts(daemon: DaemonHome) -> Counts:
    """As of now; what was found is always somewhere."""
    now = daemon.client.status().counts
    assert now.found == now.pending + now.uploading + now.uploaded + now.failed + now.held + now.excluded
    assert now.failed == 0
    return now


def test_workers_that_are_killed_and_stopped_cost_no_session(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dice = random.Random(SEED)
    with collector_home(tmp_path / "collector") as collector, daemon_home(tmp_path / "daemon") as daemon:
        playground = Playground(tmp_path / "games")
        daemon.configure(sources=playground.sources, destinations={DESTINATION: collector.url})
        program = daemon.start()
        daemon.agree(collector.key)
        playground.put(list(hunts(SESSIONS)))
        killed = 0
        while killed < KILLS and counts(daemon).uploaded < SESSIONS:
            time.sleep(dice.random() * 0.2)
            for one in workers(program)[:1]:
                with suppress(psutil.NoSuchProcess):
                    one.kill()
                    killed += 1
        stopped = until(lambda: workers(program)[:1], "a worker", seconds=30, every=0.01)[0]
        stopped.suspend()
        before = counts(daemon).uploaded
        until(lambda: counts(daemon).uploaded == SESSIONS, "all uploaded", seconds=200, every=0.2)
        until(lambda: not stopped.is_running(), "nothing of the stopped one", seconds=60)
        verdict = playground.judge(collector)
        tell(capsys, f"seed {SEED}: {killed} workers killed, 1 stopped at {before} of {SESSIONS}: {verdict}")
        assert killed > 0
        assert verdict.exactly_once, verdict
