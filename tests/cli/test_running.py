"""Sessions that still run, on the command line: shown on top, shown whole, and ended by who wants them sent now."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from logferry.exits import Exit
from logferry_ipc.messages import DeliveryState
from tests.cli.conftest import Command
from tests.ipc.serving import ThreadedDaemon

RUNNING, OVER = "aaaa1111bbbb2222", "cccc1133cccc4444"


@pytest.fixture(autouse=True)
def sessions(daemon: ThreadedDaemon) -> None:
    """One runs, one is over."""
    daemon.do(lambda: daemon.control.play(RUNNING, tracker="resonance", events=42))
    daemon.do(lambda: daemon.control.find(OVER, DeliveryState.PENDING))


def test_the_list_shows_running_ones_on_top(logferry: Command) -> None:
    out = logferry("sessions", "list").out
    assert out.index(RUNNING[:8]) < out.index(OVER[:8])
    assert "still runs" in out
    assert "42 min" in out


def test_the_list_as_json_has_them_in_a_field_of_their_own(logferry: Command) -> None:
    told = logferry("sessions", "list", "--json").json
    assert [each["id"] for each in told["sessions"]] == [OVER]
    (running,) = told["running"]
    assert running.keys() >= {"id", "tracker", "source", "started_at", "last_at", "events"}


def test_status_has_a_line_for_them(logferry: Command) -> None:
    out = logferry("status").out
    assert "1 session running: resonance since" in out
    assert "42 events" in out
    assert [each["id"] for each in logferry("status", "--json").json["running"]] == [RUNNING]


def test_where_nothing_runs_nothing_is_said(logferry: Command, daemon: ThreadedDaemon) -> None:
    daemon.do(daemon.control.runs.clear)
    assert "running" not in logferry("status").out
    assert "still runs" not in logferry("sessions", "list").out


def test_a_running_session_is_shown_with_what_it_adds_up_to(logferry: Command) -> None:
    out = logferry("sessions", "show", RUNNING[:6]).out
    for words in (RUNNING, "still runs", "42 min", "Loot", "21 PED", "logferry upload"):
        assert words in out
    told = logferry("sessions", "show", RUNNING, "--json").json
    assert (told["events"], told["statistics"]["events"]) == (42, 42)


def test_what_is_over_is_shown_as_before(logferry: Command) -> None:
    assert "Deliveries" in logferry("sessions", "show", OVER[:6]).out


def test_an_upload_of_a_running_session_ends_it_and_says_so_first(logferry: Command, daemon: ThreadedDaemon) -> None:
    ran = logferry("upload", RUNNING[:6])
    assert ran.code == Exit.DONE
    assert f"Session {RUNNING[:8]} of resonance still runs. It is ended here and sent." in ran.err
    assert "newer version" in ran.err
    assert "1 delivery uploaded." in ran.out
    calls = daemon.control.calls
    assert calls.index("end") < calls.index("upload")


def test_an_upload_of_what_is_over_ends_nothing(logferry: Command, daemon: ThreadedDaemon) -> None:
    ran = logferry("upload", OVER)
    assert (ran.code, ran.err) == (Exit.DONE, "")
    assert "end" not in daemon.control.calls
    assert RUNNING in daemon.control.runs


def test_what_is_being_written_waits_and_the_rest_goes(logferry: Command, daemon: ThreadedDaemon) -> None:
    daemon.do(lambda: setattr(daemon.control, "writing", True))
    ran = logferry("upload", RUNNING, OVER)
    assert ran.code == Exit.WAITING
    assert f"Session {RUNNING[:8]} is being written right now." in ran.err
    assert "1 delivery uploaded." in ran.out


def test_a_session_whose_log_went_on_is_sent_as_far_as_it_is(logferry: Command, daemon: ThreadedDaemon) -> None:
    """It is in the spool already: what is there can go, also while more is being written."""
    daemon.do(lambda: daemon.control.play(OVER))
    daemon.do(lambda: setattr(daemon.control, "writing", True))
    ran = logferry("upload", OVER)
    assert ran.code == Exit.DONE
    assert "1 delivery uploaded." in ran.out


def test_who_starts_the_daemon_in_a_terminal_is_told_that_it_runs_and_what_waits_when_it_ends(tmp_path: Path) -> None:
    """And a program, or a service manager, is told nothing: see tests/acceptance/test_daemon_life.py."""
    if sys.platform == "win32":
        pytest.skip("platform: a terminal that a test can open is found elsewhere")
    ours, theirs = os.openpty()
    environment = {**os.environ, "LOGFERRY_HOME": str(tmp_path), "NO_COLOR": "1"}
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "logferry.toml").write_text("[ipc]\nport = 0\n")
    with subprocess.Popen([sys.executable, "-m", "logferry", "run"], env=environment, stderr=theirs) as process:
        os.close(theirs)
        said = b""
        try:
            while b"daemon.log" not in said:
                said += os.read(ours, 1000)
            process.terminate()
            while b"Logferry ends: nothing waits." not in said:
                said += os.read(ours, 1000)
        except OSError:
            process.kill()
            raise
        finally:
            os.close(ours)
    assert b"Logferry runs (Ctrl-C ends it)." in said
    assert process.returncode == 0
