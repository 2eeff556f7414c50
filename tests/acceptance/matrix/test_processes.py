"""Cells in which a process ends or stops in the worst moment: F1, F2, F4, F31, F35."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from random import Random

import pytest

from logferry_ipc.messages import RetryRequest
from tests.acceptance.matrix.world import SESSIONS, WITHIN, world
from tests.acceptance.running import DESTINATION, daemon_home, until
from tests.conftest import only_on
from tests.faults.tcp import HEALTHY, Fault, Line

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(300)]
SEEDS = (1, 2, 3)
SLOW = Fault(down=Line(latency=0.05))
FAILED = 1


@pytest.mark.parametrize("seed", SEEDS)
def test_f01_a_daemon_that_is_killed_at_random_moments(tmp_path: Path, seed: int) -> None:
    chance = Random(seed)
    with world(tmp_path) as w:
        w.proxy.plan = lambda _, __: SLOW
        for _ in range(4):
            w.play(SESSIONS // 4)
            time.sleep(chance.uniform(0.0, 1.0))  # the moment itself: nothing is waited for
            w.daemon.programs.started[-1].kill()
            began = time.monotonic()
            w.daemon.start()
            assert time.monotonic() - began < 3 * WITHIN
        w.drained()
        w.judge(1, "4 kills", seed=seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_f02_a_daemon_that_dies_with_the_answer_on_its_way(tmp_path: Path, seed: int) -> None:
    with world(tmp_path) as w:
        posts = 0

        def plan(_: int, first: bytes) -> Fault:
            nonlocal posts
            posts += first.startswith(b"POST")
            return Fault(down=Line(latency=30.0)) if posts >= seed else HEALTHY

        w.broken(plan)
        # Stored over there; the answers wait at the door.
        until(lambda: w.proxy.broken >= 1, "an answer on its way")
        until(lambda: w.daemon.client.status().counts.uploading, "uploads under way", every=0.01)
        time.sleep(0.3)  # the commit over there
        w.program.kill()
        w.heal()
        w.daemon.start()
        w.drained()
        w.judge(2, "answer at the door", seed=seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_f04_a_collector_that_is_killed_in_the_middle_of_requests(tmp_path: Path, seed: int) -> None:
    chance = Random(seed)
    with world(tmp_path) as w:
        for number in range(3):
            w.play(SESSIONS // 3)
            w.daemon.client.upload_all()
            time.sleep(chance.uniform(0.0, 0.3))  # the moment itself: nothing is waited for
            w.collector.programs.started[-1].kill()
            if number == 0:
                w.play(5)
                w.daemon.client.retry(RetryRequest())
                w.hears("connection broke", "no connection", "does not work", within=15)
            w.collector.start()
        w.drained()
        w.judge(4, "3 kills", seed=seed)


def test_f31_a_second_daemon_of_one_home_is_refused_and_one_of_another_is_recognised(tmp_path: Path) -> None:
    with world(tmp_path) as w, daemon_home(tmp_path / "other") as other:
        assert w.daemon.command("run", seconds=30).code == FAILED
        other.configure(sources=w.playground.sources, destinations={DESTINATION: w.proxy.url})
        other.start()
        other.agree(w.collector.key)
        w.play()
        w.drained()
        other.settled(SESSIONS)
        w.judge(31, "same account and files")


@only_on("linux", "darwin")
def test_f35_a_computer_that_sleeps_in_the_middle_of_uploads(tmp_path: Path) -> None:
    if sys.platform == "win32":
        pytest.fail("nothing can be stopped and continued there")
    with world(tmp_path) as w:
        w.broken(lambda _, __: SLOW)
        until(lambda: w.daemon.client.status().counts.uploaded, "the first ones", every=0.02)
        for pid in (w.program.pid, w.collector.programs.started[-1].pid):
            os.kill(pid, signal.SIGSTOP)
        time.sleep(8)  # asleep: longer than connections are kept
        for pid in (w.collector.programs.started[-1].pid, w.program.pid):
            os.kill(pid, signal.SIGCONT)
        w.drained()
        w.judge(35, "stopped for 8 s")
