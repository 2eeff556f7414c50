"""One daemon, one network that can break, one collector, and the sessions between them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from logferry_ipc.messages import Attention, RetryRequest
from logferry_model.errors import LogferryError
from tests.acceptance.delivered import Play, Verdict, judge, plays_in, stored_in
from tests.acceptance.matrix.cells import RESULTS, Cell
from tests.acceptance.playground import Playground, hunts
from tests.acceptance.running import (
    DESTINATION,
    CollectorHome,
    DaemonHome,
    Program,
    TooLate,
    collector_home,
    daemon_home,
    until,
)
from tests.faults.tcp import FaultProxy, Plan, faults_before, healthy

PLAIN: Mapping[str, str] = {}
SESSIONS = 30
"""A cell, where nothing else is said."""
WITHIN = 5.0
"""Seconds in which the status says what is wrong."""
EFFECTS = ("wait", "nothing new is taken in", "stay in their files", "read again from its files", "was refused by")
NEXT = ("next try at", "right now", "until you", "again every", "room is looked for every", "Agree again", "try again")


@dataclass
class World:
    """Everything, running."""

    playground: Playground
    collector: CollectorHome
    proxy: FaultProxy
    daemon: DaemonHome
    program: Program
    began: float = field(default_factory=time.monotonic)
    put: int = 0
    said: str | None = None
    told: bool = False
    truth: Counter[Play] = field(default_factory=Counter)

    def play(self, number: int = SESSIONS) -> None:
        """So many more finished sessions lie in the folder."""
        files = list(hunts(number, first=self.put))
        self.put += number
        self.playground.put(files)
        self.truth = plays_in(self.playground.artemis)

    def broken(self, plan: Plan, number: int = SESSIONS) -> None:
        """The network is like that, and there is something to send over it."""
        self.proxy.plan = plan
        self.play(number)

    def hears(self, *causes: str, within: float = WITHIN) -> None:
        """The status says one of these, with effect and what comes next, in one sentence."""
        self.told = True
        try:
            self.said = until(lambda: self._sentence(causes), f"a sentence with {causes}", seconds=within, every=0.1)
        except TooLate as late:
            raise AssertionError(f"{late}; the status says {self._attention()}") from None

    def _attention(self) -> tuple[Attention, ...]:
        try:
            return self.daemon.client.status().attention
        except LogferryError as error:
            return (Attention(code=error.code, message=error.message, hint=error.hint),)

    def _sentence(self, causes: tuple[str, ...]) -> str | None:
        return next((one.message for one in self._attention() if is_clear(one, causes)), None)

    def heal(self) -> None:
        """The network is well again."""
        self.proxy.plan = healthy

    def drained(self, *, but: int = 0, seconds: float = 120.0) -> None:
        """Everything has arrived; waits for no pause that the daemon would keep by itself."""
        wanted = self.truth.total() - but

        def nudge() -> bool:
            try:
                self.daemon.client.retry(RetryRequest())
                self.daemon.client.upload_all()
                counts = self.daemon.client.status().counts
            except LogferryError:
                return False  # the queue cannot be used just now, or a daemon begins anew
            return counts.uploaded == counts.found == wanted

        until(nudge, f"{wanted} sessions uploaded", seconds=seconds, every=0.25)

    def drains_by_itself(self, *, seconds: float) -> None:
        """The same without anybody who helps."""
        self.daemon.settled(self.truth.total(), seconds=seconds)

    def judge(self, fault: int, variant: str = "", *, seed: int = 0) -> Verdict:
        """The set checker; notes the cell before anything can fail."""
        verdict = judge(self.truth, self.collector)
        stored = stored_in(self.collector.database)
        # What trust.md calls a duplicate: a new revision of a report is none.
        rows = Counter((one.account, one.natural_key, one.digest) for one in stored)
        doubled = (
            sum(rows.values())
            - len(rows)
            + len({one.report for one in stored})
            - len({one.natural_key for one in stored})
        )
        RESULTS.append(
            Cell(
                fault=fault,
                variant=variant,
                seed=seed,
                sessions=self.truth.total(),
                lost=len(verdict.lost),
                doubled=doubled,
                said=self.said,
                told=self.told,
                seconds=time.monotonic() - self.began,
            )
        )
        assert not verdict.lost, verdict
        assert not doubled, verdict
        assert not verdict.damaged, verdict
        assert "Traceback" not in self.daemon.own_words()
        return verdict


def is_clear(one: Attention, causes: tuple[str, ...]) -> bool:
    """Whether this names one of the causes, an effect and what comes next, in one sentence."""
    whole = f"{one.message} {one.hint}"
    return (
        any(cause in one.message for cause in causes)
        and any(effect in one.message for effect in EFFECTS)
        and any(then in whole for then in NEXT)
        and "Traceback" not in whole
        and "\n" not in one.message
        # Abbreviations and file names have points in them; the end of a sentence has a space behind it.
        and ". " not in one.message.rstrip()
    )


@contextmanager
def world(
    folder: Path, *, before: tuple[str, ...] = (), seconds: float = 30.0, extra: Mapping[str, str] = PLAIN
) -> Iterator[World]:
    """A daemon that may send, and has nothing to send yet.

    `before` are words in front of its command line, `extra` more variables for it.
    """
    playground = Playground(folder / "games")
    with (
        collector_home(folder / "collector") as collector,
        faults_before(collector.port) as proxy,
        daemon_home(folder / "daemon") as daemon,
    ):
        daemon.extra |= extra
        daemon.configure(sources=playground.sources, destinations={DESTINATION: proxy.url})
        program = daemon.start(*before, seconds=seconds)
        daemon.agree(collector.key)
        yield World(playground=playground, collector=collector, proxy=proxy, daemon=daemon, program=program)
