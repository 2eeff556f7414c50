"""`logferry inspect` over the files of real players, where they lie: every file is read or says why not.

What is expected is counted here in another way, from the bytes alone; nothing of their content stands here.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.conftest import SAMPLES, needs_samples

STARTS = {
    "elite": rb'"event":"LoadGame"',
    "hearthstone": rb"GameState\.DebugPrintPower\(\) - +CREATE_GAME",
    "swtor": rb": EnterCombat ",
}
"""What stands in each line that begins a session, and in no other."""
each_folder = pytest.mark.parametrize(
    "folder", [pytest.param(name, marks=needs_samples(name)) for name in (*STARTS, "gw2")]
)


def expected(folder: Path) -> int:
    """Beginnings in all files together; a fight of Guild Wars 2 is a file."""
    files = [file for file in folder.iterdir() if file.is_file()]
    if folder.name not in STARTS:
        return len(files)
    return sum(len(re.findall(STARTS[folder.name], file.read_bytes())) for file in files)


@each_folder
def test_every_beginning_in_a_real_log_begins_one_session(logferry: Command, folder: str) -> None:
    totals = logferry("inspect", str(SAMPLES / folder), "--json").json["totals"]
    assert totals["starts"] == totals["sessions"] == expected(SAMPLES / folder)
    assert sum(totals["ends"].values()) + totals["running"] == totals["starts"]


@each_folder
def test_a_real_file_without_a_session_says_why(logferry: Command, folder: str) -> None:
    ran = logferry("inspect", str(SAMPLES / folder), "--json")
    files = ran.json["files"]
    assert len(files) == len([file for file in (SAMPLES / folder).iterdir() if file.is_file()])
    assert [file["path"] for file in files if not file["sessions"] and not file["problems"]] == []
    assert "Traceback" not in ran.err


@each_folder
def test_real_sessions_take_some_time_and_end_after_they_began(logferry: Command, folder: str) -> None:
    files = logferry("inspect", str(SAMPLES / folder), "--json").json["files"]
    for session in (session for file in files for session in file["sessions"]):
        assert session["started_at"] < session["ended_at"]


@each_folder
def test_no_real_session_ends_after_its_file_was_last_written(logferry: Command, folder: str) -> None:
    for file in logferry("inspect", str(SAMPLES / folder), "--json").json["files"]:
        written = datetime.fromtimestamp((SAMPLES / folder / file["path"]).stat().st_mtime, UTC)
        ends = [datetime.fromisoformat(session["ended_at"]) for session in file["sessions"]]
        assert [end for end in ends if end > written + timedelta(minutes=5)] == []
