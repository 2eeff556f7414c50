"""What a daemon costs while nothing happens, beside a bare aiohttp server that is measured in the same seconds."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.harness import Finding, NotMeasured
from tests.acceptance.running import DESTINATION, DaemonHome, Programs, daemon_home, make_quiet, until
from tests.factories import START, artemis_document, encode_document, file_name, journal

ABOUT = "an idle daemon that watches both sources; the peer is a bare aiohttp server, measured at the same time"
SETTLED = 8.0
"""Seconds from the last find to the first look: caches fill, imports end."""
WINDOW, QUICK_WINDOW, WINDOWS = 30.0, 9.0, 3
"""Seconds in all, and in how many parts."""
PEER = "bare aiohttp"
SERVER = """
import asyncio
from aiohttp import web
async def hello(request):
    return web.Response(text="hello")
async def main():
    app = web.Application()
    app.router.add_get("/", hello)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print("ready", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


@dataclass(frozen=True)
class Usage:
    """What a process has used so far, or in one minute."""

    at: float
    cpu_ms: float
    switches: float
    memory: Mapping[str, float]

    def since(self, before: Usage) -> Usage:
        """A minute of what was between two looks."""
        minutes = (self.at - before.at) / 60
        cpu_ms, switches = self.cpu_ms - before.cpu_ms, self.switches - before.switches
        return Usage(self.at, cpu_ms / minutes, switches / minutes, self.memory)


def run(*, quick: bool) -> Iterator[Finding]:
    if sys.platform != "linux":
        raise NotMeasured("the figures are read from /proc")
    with TemporaryDirectory() as folder, ExitStack() as stack:
        daemon = stack.enter_context(daemon_home(Path(folder) / "daemon"))
        peers = Programs(Path(folder) / "peer")
        stack.callback(peers.clear_away)
        furnish(daemon, Path(folder) / "games")
        ours = daemon.start()
        peer = peers.start("peer", (sys.executable, "-c", SERVER), {"PATH": os.environ["PATH"]})
        until(lambda: "ready" in peer.words, "the peer")
        until(lambda: daemon.client.status().counts.found == 40, "all sessions found")
        time.sleep(SETTLED)  # no answer tells that a process has come to rest
        window = (QUICK_WINDOW if quick else WINDOW) / WINDOWS
        looks = [(usage(ours.pid), usage(peer.pid))]
        for _ in range(WINDOWS):
            time.sleep(window)  # the measurement itself
            looks.append((usage(ours.pid), usage(peer.pid)))
    for what in ("RSS", "PSS", "USS"):
        yield finding(what, "MiB", [(mine.memory[what], theirs.memory[what]) for mine, theirs in looks[1:]])
    spans = [(late[0].since(early[0]), late[1].since(early[1])) for early, late in pairwise(looks)]
    yield finding("CPU", "ms/min", [(mine.cpu_ms, theirs.cpu_ms) for mine, theirs in spans])
    yield finding("context switches", "/min", [(mine.switches, theirs.switches) for mine, theirs in spans])


def finding(what: str, unit: str, values: list[tuple[float, float]]) -> Finding:
    ours, peer = zip(*values, strict=True)
    return Finding(benchmark="idle", what=what, unit=unit, values=ours, peer=PEER, peer_values=peer)


def furnish(daemon: DaemonHome, games: Path) -> None:
    """Two folders with twenty finished sessions each, and a destination that waits for consent."""
    for name in ("artemis", "elite-dangerous"):
        (games / name).mkdir(parents=True)
    for number in range(20):
        document = artemis_document(number, start=START + number * timedelta(hours=2))
        flight = journal(number, start=START + number * timedelta(hours=2))
        for file, content in (
            (games / "artemis" / file_name(document), encode_document(document)),
            (games / "elite-dangerous" / flight.name, flight.encode()),
        ):
            file.write_bytes(content)
            make_quiet(file)
    sources = {name: (name, games / name) for name in ("artemis", "elite-dangerous")}
    daemon.configure(sources=sources, destinations={DESTINATION: "https://games.example.org"})


def usage(pid: int) -> Usage:
    """CPU time and context switches of all its threads."""
    nanoseconds, switches = 0, 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError):  # a thread that ended meanwhile
            nanoseconds += int((task / "schedstat").read_text("ascii").split()[0])
            lines = (task / "status").read_text("utf-8", "replace").splitlines()
            switches += sum(int(line.split()[1]) for line in lines if "ctxt_switches" in line)
    return Usage(time.monotonic(), nanoseconds / 1e6, switches, memory(pid))


def memory(pid: int) -> dict[str, float]:
    """MiB: resident, its proportional share, and what is its own alone."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii", "replace").splitlines()[1:]
    kib = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
    own = kib["Private_Clean"] + kib["Private_Dirty"]
    return {"RSS": kib["Rss"] / 1024, "PSS": kib["Pss"] / 1024, "USS": own / 1024}
