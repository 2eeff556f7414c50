"""Cells of a clock that jumps while a daemon runs: F24, and the long sleep of F35. Only its clock: the others' are right."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from logferry_daemon.core.waiting import CORRECTION
from logferry_ipc.messages import PauseRequest
from tests.acceptance.matrix.world import SESSIONS, World, world
from tests.acceptance.running import until
from tests.conftest import needs, only_on
from tests.faults import scripts
from tests.faults.tcp import Fault, Line

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(300), only_on("linux"), needs("faketime")]
JUMPS = {"+3 d": "+3d", "-3 d": "-3d", "1970": "@1970-01-02 03:04:05", "2040": "@2040-06-07 08:09:10"}
EACH = 8
ASKED_FOR = 30
"""Seconds of silence that a destination asks for, and of a pause."""
MOST_A_SECOND = 2.0
"""Requests that a destination gets that answers with trouble, whatever the clock does."""


def library() -> str:
    """What `faketime` loads, found by asking it."""
    asked = ("faketime", "-f", "+0", "printenv", "LD_PRELOAD")
    one = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip().split(":")[-1]
    threaded = Path(one).with_name(one.rsplit("/", 1)[-1].replace("faketime.so", "faketimeMT.so"))
    return str(threaded if threaded.exists() else one)


def faked(file: Path, *, monotonic: bool = False) -> dict[str, str]:
    """A clock that says what stands in `file`; without `monotonic`, waits are not moved by it."""
    told = {
        "LD_PRELOAD": library(),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        # When a file was written is what it says on the disk.
        "NO_FAKE_STAT": "1",
    }
    return told if monotonic else told | {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}


def jump(file: Path, to: str) -> None:
    """At once, and whole."""
    draft = file.with_suffix(".new")
    draft.write_text(f"{to}\n")
    draft.replace(file)


def waits(w: World) -> datetime | None:
    """Until when the destination is sent nothing."""
    return w.daemon.client.status().destinations[0].next_attempt


def seconds_left(w: World) -> float:
    """Of that; told by the daemon's own clock, which has not been moved yet."""
    until_when = waits(w)
    assert until_when is not None
    return (until_when - datetime.now(UTC)).total_seconds()


def year_of(w: World) -> str:
    """What the daemon itself takes for now: the last line of its log."""
    w.daemon.client.upload_all()
    return w.daemon.home.log_file.read_text().splitlines()[-1].partition('"at": "')[2][:4]


@pytest.mark.parametrize(
    ("order", "monotonic"),
    [(("+3 d", "-3 d", "1970"), False), (("1970", "2040", "+3 d"), False), (("+3 d",), True)],
    ids=["days first", "years first", "all clocks"],
)
def test_f24_a_clock_that_jumps_brings_neither_storm_nor_stall(
    tmp_path: Path, order: tuple[str, ...], *, monotonic: bool
) -> None:
    # The monotonic one of a system never goes back, so what moves it is a computer that stood still.
    clock = tmp_path / "clock"
    jump(clock, "+0")
    with world(tmp_path, extra=faked(clock, monotonic=monotonic)) as w:
        w.play(EACH)
        w.drained()
        for name in order:
            w.proxy.plan = scripts.always(scripts.problem(503, "Busy"))
            w.play(EACH)
            until(lambda: w.proxy.broken, "trouble")
            jump(clock, JUMPS[name])
            if name.isdigit():
                assert year_of(w) == name
            asked, began = w.proxy.connections, time.monotonic()
            time.sleep(5)  # the time in which a storm would be one
            assert (w.proxy.connections - asked) / (time.monotonic() - began) < MOST_A_SECOND
            w.heal()
            w.proxy.broken = 0
            w.drained(seconds=60)
        assert w.daemon.client.status().counts.failed == 0
        w.judge(24, ", ".join(order) + (", all clocks" if monotonic else ""))


