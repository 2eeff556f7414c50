"""The commands in the docs are typed as they stand there: at the end is a report, or the end of a flight."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from logferry_model.session import EndRule
from tests.acceptance.running import HOST, LOGFERRY, Programs, daemon_home, free_port, until
from tests.conftest import needs
from tests.factories import Ending, journal

DOCS = Path(__file__).parents[2] / "docs"
USUAL = "http://127.0.0.1:8765"
"""Where a collector is that nobody told anything else; on a machine that is shared somebody may have one."""
COMMAND = re.compile(r"^\$ (.+)$", re.MULTILINE)
SAVED_GAMES = "Saved Games/Frontier Developments/Elite Dangerous"

STAND_INS = {
    "logferry collector keys create me": "logferry collector keys create me > key.txt",
    "logferry consent grant home": "logferry consent grant home --yes",
    "logferry login home": "logferry login home --stdin --insecure-storage < key.txt",
}
"""What a person would answer to a question, given without one: a test has no terminal and no keyring."""


def commands(page: str) -> list[str]:
    """The commands of a page, in order."""
    return COMMAND.findall((DOCS / page).read_text("utf-8"))


def script(port: int) -> str:
    """The page's commands as one shell script that waits where a person would; its collector's port is one that is free."""
    lines = ["set -eu"]
    for command in commands("first-session.md"):
        lines.append(STAND_INS.get(command, command))
        if command == "logferry run &":
            lines.append('until logferry status > /dev/null 2>&1; do python -c "import time; time.sleep(0.1)"; done')
        if command == "logferry sessions list":
            lines.append("until logferry sessions list --json | grep -q started_at; do logferry sources list; done")
    typed = "\n".join([*lines, "wait"])
    assert typed.count(USUAL) == 1
    return typed.replace(USUAL, f"http://{HOST}:{port}")


@pytest.mark.accept
@pytest.mark.timeout(300)
def test_the_first_session_page_leads_to_a_report(tmp_path: Path) -> None:
    """Typing the page's commands in order delivers a session that lay in the game's folder."""
    saved = tmp_path / "user" / SAVED_GAMES
    saved.mkdir(parents=True)
    played = journal()
    (saved / played.name).write_bytes(played.encode())
    port = free_port()
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(tmp_path / "user"),
        "LOGFERRY_HOME": str(tmp_path / "home"),
        "LOGFERRY_COLLECTOR_PORT": str(port),
        "LOGFERRY_IPC__PORT": "0",
    }
    programs = Programs(tmp_path / "logs")
    shell = programs.start("docs", ("bash", "-c", f"cd {shlex.quote(str(tmp_path))}\n{script(port)}"), environment)
    try:
        ask = (*LOGFERRY, "sessions", "list", "--json")
        url = until(lambda: _report_url(programs, ask, environment), "a report", seconds=200)
        with urllib.request.urlopen(url) as page:  # noqa: S310 -- a loopback address of our own collector
            assert b"Elite Dangerous" in page.read()
    except AssertionError as error:
        raise AssertionError(f"{error}\n{shell.words}") from error
    finally:
        shell.clear_away()


@pytest.mark.accept
@pytest.mark.timeout(300)
@needs("curl", "jq")
def test_the_running_sessions_page_shows_a_flight_and_ends_it(tmp_path: Path) -> None:
    """Typing the page's commands while a flight goes on shows it and then ends it."""
    saved = tmp_path / SAVED_GAMES
    saved.mkdir(parents=True)
    with daemon_home(tmp_path / "daemon") as daemon:
        daemon.configure(sources={"flights": ("elite-dangerous", saved)}, settle=0.2, busy=0.2)
        daemon.start()
        played = journal(ending=Ending.QUIT, start=datetime.now(UTC) - timedelta(hours=1))
        (saved / played.name).write_bytes(played.encode())
        (running,) = until(lambda: daemon.client.running().sessions or None, "a flight")
        typed = "\n".join(["set -eu", *commands("running-sessions.md")])
        environment = daemon.environment | {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
        shell = daemon.programs.start("docs", ("bash", "-c", typed), environment)
        assert shell.process.wait(60) == 0, shell.words
        assert shell.words.count(running.id) == 4
        assert '"ended":1' in shell.words
        (over,) = daemon.client.sessions().sessions
    assert over.id == running.id
    assert over.end is not None
    assert over.end.rule is EndRule.APP_CLOSED


def _report_url(programs: Programs, ask: tuple[str, ...], environment: dict[str, str]) -> str | None:
    asked = programs.start("ask", ask, environment)
    asked.process.wait(60)
    found = re.search(r'"report_url": "(http://127\.0\.0\.1[^"]+)"', asked.words)
    return found.group(1) if found else None


def test_every_command_in_the_docs_is_one_that_the_program_knows() -> None:
    """Each verb that a page names exists."""
    known = subprocess.run((*LOGFERRY, "--help"), capture_output=True, text=True, check=True).stdout
    pages = [page.name for page in DOCS.glob("*.md")]
    verbs = {line.split()[1] for page in pages for line in commands(page) if line.startswith("logferry ")}
    assert verbs
    assert {verb for verb in verbs if not re.search(rf"^    {verb}\b", known, re.MULTILINE)} == set()
