"""From the start of the daemon's process to its discovery file: then it can be found, and it answers."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.harness import Finding, NotMeasured, Target, compared, interleave, seconds
from tests.acceptance.running import DaemonHome, daemon_home, until

ABOUT = "process start to discovery file, both sources set; peers pay for their imports alone"
TARGET = Target(1.5, "s")
OURS, AIOHTTP, BARE = "logferry run", 'python -c "import aiohttp"', "python -c pass"


def run(*, quick: bool) -> Iterator[Finding]:
    with TemporaryDirectory() as folder, daemon_home(Path(folder) / "daemon") as daemon:
        sources = {}
        for name in ("artemis", "elite-dangerous"):
            (Path(folder) / name).mkdir()
            sources[name] = (name, Path(folder) / name)
        daemon.configure(sources=sources)
        cases = {
            OURS: lambda: start(daemon),
            AIOHTTP: lambda: seconds(lambda: python("import aiohttp")),
            BARE: lambda: seconds(lambda: python("pass")),
        }
        interleave(cases, 1)  # caches
        values = interleave(cases, 5 if quick else 11)
    yield from compared("daemon_ready", "start to ready", "s", values, ours=OURS, peers=(AIOHTTP, BARE), target=TARGET)


def start(daemon: DaemonHome) -> float:
    """One start; the daemon is ended afterwards, outside of the time."""
    file = daemon.home.runtime / "daemon.json"

    began = time.perf_counter()
    program = daemon.launch()
    until(file.exists, "the discovery file", every=0.001)
    took = time.perf_counter() - began
    if program.stop() != 0:
        raise NotMeasured(f"the daemon did not end in order: {program.words[-200:]}")
    return took


def python(program: str) -> None:
    subprocess.run((sys.executable, "-c", program), check=True)  # noqa: S603 -- our own one-liners
