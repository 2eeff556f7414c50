"""Every finished session reaches the collector once, whoever is killed on the way: daemon, collector or connection."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from logferry_ipc.messages import RetryRequest
from tests.acceptance.delivered import plays_in
from tests.acceptance.playground import READY_AGAIN, Playground, agreed, hunts, hurried, moment, recovered, stage
from tests.acceptance.proxy import proxy_to
from tests.acceptance.running import (
    DESTINATION,
    CollectorHome,
    DaemonHome,
    Program,
    copy_quiet,
    daemon_home,
    tell,
    until,
)
from tests.conftest import SAMPLES, needs_samples

pytestmark = [pytest.mark.accept, pytest.mark.slow, pytest.mark.timeout(400)]

KILLS = 20


@pytest.fixture
def playground(tmp_path: Path) -> Playground:
    return Playground(tmp_path / "games")


@pytest.fixture
def daemon(tmp_path: Path, playground: Playground, collector: CollectorHome) -> Iterator[DaemonHome]:
    with daemon_home(tmp_path / "daemon") as daemon:
        daemon.configure(sources=playground.sources, destinations={DESTINATION: collector.url})
        yield daemon


@needs_samples("elite")
def test_every_real_journal_and_every_hunt_arrives_once(
    playground: Playground, collector: CollectorHome, daemon: DaemonHome, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in sorted((SAMPLES / "elite").iterdir()):
        copy_quiet(file, playground.elite)
    playground.put(list(hunts(25)))
    plays = playground.number_of_plays
    first = daemon.start()
    daemon.agree(collector.key)
    daemon.settled(plays)
    # What a later look, an impatient person or a restart may send a second time.
    daemon.client.upload_all()
    daemon.settled(plays)
    assert first.stop() == 0
    daemon.start()
    daemon.client.upload_all()
    daemon.settled(plays)
    verdict = playground.judge(collector)
    tell(
        capsys,
        f"undisturbed: {verdict}",
    )
    assert verdict.exactly_once, verdict
    assert plays_in(playground.elite).total() == 23
    assert "Traceback" not in daemon.own_words()


@needs_samples("elite")
def test_a_daemon_killed_at_random_moments_loses_and_doubles_nothing(
    playground: Playground, collector: CollectorHome, daemon: DaemonHome, capsys: pytest.CaptureFixture[str]
) -> None:
    random = Random(20260301)
    agreed(daemon, collector)
    journals, served = sorted((SAMPLES / "elite").iterdir()), 0
    moments = [moment(random, number, of=KILLS) for number in range(KILLS)]
    random.shuffle(moments)
    recoveries: list[float] = []
    hit: Counter[str] = Counter()
    for number, delay in enumerate(moments):
        # New work every time, so that there is always something to interrupt.
        playground.put(list(hunts(40, first=1000 + 40 * number)))
        share = len(journals) * (number + 1) // KILLS
        for file in journals[served:share]:
            copy_quiet(file, playground.elite)
        served = share
        # Half of the moments count from the start of the process, half from the moment when it is ready.
        program = recovered(daemon, recoveries) if number % 2 else daemon.launch()
        began = time.monotonic()
        time.sleep(max(0.0, began + delay - time.monotonic()))  # the moment itself: nothing is waited for
        program.kill()
        hit[stage(daemon, playground, collector)] += 1
        if number % 2 == 0:
            recovered(daemon, recoveries).kill()  # the next one is not waited for
    recovered(daemon, recoveries)
    assert len(recoveries) > KILLS
    plays = playground.number_of_plays
    hurried(daemon, plays)
    verdict = playground.judge(collector)
    tell(
        capsys,
        f"killed {KILLS} times: {verdict}; ready again within {max(recoveries):.2f} s at most",
        "interrupted: " + ", ".join(f"{name} {times}" for name, times in sorted(hit.items())),
    )
    assert verdict.exactly_once, verdict
    assert max(recoveries) < READY_AGAIN
    assert "Traceback" not in daemon.own_words()


@dataclass
class Losses:
    """Loses some answers: which, is a matter of the seed."""

    random: Random
    most: int

    def __call__(self, number: int) -> bool:
        lose = self.most > 0 and self.random.random() < 0.4
        self.most -= lose
        return lose


def test_answers_that_are_lost_after_the_collector_has_stored_double_nothing(
    playground: Playground, collector: CollectorHome, daemon: DaemonHome, capsys: pytest.CaptureFixture[str]
) -> None:
    with proxy_to(collector.port, Losses(Random(7), most=25)) as proxy:
        daemon.configure(sources=playground.sources, destinations={DESTINATION: proxy.url})
        playground.put(list(hunts(60)))
        daemon.start()
        daemon.agree(collector.key)
        hurried(daemon, 60)
        verdict = playground.judge(collector)
        tell(
            capsys,
            f"{proxy.lost} answers lost of {len(proxy.requests)}: {verdict}",
        )
        assert proxy.lost == 25
    assert verdict.exactly_once, verdict
    assert "Traceback" not in daemon.own_words()


def test_a_daemon_killed_while_its_answer_is_lost_doubles_nothing(
    playground: Playground, collector: CollectorHome, daemon: DaemonHome, capsys: pytest.CaptureFixture[str]
) -> None:
    """The worst moment: the collector has stored, the answer never comes, and the daemon dies."""
    with proxy_to(collector.port, lambda number: number <= 8) as proxy:
        daemon.configure(sources=playground.sources, destinations={DESTINATION: proxy.url})
        playground.put(list(hunts(20)))
        first = daemon.start()
        daemon.agree(collector.key)
        until(lambda: proxy.lost >= 4, "lost answers", every=0.001)
        first.kill()
        began = time.monotonic()
        daemon.start()
        took = time.monotonic() - began
        hurried(daemon, 20)
        verdict = playground.judge(collector)
        tell(
            capsys,
            f"killed with {proxy.lost} answers lost: {verdict}; ready again within {took:.2f} s",
        )
    assert verdict.exactly_once, verdict
    assert took < READY_AGAIN


def test_a_collector_that_is_killed_and_comes_back_has_everything_once(
    playground: Playground, collector: CollectorHome, daemon: DaemonHome, capsys: pytest.CaptureFixture[str]
) -> None:
    random = Random(11)
    agreed(daemon, collector)
    daemon.start()
    program = collector.programs.started[-1]
    for number in range(5):
        playground.put(list(hunts(40, first=100 * number)))
        kill_at_work(daemon, program, before=random.uniform(0.0, 0.15))
        program = collector.start()
    hurried(daemon, 200)
    verdict = playground.judge(collector)
    tell(
        capsys,
        f"collector killed 5 times: {verdict}",
    )
    assert verdict.exactly_once, verdict
    assert "Traceback" not in daemon.own_words()


def kill_at_work(daemon: DaemonHome, collector: Program, *, before: float) -> None:
    """Kills the collector `before` seconds after it was sent the first of what is new."""
    uploaded = daemon.client.status().counts.uploaded

    def at_work() -> bool:
        daemon.client.retry(RetryRequest())
        daemon.client.upload_all()
        return daemon.client.status().counts.uploaded > uploaded

    until(at_work, "uploads")
    time.sleep(before)  # the moment itself: nothing is waited for
    collector.kill()
