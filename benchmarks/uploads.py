"""Sending alone: bodies that are ready, four at a time, by the daemon's own sender, beside curl and aiohttp alone.

The server says yes at once, so the time is the client's own: beside aiohttp it tells what the sender adds to it, and
beside curl what aiohttp is.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp

from benchmarks.harness import Case, Finding, NotMeasured, Target, absent, compared, interleave, seconds
from benchmarks.sink import sink
from logferry_daemon.adapters.send_http import open_sender
from logferry_daemon.core.exchange import Request

ABOUT = "bodies of 52 kB to a server that keeps nothing; lower is better; curl's start is in its time"
OURS, BARE = "our sender, 4 at a time", "aiohttp alone, 4 at a time"
ONE, MANY = "curl, one by one", "curl -Z, 4 at a time"
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
        cases: dict[str, Case] = {
            OURS: lambda: runner.run(ours(url, bodies)),
            BARE: lambda: runner.run(bare(url, bodies)),
        }
        with_curl = not absent("curl")
        if with_curl:
            glob = f"{folder}/body[0000-{number - 1:04}]"
            cases[ONE] = lambda: curl("-T", glob, f"{url}/")
            cases[MANY] = lambda: curl("-Z", "--parallel-max", str(AT_ONCE), "-T", glob, f"{url}/")
        interleave(cases, 1)
        values = interleave(cases, rounds)
    what = f"{number} bodies"
    if not with_curl:
        yield Finding(benchmark="uploads", what=f"{what} / curl", reason="curl is not on this computer")
    for peer in (ONE, MANY, BARE) if with_curl else (BARE,):
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

        async def send(body: bytes) -> int:
            return (await sender.send(url, Request(method="PUT", path="/body", body=body), {})).status

        return await sent(bodies, send)


async def bare(url: str, bodies: Sequence[bytes]) -> float:
    """The same by aiohttp as it comes, which waits without an end and believes everything."""
    async with aiohttp.ClientSession() as session:

        async def send(body: bytes) -> int:
            async with session.put(f"{url}/body", data=body) as answer:
                await answer.read()
                return answer.status

        return await sent(bodies, send)


async def sent(bodies: Sequence[bytes], send: Callable[[bytes], Awaitable[int]]) -> float:
    """How long it took until all were answered."""
    left = iter(bodies)

    async def work() -> None:
        for body in left:
            if (status := await send(body)) != 200:
                raise NotMeasured(f"it was answered with {status}")

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
