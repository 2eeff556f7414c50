"""The first thing a newcomer runs, with all its real processes. What it would not forgive is in tests/cli/test_verdict.py."""

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from logferry.exits import Exit
from tests.conftest import only_on

pytestmark = pytest.mark.accept

DEMO = [sys.executable, "-m", "logferry", "demo"]
PATIENCE = 60


def leftovers() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("logferry-demo-*"))


def test_the_demo_brings_every_session_to_its_report_and_ends() -> None:
    before = leftovers()
    ran = subprocess.run([*DEMO, "--once"], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ran.returncode == Exit.DONE, ran.stdout + ran.stderr
    assert "held: no consent" in ran.stdout
    assert "was running and is not any more" in ran.stdout
    assert "Everything arrived: 4 sessions" in ran.stdout
    assert ran.stdout.count("uploaded") == ran.stdout.count("/r/") == 4
    assert "\x1b" not in ran.stdout
    assert leftovers() == before


@only_on("linux", "darwin")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_the_demo_ends_every_process_and_removes_the_folder(number: int) -> None:
    before = leftovers()
    with subprocess.Popen(DEMO, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as demo:
        assert demo.stdout is not None
        # When the second tracker is told of, the first one runs.
        assert any("plays: ends with Shutdown" in line for line in demo.stdout)
        children = psutil.Process(demo.pid).children()
        demo.send_signal(number)
        rest = demo.stdout.read()
    assert len(children) >= 3, "the daemon, the collector and a tracker"
    assert demo.returncode == Exit.DONE, rest
    assert not any(child.is_running() for child in children)
    assert leftovers() == before
