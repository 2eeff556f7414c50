"""Ten minutes of bad luck: the network breaks, the daemon and the collector are killed, and the accounts add up (R-D32)."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from logferry_ipc.messages import Counts
from logferry_model.errors import LogferryError
from tests.acceptance.playground import Playground, hunts, hurried
from tests.acceptance.running import (
    DESTINATION,
    CollectorHome,
    DaemonHome,
    collector_home,
    daemon_home,
    tell,
)
from tests.faults.scripts import as_date, in_seconds, portal, problem
from tests.faults.tcp import HEALTHY, UNANSWERED, End, Fault, Line, faults_before

pytestmark = [
    pytest.mark.accept,
    pytest.mark.faults,
    pytest.mark.slow,
    pytest.mark.long,
    pytest.mark.timeout(1_200),
]

SECONDS = 600
EVERY = 0.5
"""Seconds between two samples."""
SOON = timedelta(seconds=1)

TROUBLE: Sequence[Callable[[Random], Fault]] = (
    lambda _: UNANSWERED,
    lambda _: Fault(answer=problem(500, "Something broke")),
    lambda _: Fault(answer=problem(503, "Busy", retry_after=in_seconds(SOON))),
    lambda _: Fault(answer=problem(429, "Too many", retry_after=in_seconds(SOON))),
    lambda _: Fault(answer=problem(429, "Too many", retry_after=as_date(SOON))),
    lambda _: Fault(answer=portal()),
    lambda chance: Fault(up=Line(end=End.RESET, after=chance.randrange(2_000))),
    lambda chance: Fault(down=Line(end=End.CLOSE, after=chance.randrange(400))),
    lambda chance: Fault(down=Line(latency=chance.uniform(0.1, 2))),
    lambda chance: Fault(up=Line(rate=chance.uniform(2_000, 20_000), slices=200)),
)


@dataclass
class Sampled:
    """What the daemon said of its accounts, again and again."""

    samples: list[Counts] = field(default_factory=list)
    unanswered: int = 0
    wrong: list[tuple[int, Counts]] = field(default_factory=list)

    def take(self, daemon: DaemonHome, put: int) -> None:
        try:
            counts = daemon.client.status().counts
        except LogferryError:
            self.unanswered += 1  # it was killed a moment ago
            return
        known = self.samples[-1].found if self.samples else 0
        adds_up = counts.found == (
            counts.pending + counts.uploading + counts.uploaded + counts.failed + counts.held + counts.excluded
        )
        if not (adds_up and known <= counts.found <= put):
            self.wrong.append((put, counts))
        self.samples.append(counts)


def test_the_accounts_add_up_at_every_moment_of_ten_bad_minutes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chance, sampled = Random(20260304), Sampled()
    playground = Playground(tmp_path / "games")

    def plan(_: int, __: bytes) -> Fault:
        return chance.choice(TROUBLE)(chance) if chance.random() < 0.4 else short_lived(chance)

    with (
        collector_home(tmp_path / "collector") as collector,
        daemon_home(tmp_path / "daemon") as daemon,
        faults_before(collector.port, plan) as proxy,
    ):
        daemon.configure(sources=playground.sources, destinations={DESTINATION: proxy.url})
        daemon.start()
        daemon.agree(collector.key)
        moments = Moments(playground, daemon, collector, chance)
        until_over = time.monotonic() + SECONDS
        while time.monotonic() < until_over:
            moments.pass_by()
            sampled.take(daemon, moments.put)
            time.sleep(EVERY)  # samples are a matter of time, and decide nothing about it
        proxy.plan = lambda _, __: HEALTHY
        hurried(daemon, moments.put)
        sampled.take(daemon, moments.put)
        verdict = playground.judge(collector)
        tell(
            capsys,
            f"{len(sampled.samples)} samples, {len(sampled.wrong)} of them wrong; {proxy.broken} of {proxy.connections} "
            f"connections broken; {', '.join(f'{name} {times}' for name, times in sorted(moments.happened.items()))}",
            str(verdict),
        )
        assert "Traceback" not in daemon.own_words()
    assert not sampled.wrong
    assert len(sampled.samples) > SECONDS / 2
    assert proxy.broken > 50
    assert verdict.exactly_once, verdict


def short_lived(chance: Random) -> Fault:
    """Well until some answers went through it: a connection that stays would spare all others their trouble."""
    return Fault(down=Line(end=chance.choice([End.CLOSE, End.RESET]), after=chance.randrange(500, 8_000)))


@dataclass
class Moments:
    """What happens from one sample to the next."""

    playground: Playground
    daemon: DaemonHome
    collector: CollectorHome
    chance: Random
    put: int = 0
    happened: Counter[str] = field(default_factory=Counter)

    def pass_by(self) -> None:
        """A session or two are over, and now and then something else happens."""
        new = self.chance.randrange(3)
        self.playground.put(list(hunts(new, first=self.put)))
        self.put += new
        drawn = self.chance.random()
        for below, name, happen in (
            (0.02, "daemon killed", self._kill_daemon),
            (0.04, "collector killed", self._kill_collector),
            (0.06, "paused", lambda: self.daemon.command("pause", "--for", "5s")),
            (0.20, "all asked for", lambda: self.daemon.command("upload", "--all")),
        ):
            if drawn < below:
                self.happened[name] += 1
                happen()
                return

    def _kill_daemon(self) -> None:
        self.daemon.programs.started[-1].kill()
        self.daemon.start()

    def _kill_collector(self) -> None:
        self.collector.programs.started[-1].kill()
        self.collector.start()
