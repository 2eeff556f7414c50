"""The daemon as a process: found by its file, alone in its home, gone in order, back after a crash."""

from __future__ import annotations

import os
import stat
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from logferry_ipc import endpoint
from logferry_ipc.client import DaemonNotRunning
from logferry_ipc.messages import DaemonState, EventKind, StreamEvent
from tests.acceptance.running import LOGFERRY, DaemonHome, daemon_home, tell
from tests.conftest import only_on

pytestmark = [pytest.mark.accept, only_on("linux", "darwin")]

READY_AGAIN = 5.0
STREAMS = 3
FAILED, NO_DAEMON = 1, 3
"""What the command line promises about its exit codes."""


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[DaemonHome]:
    with daemon_home(tmp_path / "daemon") as daemon:
        yield daemon


@pytest.fixture
def games(tmp_path: Path) -> Path:
    """A folder that a source may be."""
    games = tmp_path / "games"
    games.mkdir()
    return games


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def discovery(daemon: DaemonHome) -> Path:
    return daemon.home.runtime / endpoint.FILE_NAME


def test_the_discovery_file_is_its_owners_alone_and_gone_after_a_clean_exit(daemon: DaemonHome) -> None:
    old = os.umask(0)
    try:
        program = daemon.start()
    finally:
        os.umask(old)
    assert (mode(discovery(daemon)), mode(daemon.home.runtime)) == (0o600, 0o700)
    assert daemon.client.hello().name == "logferry"
    assert program.stop() == 0
    assert not discovery(daemon).exists()
    assert daemon.command("status").code == NO_DAEMON


def test_what_a_killed_daemon_left_is_ignored_and_replaced(
    daemon: DaemonHome, capsys: pytest.CaptureFixture[str]
) -> None:
    first = daemon.start()
    first.kill()
    left = discovery(daemon).read_bytes()
    with pytest.raises(DaemonNotRunning):
        daemon.client.hello()
    said = daemon.command("status")
    assert said.code == NO_DAEMON
    assert "not running" in said.err
    took = [started(daemon)]
    assert discovery(daemon).read_bytes() != left
    while took[-1] >= READY_AGAIN and len(took) < 5:  # another program may have had the processor
        daemon.programs.started[-1].kill()
        took.append(started(daemon))
    assert min(took) < READY_AGAIN
    tell(capsys, f"ready again after a kill: {min(took):.2f} s")


def started(daemon: DaemonHome) -> float:
    """Seconds until it answers."""
    began = time.monotonic()
    daemon.start()
    return time.monotonic() - began


def test_a_second_daemon_is_refused_in_a_sentence_and_harms_nothing(daemon: DaemonHome) -> None:
    daemon.start()
    before = discovery(daemon).read_bytes()
    said = daemon.command("run")
    assert said.code == FAILED
    assert "already runs" in said.err
    assert "Traceback" not in said.err
    assert discovery(daemon).read_bytes() == before
    assert daemon.client.status().state is DaemonState.IDLE


def test_sigterm_ends_it_in_order_while_others_listen(daemon: DaemonHome, capsys: pytest.CaptureFixture[str]) -> None:
    program = daemon.start()
    heard: list[list[StreamEvent]] = [[] for _ in range(STREAMS)]
    with ExitStack() as stack:
        streams = [stack.enter_context(daemon.client.events()) for _ in range(STREAMS)]
        threads = [
            threading.Thread(target=lambda stream=stream, into=into: into.extend(stream))
            for stream, into in zip(streams, heard, strict=True)
        ]
        for thread in threads:
            thread.start()
        began = time.monotonic()
        code = program.stop()
        took = time.monotonic() - began
        for thread in threads:
            thread.join(60)
    assert code == 0
    assert took < READY_AGAIN
    assert [events[-1].kind for events in heard] == [EventKind.GOING_AWAY] * STREAMS
    assert "Traceback" not in daemon.own_words()
    tell(capsys, f"SIGTERM with {STREAMS} open streams: exit {code} after {took:.2f} s")


def test_it_runs_in_an_empty_environment(tmp_path: Path) -> None:
    with daemon_home(tmp_path / "daemon") as daemon:
        bare = {"PATH": os.environ["PATH"], "LOGFERRY_HOME": str(daemon.root)}
        program = daemon.programs.start(
            "daemon", ("env", "-i", *(f"{k}={v}" for k, v in bare.items()), *LOGFERRY, "run"), {}
        )
        daemon.ready(program)
        done = subprocess.run((*LOGFERRY, "status"), env=bare, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert program.stop() == 0
        assert program.words == ""


def test_a_pause_survives_a_restart_and_a_kill(daemon: DaemonHome) -> None:
    first = daemon.start()
    assert daemon.command("pause").code == 0
    assert first.stop() == 0
    second = daemon.start()
    assert daemon.client.status().paused
    second.kill()
    daemon.start()
    assert daemon.client.status().state is DaemonState.PAUSED
    assert daemon.command("resume").code == 0
    assert not daemon.client.status().paused


def test_a_pause_for_a_time_keeps_its_end(daemon: DaemonHome) -> None:
    first = daemon.start()
    assert daemon.command("pause", "--for", "30m").code == 0
    until_before = daemon.client.status().paused_until
    assert until_before is not None
    assert first.stop() == 0
    daemon.start()
    assert daemon.client.status().paused_until == until_before


def test_what_was_added_by_command_is_there_after_a_restart(daemon: DaemonHome, games: Path) -> None:
    first = daemon.start()
    assert daemon.command("sources", "add", "artemis", "--path", str(games)).code == 0
    url = "https://games.example.org"
    assert daemon.command("destinations", "add", "guild", "--dialect", "logferry", "--url", url).code == 0
    first.kill()
    daemon.start()
    assert [(one.name, one.path) for one in daemon.client.sources().sources] == [("artemis", str(games))]
    found = daemon.client.destinations().destinations
    assert [(one.name, one.url, one.consent) for one in found] == [("guild", url, False)]


def test_what_was_removed_by_command_stays_away(daemon: DaemonHome, games: Path) -> None:
    daemon.configure(sources={"hunts": ("artemis", games)}, destinations={"guild": "https://games.example.org"})
    first = daemon.start()
    assert daemon.command("sources", "remove", "hunts").code == 0
    assert daemon.command("destinations", "remove", "guild").code == 0
    assert first.stop() == 0
    daemon.start()
    assert daemon.client.sources().sources == ()
    assert daemon.client.destinations().destinations == ()


def test_doctor_names_a_missing_folder(daemon: DaemonHome, games: Path) -> None:
    daemon.configure(sources={"hunts": ("artemis", games / "nowhere")})
    daemon.start()
    said = daemon.command("doctor")
    assert said.code == FAILED
    line = next(line for line in said.out.splitlines() if str(games / "nowhere") in line)
    assert line.startswith("problem")
    assert "hunts" in line


def test_unreadable_settings_are_told_in_a_sentence(daemon: DaemonHome) -> None:
    daemon.configure()
    daemon.home.settings_file.write_text("[watch]\nsetle = 2\n", "utf-8")
    said = daemon.command("run")
    assert said.code == FAILED
    assert 'did you mean "settle"?' in said.err
    assert "Traceback" not in said.err
