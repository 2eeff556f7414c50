"""The whole demo: collector, daemon, trackers, four sessions, every report fetched back and compared."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.harness import Finding, NotMeasured, Target, interleave, seconds
from tests.acceptance.running import DaemonHome

ABOUT = "`logferry demo --once` from its start to its end, set-up aside"
TARGET = Target(20, "s")


def run(*, quick: bool) -> Iterator[Finding]:
    with TemporaryDirectory() as folder:
        home = DaemonHome(Path(folder))
        values = interleave({"demo": lambda: seconds(lambda: play(home))}, 1 if quick else 3)
    yield Finding(benchmark="demo_once", what="the whole demo", unit="s", values=values["demo"], target=TARGET)


def play(home: DaemonHome) -> None:
    try:
        said = home.command("demo", "--once", seconds=120)
    except subprocess.TimeoutExpired as late:
        raise NotMeasured("the demo did not end within 120 s") from late
    if said.code != 0:
        raise NotMeasured(f"the demo ended with {said.code}: {said.err.strip() or said.out.strip()[-200:]}")