@pytest.mark.parametrize("restarted", [False, True], ids=["one daemon", "restarted"])
@pytest.mark.parametrize("back", ["-12h", "-3d"])
def test_f24_a_clock_that_is_set_back_while_uploads_wait_holds_none_of_them(
    tmp_path: Path, back: str, *, restarted: bool
) -> None:
    """What a destination asked for is waited for, and nobody helps: then all goes by itself."""
    clock = tmp_path / "clock"
    jump(clock, "+0")
    with world(tmp_path, extra=faked(clock)) as w:
        w.broken(scripts.always(scripts.problem(503, "Busy", retry_after=str(ASKED_FOR))), EACH)
        until(lambda: waits(w), "silence that was asked for", seconds=120)
        silent_until = time.monotonic() + seconds_left(w)
        if restarted:
            w.program.kill()
        jump(clock, back)
        if restarted:
            w.daemon.start(seconds=30)
        w.heal()
        w.drains_by_itself(seconds=ASKED_FOR + CORRECTION.total_seconds())
        assert restarted or time.monotonic() >= silent_until
        w.judge(24, f"{back} while uploads wait, {'restarted' if restarted else 'one daemon'}")


def test_f24_a_clock_that_was_three_days_ahead_for_a_while_holds_nothing_over_restarts(tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    jump(clock, "+0")
    with world(tmp_path, extra=faked(clock)) as w:
        w.broken(scripts.always(scripts.problem(503, "Busy", retry_after=str(ASKED_FOR))), EACH)
        for moved in ("+3d", "+0"):
            until(lambda: waits(w), "silence that was asked for", seconds=120)
            w.daemon.programs.started[-1].kill()
            jump(clock, moved)
            w.daemon.start(seconds=30)
        w.heal()
        w.drains_by_itself(seconds=ASKED_FOR + CORRECTION.total_seconds())
        w.judge(24, "+3 d and back, restarted each time")


@pytest.mark.parametrize("restarted", [False, True], ids=["one daemon", "restarted"])
def test_f24_a_pause_is_as_long_as_it_was_to_be_when_the_clock_is_set_back(tmp_path: Path, *, restarted: bool) -> None:
    clock = tmp_path / "clock"
    jump(clock, "+0")
    with world(tmp_path, extra=faked(clock)) as w:
        w.daemon.client.pause(PauseRequest(seconds=ASKED_FOR))
        w.play(EACH)
        if restarted:
            w.program.kill()
        jump(clock, "-12h")
        if restarted:
            w.daemon.start(seconds=30)
        assert w.daemon.client.status().paused
        w.drains_by_itself(seconds=ASKED_FOR + CORRECTION.total_seconds())
        assert not w.daemon.client.status().paused
        w.judge(24, f"-12 h in a pause, {'restarted' if restarted else 'one daemon'}")


def test_f35_a_computer_that_sleeps_for_eight_hours_in_the_middle_of_uploads(tmp_path: Path) -> None:
    if sys.platform == "win32":
        pytest.fail("nothing can be stopped and continued there")
    clock = tmp_path / "clock"
    jump(clock, "+0")
    with world(tmp_path, extra=faked(clock)) as w:
        w.broken(lambda _, __: Fault(down=Line(latency=0.1)), SESSIONS)
        until(lambda: w.daemon.client.status().counts.uploaded, "the first ones", seconds=120, every=0.02)
        os.kill(w.program.pid, signal.SIGSTOP)
        jump(clock, "+8h")
        time.sleep(6)  # asleep: longer than connections are kept
        os.kill(w.program.pid, signal.SIGCONT)
        w.drained()
        w.judge(35, "8 h, asleep for 6 s")


def test_the_tool_is_the_one_that_moves_clocks() -> None:
    tool = shutil.which("faketime")
    assert tool
    said = subprocess.run((tool, "-f", "+400d", "date", "+%Y"), capture_output=True, text=True, check=True).stdout
    assert int(said) > time.gmtime().tm_year
