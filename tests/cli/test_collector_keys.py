import re
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from logferry.exits import Exit
from logferry_daemon.home import Home
from tests.cli.conftest import Command
from tests.conftest import only_on


@pytest.fixture
def database(tmp_path: Path) -> tuple[str, str]:
    return ("--database", f"sqlite:///{tmp_path / 'games.sqlite3'}")


def test_a_key_is_printed_alone_and_once(logferry: Command, database: tuple[str, str]) -> None:
    ran = logferry("collector", "keys", "create", "guild", "--note", "laptop", *database)
    assert ran.code == Exit.DONE
    key = ran.out.strip()
    assert len(key.split()) == 1
    assert "cannot be shown again" in ran.err
    listed = logferry("collector", "keys", "list", "--json", *database)
    secret = key.split("_", 2)[-1]  # the secret may have that sign in it
    assert secret not in listed.out
    assert [(each["account"], each["note"], each["revoked_at"]) for each in listed.json["keys"]] == [
        ("guild", "laptop", None)
    ]


def test_a_revoked_key_is_listed_as_revoked(logferry: Command, database: tuple[str, str]) -> None:
    logferry("collector", "keys", "create", "guild", *database)
    (key,) = logferry("collector", "keys", "list", "--json", *database).json["keys"]
    assert logferry("collector", "keys", "revoke", key["id"], *database).code == Exit.DONE
    assert "revoked" in logferry("collector", "keys", "list", *database).out


def test_no_key_says_how_to_make_one(logferry: Command, database: tuple[str, str]) -> None:
    assert "logferry collector keys create ACCOUNT" in logferry("collector", "keys", "list", *database).out


@pytest.mark.parametrize(
    "argv",
    [
        ("keys", "revoke", "0000"),
        ("keys", "list", "--database", "sqlite://"),
        ("serve", "--port", "99999"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_done_is_a_failure_with_a_reason(
    logferry: Command, database: tuple[str, str], argv: tuple[str, ...]
) -> None:
    ran = logferry("collector", *argv, *(() if "--database" in argv else database))
    assert ran.code == Exit.FAILED
    assert any(line.startswith("logferry: ") for line in ran.err.splitlines())
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("verb", [("create", "guild"), ("list",), ("revoke", "0000")], ids=" ".join)
def test_keys_name_the_database_they_are_kept_in(logferry: Command, home: Home, verb: tuple[str, ...]) -> None:
    ran = logferry("collector", "keys", *verb)
    assert ran.err.splitlines()[0] == f"Database: {home.state.parent / 'collector' / 'collector.sqlite3'}"


def test_keys_leave_nothing_in_the_current_folder(
    logferry: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    assert logferry("collector", "keys", "create", "guild").code == Exit.DONE
    assert list(here.iterdir()) == []


def test_a_taken_port_is_told_before_anything_is_said_to_listen(logferry: Command, database: tuple[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = logferry("collector", "serve", "--port", str(taken.getsockname()[1]), *database)
    assert (ran.code, ran.out) == (Exit.FAILED, "")
    assert "--port" in ran.err


@pytest.mark.parametrize(
    "url",
    ["sqlite:///{folder}", "sqlite:///{folder}/text/x", "sqlite:///{folder}/text", "mysql://u:hunter2@127.0.0.1/x"],
)
def test_a_database_that_cannot_be_used_is_told_with_what_to_do(logferry: Command, tmp_path: Path, url: str) -> None:
    (tmp_path / "text").write_text("no database at all, but long enough to look like the head of one\n" * 9)
    ran = logferry("collector", "serve", "--port", "0", "--database", url.format(folder=tmp_path))
    assert (ran.code, ran.out) == (Exit.FAILED, "")
    assert "sqlite:///games.sqlite3" in ran.err
    assert "hunter2" not in ran.err
    assert "Traceback" not in ran.err


@only_on("linux", "darwin")
def test_the_server_says_where_it_listens_once_it_does(home: Home, database: tuple[str, str]) -> None:
    command = [sys.executable, "-m", "logferry", "collector", "serve", "--port", "0", *database]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        found = re.search(r"listens on (http://127\.0\.0\.1:[1-9][0-9]*) ", server.stdout.readline())
        try:
            assert found
            with urllib.request.urlopen(f"{found[1]}/health", timeout=60) as answer:  # noqa: S310 -- our own
                assert answer.status == 200
        finally:
            server.terminate()
