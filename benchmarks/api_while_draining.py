"""The local API while a backlog is read, packed and sent; times count from when a question should have been asked.

An open loop: a question is asked on time also when the one before is not answered yet, as people's programs do. It is
the smallest that there is, `/v1/hello`, so that the figure tells how long the daemon does not listen; `/v1/status` is
asked twice a second to see how far it has come.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

import aiohttp
import psutil

from benchmarks.harness import Finding, NotMeasured, Target
from logferry_ipc import endpoint
from tests.acceptance.running import (
    DESTINATION,
    HOST,
    CollectorHome,
    DaemonHome,
    collector_home,
    daemon_home,
    make_quiet,
    until,
)
from tests.factories import artemis_document

ABOUT = "GET /v1/hello 200 times a second, and the daemon's memory; lower is better"
IDLE = "the same daemon, idle"
RATE = 200
"""Questions a second."""
USUAL, HUGE = 2_500, 50_000
"""Events of a session."""
SETTLED = 12.0
"""Seconds after which a daemon rests: its worker ends after ten without work."""
PATIENCE = 600.0


@dataclass(frozen=True)
class Load:
    """What is drained, and what it is called."""

    what: str
    sessions: int
    events: int


def run(*, quick: bool) -> Iterator[Finding]:
    loads = (
        Load("sessions of 470 kB", 30 if quick else 200, USUAL),
        Load(f"sessions of {HUGE} events", 1 if quick else 3, HUGE),
    )
    with TemporaryDirectory() as name:
        for load in loads:
            yield from measured(Path(name) / str(load.events), load)


def measured(root: Path, load: Load) -> Iterator[Finding]:
    games = root / "games"
    games.mkdir(parents=True)
    with ExitStack() as stack:
        collector = stack.enter_context(collector_home(root / "collector"))
        daemon = stack.enter_context(daemon_home(root / "daemon"))
        process = started(daemon, collector, games)
        time.sleep(SETTLED)  # no answer tells that a process has come to rest
        before = process.memory_info().rss / 2**20
        idle = asyncio.run(asked(daemon, None))
        fill(games, load)
        draining = asyncio.run(asked(daemon, load.sessions))
        time.sleep(SETTLED)
        after = process.memory_info().rss / 2**20
    what = f"{load.sessions} {load.what}"
    for percent, target, stretch in ((50, None, None), (99, Target(3), Target(1.5))):
        yield Finding(
            benchmark="api_while_draining",
            what=f"p{percent}, {what}",
            unit="ms",
            values=(percentile(draining, percent),),
            peer=IDLE,
            peer_values=(percentile(idle, percent),),
            target=target,
            stretch=stretch,
        )
    yield Finding(
        benchmark="api_while_draining",
        what=f"RSS after, {what}",
        unit="MiB",
        values=(after,),
        peer="before",
        peer_values=(before,),
        target=Target(1.1),
        stretch=Target(1.03),
    )


def started(daemon: DaemonHome, collector: CollectorHome, games: Path) -> psutil.Process:
    """One that has its consent and nothing to do; what it does first is done once."""
    daemon.configure(sources={"hunts": ("artemis", games)}, destinations={DESTINATION: collector.url})
    program = daemon.start()
    daemon.agree(collector.key)
    fill(games, Load("warm-up", 3, 90), first=900_000)
    until(lambda: daemon.client.status().counts.uploaded == 3, "warmed up", seconds=PATIENCE)
    return psutil.Process(program.pid)


def fill(games: Path, load: Load, *, first: int = 0) -> None:
    documents = [
        artemis_document(seed + first, events=load.events, length=timedelta(minutes=90))
        for seed in range(min(5, load.sessions))
    ]
    for place in range(load.sessions):
        file = games / f"session-{first + place:06}.json"
        document = documents[place % len(documents)] | {"id": f"session-{first + place:06}"}
        half = file.with_suffix(".part")
        half.write_text(json.dumps(document), "utf-8")
        make_quiet(half).rename(file)


async def asked(daemon: DaemonHome, sessions: int | None) -> Sequence[float]:
    """Milliseconds of every question: for ten seconds, or until so many more sessions are uploaded."""
    found = endpoint.read(daemon.home.runtime)
    if found is None:
        raise NotMeasured("the daemon is gone")
    url, headers = f"http://{HOST}:{found.port}/v1", {"Authorization": f"Bearer {found.keys.token}"}
    taken: list[float] = []
    uploaded = 0

    async def ask(session: aiohttp.ClientSession, due: float) -> None:
        async with session.get(f"{url}/hello") as answer:
            await answer.read()
            if answer.status != 200:
                raise NotMeasured(f"it answered {answer.status}")
        taken.append(1000 * (time.perf_counter() - due))

    async def look(session: aiohttp.ClientSession) -> None:
        nonlocal uploaded
        async with session.get(f"{url}/status", headers=headers) as answer:
            uploaded = (await answer.json())["counts"]["uploaded"]

    async with aiohttp.ClientSession() as session, asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        began, number = time.perf_counter(), 0
        while (time.perf_counter() - began < 10) if sessions is None else (uploaded < sessions + 3):
            due = began + number / RATE
            await asyncio.sleep(max(due - time.perf_counter(), 0))
            group.create_task(ask(session, due))
            if number % (RATE // 2) == 0:
                group.create_task(look(session))
            number += 1
    return taken


def percentile(taken: Sequence[float], percent: int) -> float:
    return quantiles(taken, n=100)[percent - 1]
