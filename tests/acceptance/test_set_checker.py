"""The set checker: two hundred sessions at a time, and a daemon that is killed five hundred times over them (R-D2)."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from random import Random

import pytest

from tests.acceptance.delivered import Verdict
from tests.acceptance.playground import READY_AGAIN, Playground, agreed, hunts, hurried, moment, recovered, stage
from tests.acceptance.proxy import proxy_to
from tests.acceptance.running import DESTINATION, CollectorHome, DaemonHome, collector_home, daemon_home, tell

pytestmark = [
    pytest.mark.accept,
    pytest.mark.faults,
    pytest.mark.slow,
    pytest.mark.long,
    pytest.mark.timeout(1_200),
]

ROUNDS = 10
SESSIONS = 200
"""A round."""
BATCH = 8
"""New ones a kill, until all are there."""
KILLS = 50
"""A round, half of them while the daemon starts and half once it is ready."""
LATEST = 1.0
SLOW = (0.0, 0.05, 0.15)
"""Seconds that an answer takes, round by round: without any, most is sent before the first kill."""


@dataclass
class Tally:
    """What all rounds came to."""

    recoveries: list[float] = field(default_factory=list)
    hit: Counter[str] = field(default_factory=Counter)
    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def lines(self) -> Sequence[str]:
        lost = sum(len(one.lost) for one in self.verdicts)
        doubled = sum(len(one.doubled) for one in self.verdicts)
        killed = f"killed {self.hit.total()} times over {ROUNDS * SESSIONS} sessions: lost {lost}, doubled {doubled}"
        return (
            f"{killed}; ready again {len(self.recoveries)} times within {max(self.recoveries):.2f} s at most",
            "interrupted: " + ", ".join(f"{name} {times}" for name, times in sorted(self.hit.items())),
        )


def test_five_hundred_kills_lose_nothing_and_double_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally()
    for number, slow in zip(range(ROUNDS), cycle(SLOW), strict=False):
        with collector_home(tmp_path / f"{number}" / "collector") as collector:
            playground = Playground(tmp_path / f"{number}" / "games")
            with daemon_home(tmp_path / f"{number}" / "daemon") as daemon, proxy_to(collector.port, slow=slow) as proxy:
                daemon.configure(sources=playground.sources, destinations={DESTINATION: proxy.url})
                one_round(playground, daemon, collector, Random(number), tally)
    tell(capsys, *tally.lines)
    assert tally.hit.total() == ROUNDS * KILLS
    assert all(one.exactly_once for one in tally.verdicts), tally.verdicts
    assert max(tally.recoveries) < READY_AGAIN
    # Kills that find nothing to interrupt prove nothing.
    assert sum(times for name, times in tally.hit.items() if not name.startswith("after")) > ROUNDS * KILLS / 2


def one_round(
    playground: Playground, daemon: DaemonHome, collector: CollectorHome, random: Random, tally: Tally
) -> None:
    agreed(daemon, collector)
    moments = [moment(random, number, of=KILLS, latest=LATEST) for number in range(KILLS)]
    random.shuffle(moments)
    for number, delay in enumerate(moments):
        if BATCH * number < SESSIONS:
            playground.put(list(hunts(BATCH, first=BATCH * number)))
        program = recovered(daemon, tally.recoveries) if number % 2 else daemon.launch()
        began = time.monotonic()
        time.sleep(max(0.0, began + delay - time.monotonic()))  # the moment itself: nothing is waited for
        program.kill()
        tally.hit[stage(daemon, playground, collector)] += 1
    recovered(daemon, tally.recoveries)
    hurried(daemon, SESSIONS)
    tally.verdicts.append(playground.judge(collector))
    assert "Traceback" not in daemon.own_words()
