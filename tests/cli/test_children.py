import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from logferry.demo import children as subject
from logferry.demo.children import Children, open_children
from logferry.demo.stage import open_stage
from logferry_model.errors import Damaged

SLEEPS = [sys.executable, "-c", "import time; print('here', flush=True); time.sleep(60)"]
DIES = [sys.executable, "-c", "import sys; print('because of this'); sys.exit(7)"]
ENDS = [sys.executable, "-c", "pass"]


def start(children: Children, name: str, command: list[str], tmp_path: Path) -> subject.Child:
    return children.start(name, command, log=tmp_path / f"{name}.log", env=os.environ)


def test_children_are_gone_after_the_block_however_it_ends(tmp_path: Path) -> None:
    started: list[subject.Child] = []

    def interrupted() -> None:
        with open_children() as children:
            started.append(start(children, "daemon", SLEEPS, tmp_path))
            signal.raise_signal(signal.SIGINT)
            assert not started[0].ended, "the signal waits for the next check"
            children.check()

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert started[0].ended


def test_a_child_that_died_is_told_with_its_last_words(tmp_path: Path) -> None:
    with open_children() as children:
        start(children, "artemis", DIES, tmp_path).process.wait()
        with pytest.raises(Damaged, match=r"artemis ended with 7\.$"):
            children.check()
        assert children.started[0].tail() == ["because of this"]


def test_a_tracker_may_end_but_the_daemon_may_not(tmp_path: Path) -> None:
    with open_children() as children:
        start(children, "artemis", ENDS, tmp_path).process.wait()
        children.check()
        start(children, "daemon", ENDS, tmp_path).process.wait()
        with pytest.raises(Damaged, match="daemon ended with 0"):
            children.check()


@pytest.mark.skipif(sys.platform == "win32", reason="platform: SIGTERM can be ignored only elsewhere")
def test_a_child_that_will_not_listen_is_made_to_end(tmp_path: Path) -> None:
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    )
    with open_children() as children:
        child = start(children, "daemon", [sys.executable, "-c", deaf], tmp_path)
        while "deaf" not in child.tail():
            assert not child.ended
        child.stop(patience=timedelta(seconds=0.2))
    assert child.process.returncode == -9


def test_the_command_is_this_very_program() -> None:
    ran = subprocess.run(subject.logferry("--version"), capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("logferry ")


def test_the_stage_is_removed_unless_it_is_kept() -> None:
    with open_stage(keep=False) as stage:
        assert stage.script("elite-dangerous").name == "EliteDangerous64.exe"
        assert not any(stage.manifests.is_relative_to(stage.watched(name)) for name in ("artemis", "elite-dangerous"))
    assert not stage.root.exists()
