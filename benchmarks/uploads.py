"""Sending alone: bodies that are ready, four at a time, by the daemon's own sender, beside curl."""

from __future__ import annotations

import asyncio
import random
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.harness import Case, Finding, NotMeasured, Target, absent, compared, interleave, seconds
from benchmarks.sink import sink
from logferry_daemon.adapters.send_http import open_sender
from logferry_daemon.core.exchange import Request

ABOUT = "bodies of 52 kB to a server that keeps nothing; lower is better; curl's start is in its time"
OURS, ONE, MANY = "our sender, 4 at a time", "curl, one by one", "curl -Z, 4 at a time"
SIZE = 52_600
AT_ONCE = 4


def run(*, quick: bool) -> Iterator[Finding]:
    number, rounds = (200, 3) if quick else (1_000, 7)
    dice = random.Random(1)
    bodies = [dice.randbytes(SIZE) for _ in range(number)]
    with TemporaryDirectory() as name, sink() as url, asyncio.Runner() as runner:
        folder = Path(name)
        for place, body in enumerate(bodies):
            (folder / f"body{place:04}").write_bytes(body)
        cases: dict[str, Case] = {OURS: lambda: runner.run(ours(url, bodies))}
        peers = [] if absent("curl") else [ONE, MANY]
        if peers:
            glob = f"{folder}/body[0000-{number - 1:04}]"
            cases[ONE] = lambda: curl("-T", glob, f"{url}/")
            cases[MANY] = lambda: curl("-Z", "--parallel-max", str(AT_ONCE), "-T", glob, f"{url}/")
        interleave(cases, 1)
        values = interleave(cases, rounds)
    what = f"{number} bodies"
    if not peers:
        yield Finding(benchmark="uploads", what=what, unit="s", values=values[OURS])
        yield Finding(benchmark="uploads", what=f"{what} / curl", reason="curl is not on this computer")
    for peer in peers:
        first = peer == ONE
        yield from compared(
            "uploads",
            what,
            "s",
            values,
            ours=OURS,
            peers=(peer,),
            target=Target(1.4) if first else None,
            stretch=Target(1.0) if first else None,
        )


async def ours(url: str, bodies: Sequence[bytes]) -> float:
    """Every body once; the sender is that of a daemon which runs already."""
    async with open_sender("logferry/0") as sender:
        left = iter(bodies)

        async def work() -> None:
            for body in left:
                answer = await sender.send(url, Request(method="PUT", path="/body", body=body), {})
                if answer.status != 200:
                    raise NotMeasured(f"it was answered with {answer.status}")

        began = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
        return time.perf_counter() - began


def curl(*words: str) -> float:
    """A whole run of it."""
    return seconds(lambda: ran(("curl", "-s", "-f", "-o", "/dev/null", "-H", "Expect:", *words)))


def ran(command: Sequence[str], folder: Path | None = None) -> None:
    """To its end, with success."""
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=600)  # noqa: S603 -- peers
    if done.returncode:
        raise NotMeasured(f"{command[0]} ended with {done.returncode}: {done.stderr[-200:]!r}")
