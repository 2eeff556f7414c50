"""The whole daemon with real parts, on a home of its own."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from logferry_daemon.adapters.lock import only_one
from logferry_daemon.adapters.own_log import JsonLines, own_log
from logferry_daemon.adapters.settings_file import SettingsFile
from logferry_daemon.compose import TURN, open_daemon, run
from logferry_daemon.home import Home
from logferry_daemon.inspection import inspect_path
from logferry_daemon.settings import Settings, load_settings
from logferry_ipc.client import DaemonClient
from logferry_ipc.messages import PauseRequest
from logferry_model.errors import LogferryError, Misconfigured, Refused, Unreachable
from tests.conftest import only_on
from tests.daemon.shell.stage import hunt

START = "from pathlib import Path; import sys; from logferry_daemon.compose import run; from logferry_daemon.home import Home; sys.exit(run(Home.below(Path(sys.argv[1]))))"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """With one folder of finished sessions, and any free port."""
    logs = tmp_path / "logs"
    logs.mkdir()
    made = Home.below(tmp_path / "home")
    made.config.mkdir(parents=True)
    path = json.dumps(str(logs))
    made.settings_file.write_text(
        f'[ipc]\nport = 0\n[watch]\nsettle = 0.1\n[sources.hunts]\ntracker = "artemis"\npath = {path}\n'
    )
    return made


def discovery(home: Home) -> Path:
    return home.runtime / "daemon.json"


@contextmanager
def daemon(home: Home) -> Iterator[subprocess.Popen[str]]:
    """A daemon of its own process, up."""
    process = subprocess.Popen(
        [sys.executable, "-c", START, str(home.config.parent)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        give_up = time.monotonic() + 60
        while not discovery(home).exists() and process.poll() is None:
            assert time.monotonic() < give_up
            time.sleep(0.02)
        yield process
    finally:
        process.kill()
        process.communicate()


async def test_it_starts_finds_what_is_there_answers_and_stops(home: Home, tmp_path: Path) -> None:
    (tmp_path / "logs" / "session-1.json").write_bytes(hunt())
    stop = asyncio.Event()
    async with open_daemon(home, load_settings(home.settings_file), stop) as control:
        assert stat.S_IMODE(discovery(home).stat().st_mode) == 0o600
        client = DaemonClient(home.runtime)
        async with asyncio.timeout(60):
            while not (await asyncio.to_thread(client.sessions)).sessions:
                await asyncio.sleep(0.05)
        assert (await asyncio.to_thread(client.status)).counts.held == 1
        assert (await asyncio.to_thread(client.sources)).sources[0].state == "watching"
        assert {one.level for one in (await asyncio.to_thread(client.doctor)).checks} <= {"ok", "advice"}
        await asyncio.to_thread(client.pause, PauseRequest())
        await asyncio.to_thread(client.stop)
        assert stop.is_set()
        assert (await control.status()).paused
    assert not discovery(home).exists()
    assert stat.S_IMODE(home.state.stat().st_mode) == 0o700


async def test_a_damaged_queue_that_was_set_aside_is_named_with_what_it_may_hold(home: Home) -> None:
    async with open_daemon(home, load_settings(home.settings_file), asyncio.Event()) as control:
        assert "damaged queue" not in {one.name for one in (await control.doctor()).checks}
        name = f"{home.spool_file.name}.damaged-20260301T120000Z"
        home.spool_file.with_name(name).write_bytes(b"")
        (said,) = [one for one in (await control.doctor()).checks if one.name == "damaged queue"]
    assert said.level == "advice"
    assert (name in said.message, "a key" in said.message, "delete a session" in said.hint) == (True, True, True)


async def test_what_was_decided_survives(home: Home) -> None:
    for paused in (False, True):
        async with open_daemon(home, load_settings(home.settings_file), asyncio.Event()) as control:
            assert (await control.status()).paused is paused
            await control.pause(PauseRequest())


async def test_a_tracker_that_nobody_knows_is_told_as_what_it_is(home: Home) -> None:
    home.settings_file.write_text(home.settings_file.read_text().replace("artemis", "artemiss"))
    with pytest.raises(Misconfigured) as caught:
        async with open_daemon(home, load_settings(home.settings_file), asyncio.Event()):
            pass
    assert caught.value.code == "tracker-unknown"
    assert "artemis" in caught.value.hint
    assert not discovery(home).exists()


async def test_a_port_that_is_taken_is_told_as_what_it_is(home: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = Settings(ipc={"port": port})  # type: ignore[arg-type]  # as in the file
        with pytest.raises(LogferryError) as caught:
            async with open_daemon(home, settings, asyncio.Event()):
                pass
    assert str(port) in f"{caught.value}"


async def test_a_spool_that_cannot_be_opened_is_told_as_what_it_is(home: Home) -> None:
    home.spool_file.mkdir(parents=True)
    with pytest.raises(Unreachable):
        async with open_daemon(home, load_settings(home.settings_file), asyncio.Event()):
            pass


async def test_what_goes_wrong_inside_comes_out_as_it_is(home: Home) -> None:
    with pytest.raises(Refused):
        async with open_daemon(home, load_settings(home.settings_file), asyncio.Event()):
            raise Refused("any", "Anything.")


@only_on("linux", "darwin")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(home: Home, number: signal.Signals) -> None:
    with daemon(home) as process:
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
        assert (process.returncode, said) == (0, "")
    assert not discovery(home).exists()
    assert "path" not in home.log_file.read_text()


def test_a_second_daemon_of_the_same_home_is_refused_at_once(home: Home) -> None:
    with daemon(home) as process:
        before = discovery(home).read_text()
        with pytest.raises(Refused) as caught:
            run(home)
        assert caught.value.code == "already-running"
        assert process.poll() is None
        assert discovery(home).read_text() == before


def test_who_reads_in_a_thread_gives_way_sooner_than_usual(home: Home) -> None:
    before = sys.getswitchinterval()
    try:
        with daemon(home), pytest.raises(Refused):
            run(home)
        assert sys.getswitchinterval() == pytest.approx(TURN.total_seconds())
    finally:
        sys.setswitchinterval(before)


@only_on("linux", "darwin")
def test_a_killed_daemon_stands_in_nobodys_way(home: Home) -> None:
    for _ in range(2):
        with daemon(home) as process:
            process.kill()
            process.wait()
    with daemon(home) as process:
        assert process.poll() is None


def test_a_text_in_the_queue_that_is_none_ends_no_start(home: Home) -> None:
    with daemon(home) as process:
        process.kill()
        process.wait()
    discovery(home).unlink()
    with closing(sqlite3.connect(home.spool_file)) as spool, spool:
        spool.execute("INSERT INTO grants VALUES ('home', 'ab', 4, 0, CAST(x'5b22ff225d' AS TEXT))")
        # No look at the file's structure finds it.
        assert spool.execute("PRAGMA quick_check").fetchone() == ("ok",)
    with daemon(home) as process:
        assert process.poll() is None
        assert DaemonClient(home.runtime).hello().instance
        assert list(home.state.glob("spool.db.damaged-*"))


BAD = {
    "syntax": ("[watch", "TOML"),
    "key": ("[watch]\ninteral = 3", '"interal"'),
    "near": ("[watch]\nsettel = 3", 'did you mean "settle"'),
    "value": ('[watch]\nsettle = "soon"', "settle"),
    "address": ('[destinations.home]\nurl = "http://collector.example"', "not encrypted"),
    "bytes": ("\udcff", "cannot be read"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_settings_are_told_with_file_and_place_and_nothing_is_made(home: Home, kind: str) -> None:
    text, wanted = BAD[kind]
    home.settings_file.write_bytes(os.fsencode(text))
    with pytest.raises(Misconfigured) as caught:
        run(home)
    assert wanted in caught.value.message
    assert str(home.settings_file) in caught.value.hint
    assert not home.state.exists()


# The small adapters


def test_a_lock_is_held_by_one_and_free_after(tmp_path: Path) -> None:
    path = tmp_path / "run" / "daemon.lock"
    with only_one(path), pytest.raises(Refused), only_one(path):
        pass
    with only_one(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_settings_file_is_edited_as_its_owner_would(tmp_path: Path) -> None:
    path = tmp_path / "logferry.toml"
    path.write_text(
        '# mine\n[watch]\nsettle = 2 # slow disk\n\n[sources.old]\ntracker = "artemis"\npath = "/games/logs"\n'
    )
    file = SettingsFile(path)
    settings = file.add("destinations", "home", {"url": "https://collector.example"})
    assert settings.destinations["home"].url == "https://collector.example"
    assert list(file.add("sources", "new", {"tracker": "artemis", "path": "/other"}).sources) == ["old", "new"]
    assert list(file.remove("sources", "old").sources) == ["new"]
    text = path.read_text()
    assert text.startswith("# mine\n[watch]\nsettle = 2 # slow disk\n")
    assert load_settings(path) == file.add("sources", "new", {"tracker": "artemis", "path": "/other"})


def test_an_edit_that_would_break_the_settings_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "logferry.toml"
    path.write_text("[watch]\nsettle = 2\n")
    with pytest.raises(Misconfigured):
        SettingsFile(path).add("destinations", "home", {"url": "ftp://collector.example"})
    with pytest.raises(Misconfigured) as caught:
        SettingsFile(path).remove("sources", "environment")
    assert caught.value.code == "not-in-file"
    assert path.read_text() == "[watch]\nsettle = 2\n"


def test_a_settings_file_that_was_broken_by_hand_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "logferry.toml"
    path.write_text("[watch")
    with pytest.raises(Misconfigured) as caught:
        SettingsFile(path).add("destinations", "home", {"url": "https://collector.example"})
    assert str(path) in caught.value.hint
    assert path.read_text() == "[watch"


def test_settings_that_cannot_be_written_are_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a file where the folder should be")
    with pytest.raises(Misconfigured) as caught:
        SettingsFile(tmp_path / "config" / "logferry.toml").add("destinations", "home", {"url": "https://c.example"})
    assert caught.value.code == "settings-unreadable"


def test_the_own_log_is_one_object_a_line_with_its_fields(tmp_path: Path) -> None:
    path = tmp_path / "state" / "daemon.log"
    with own_log(path, "INFO"):
        log = logging.getLogger("logferry_daemon.test")
        log.info("parcel sent", extra={"action": "sent", "path": tmp_path})
        log.debug("not said")
        try:
            raise ZeroDivisionError
        except ZeroDivisionError:
            log.exception("went wrong")
    logging.getLogger("logferry_daemon.test").error("after")
    first, second = (json.loads(line) for line in path.read_text().splitlines())
    assert (first["message"], first["action"], first["level"]) == ("parcel sent", "sent", "INFO")
    assert "ZeroDivisionError" in second["error"]
    assert "\n" not in JsonLines().format(logging.makeLogRecord({"msg": "a\nb"}))


# Without a daemon


def test_an_inspection_reads_a_folder_as_the_daemon_would(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "session-1.json").write_bytes(hunt())
    (tmp_path / "session-2.json").write_bytes(hunt(2)[:-40])
    (tmp_path / "notes.txt").write_text("x")
    found = {one.path: one for one in inspect_path(tmp_path).files}
    assert [session.events for session in found["deep/session-1.json"].sessions] == [5]
    assert [problem.code for problem in found["session-2.json"].problems] == ["not-json"]
    assert [problem.code for problem in found["notes.txt"].problems] == ["unknown-file"]
    assert set(found) == {"deep/session-1.json", "session-2.json", "notes.txt"}


def test_an_inspection_of_one_file_looks_at_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "session-[1].json").write_bytes(hunt())
    (tmp_path / "session-2.json").write_bytes(hunt(2))
    (inspected,) = inspect_path(tmp_path / "session-[1].json").files
    assert (inspected.path, inspected.tracker, len(inspected.sessions)) == ("session-[1].json", "artemis", 1)


def test_an_inspection_of_nothing_says_so(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as caught:
        inspect_path(tmp_path / "missing")
    assert caught.value.code == "path-missing"
