"""What `logferry status` costs a person who types it, or an overlay that calls it every few seconds."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.harness import Finding, Target, compared, interleave, seconds
from logferry_ipc import endpoint
from tests.acceptance.running import HOST, DaemonHome, daemon_home

ABOUT = "`logferry status` against bare Python and against the shortest program that asks the same"
TARGET = Target(2.0)
BARE, ASKING = "python -c pass", "http.client one-liner"
PLAIN, FOR_PROGRAMS = "status", "status --json"


def run(*, quick: bool) -> Iterator[Finding]:
    with TemporaryDirectory() as folder, daemon_home(Path(folder)) as daemon:
        daemon.start()
        script = Path(sys.executable).with_name("logferry")
        command = (str(script),) if script.exists() else (sys.executable, "-m", "logferry")
        cases = {
            PLAIN: lambda: timed((*command, "status"), daemon.environment),
            FOR_PROGRAMS: lambda: timed((*command, "status", "--json"), daemon.environment),
            BARE: lambda: timed((sys.executable, "-c", "pass"), daemon.environment),
            ASKING: lambda: timed((sys.executable, "-c", one_liner(daemon)), daemon.environment),
        }
        interleave(cases, 1)  # caches
        values = interleave(cases, 5 if quick else 21)
    for ours in (FOR_PROGRAMS, PLAIN):
        yield from compared("status_cli", ours, "ms", values, ours=ours, peers=(BARE, ASKING), target=TARGET)


def timed(command: tuple[str, ...], environment: Mapping[str, str]) -> float:
    def ask() -> None:
        subprocess.run(command, env=dict(environment), check=True, capture_output=True)  # noqa: S603 -- our own commands

    return 1000 * seconds(ask)


def one_liner(daemon: DaemonHome) -> str:
    """Knows port and token beforehand, proves nothing, shows the bytes."""
    found = endpoint.read(daemon.home.runtime)
    assert found is not None, "the daemon is gone"
    headers = {"Authorization": f"Bearer {found.keys.token}"}
    return (
        f"import http.client; c = http.client.HTTPConnection({HOST!r}, {found.port}); "
        f"c.request('GET', '/v1/status', headers={headers!r}); r = c.getresponse(); "
        "assert r.status == 200; print(r.read().decode())"
    )
