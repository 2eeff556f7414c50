"""Folders full of sessions, a daemon that is killed over them, and what it was at when that happened."""

from __future__ import annotations

import math
import shutil
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from logferry_ipc.messages import RetryRequest
from tests.acceptance.delivered import Verdict, judge, keys_in, plays_in
from tests.acceptance.running import CollectorHome, DaemonHome, Program, make_quiet, until
from tests.factories import artemis_document, encode_document, file_name

READY_AGAIN = 5.0
"""Seconds from the start of a daemon after a kill to its answer: the one bound on time here."""
BEGAN = datetime(2026, 2, 1, 18, 0, tzinfo=UTC)


def hunts(count: int, *, first: int = 0, apart: timedelta = timedelta(hours=1)) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of Artemis sessions, a different one a number."""
    for number in range(first, first + count):
        document = artemis_document(number, start=BEGAN + number * apart)
        yield file_name(document), encode_document(document)


@dataclass(frozen=True)
class Playground:
    """Two watched folders and everything that was put into them."""

    root: Path
    artemis: Path = field(init=False)
    elite: Path = field(init=False)

    def __post_init__(self) -> None:
        for name in ("artemis", "elite"):
            folder = self.root / name
            folder.mkdir(parents=True)
            object.__setattr__(self, name, folder)

    @property
    def sources(self) -> dict[str, tuple[str, Path]]:
        return {"hunts": ("artemis", self.artemis), "flights": ("elite-dangerous", self.elite)}

    def put(self, files: Sequence[tuple[str, bytes]]) -> None:
        """Finished files, written before they appear under their name."""
        for name, content in files:
            draft = self.root / name
            draft.write_bytes(content)
            draft.rename(self.artemis / name)
            make_quiet(self.artemis / name)

    def judge(self, collector: CollectorHome) -> Verdict:
        return judge(plays_in(self.artemis) + plays_in(self.elite), collector)

    @property
    def number_of_plays(self) -> int:
        return (plays_in(self.artemis) + plays_in(self.elite)).total()


def agreed(daemon: DaemonHome, collector: CollectorHome) -> None:
    """Consent and key, from a first run that finds empty folders."""
    first = daemon.start()
    daemon.agree(collector.key)
    assert first.stop() == 0


def hurried(daemon: DaemonHome, sessions: int, *, seconds: float = 120.0) -> None:
    """Returns when all is uploaded; waits for no pause that the daemon would keep by itself."""

    def nudge() -> bool:
        daemon.client.retry(RetryRequest())
        daemon.client.upload_all()
        counts = daemon.client.status().counts
        return counts.uploaded == counts.found == sessions

    until(nudge, f"{sessions} sessions uploaded", seconds=seconds, every=0.25)


def moment(random: Random, number: int, *, of: int, soonest: float = 0.05, latest: float = 2.0) -> float:
    """Seconds after a start, evenly over the decades: the first tenths hold most of what can be interrupted."""
    width = math.log(latest / soonest) / of
    return soonest * math.exp(width * (number + random.random()))


def recovered(daemon: DaemonHome, recoveries: list[float]) -> Program:
    """A daemon that answers, after a kill; notes how long that took."""
    began = time.monotonic()
    program = daemon.start()
    recoveries.append(time.monotonic() - began)
    return program


def stage(daemon: DaemonHome, playground: Playground, collector: CollectorHome) -> str:
    """What a killed daemon was at, from a copy of the spool that it left."""
    copy = daemon.root / "left"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    for file in daemon.home.state.glob("spool.db*"):
        shutil.copy2(file, copy)
    with closing(sqlite3.connect(copy / "spool.db")) as spool:
        states = dict(spool.execute("SELECT state, count(*) FROM deliveries GROUP BY state").fetchall())
        sending = {row[0] for row in spool.execute("SELECT idempotency_key FROM deliveries WHERE state = 'uploading'")}
        files = int(spool.execute("SELECT count(*) FROM files").fetchone()[0])
    there = len(list(playground.artemis.iterdir())) + len(list(playground.elite.iterdir()))
    if sending & keys_in(collector.database):
        return "stored over there, not yet noted here"
    if sending:
        return "in the middle of sending"
    if files < there:
        return "before or while reading"
    return "between two deliveries" if states.get("pending") else "after the last delivery"
