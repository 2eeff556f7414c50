"""A real daemon and a real program: the session is readable while it runs, and over when its program is closed."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from logferry_ipc.messages import EventKind, RunningSession, SessionSummary
from logferry_model.errors import Misconfigured
from logferry_model.session import EndRule
from tests.acceptance.running import DaemonHome, daemon_home, tell, until
from tests.conftest import only_on
from tests.daemon.recipes.small import TEXT as TAVERN

pytestmark = [pytest.mark.accept, only_on("linux", "darwin")]

PROGRAM = "LogferryTavern64.exe"
PLAY = "import sys; print('up', flush=True); sys.stdin.read()"


class Tavern:
    """A game with a recipe of its owner's own: a folder, a log that grows, and a program."""

    def __init__(self, root: Path) -> None:
        self.logs = root / "tavern"
        self.logs.mkdir(parents=True)
        self.program = root / PROGRAM
        self.program.write_text(PLAY)
        self.log = self.logs / "tavern-1.log"

    def write(self, kind: str, **fields: object) -> None:
        """One more line of the log."""
        told = {"time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", "kind": kind} | fields
        with self.log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(told) + "\n")

    @contextmanager
    def open(self) -> Iterator[None]:
        """The game runs, inside an interpreter, as Wine is one."""
        command = [sys.executable, str(self.program)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            yield
            process.kill()


@pytest.fixture
def tavern(tmp_path: Path) -> Tavern:
    return Tavern(tmp_path / "games")


@pytest.fixture
def daemon(tmp_path: Path, tavern: Tavern) -> Iterator[DaemonHome]:
    with daemon_home(tmp_path / "daemon") as daemon:
        daemon.configure(sources={"inn": ("tavern", tavern.logs)}, settle=0.2, busy=0.2)
        daemon.home.recipes_folder.mkdir(parents=True)
        recipe = TAVERN.replace("tavern.exe", PROGRAM)
        (daemon.home.recipes_folder / "tavern.toml").write_text(recipe, "utf-8")
        daemon.start()
        yield daemon


def running(daemon: DaemonHome, *, drinks: int) -> RunningSession:
    """The one session that runs, once its figures tell of so many drinks."""

    def ask() -> RunningSession | None:
        found = [one for one in daemon.client.running().sessions if _drinks(one) == drinks]
        return found[0] if found else None

    return until(ask, f"a running session with {drinks} drinks")


def _drinks(session: RunningSession) -> float:
    return next(one.value for one in session.statistics.measures if one.name == "drinks")


def kept(daemon: DaemonHome) -> SessionSummary:
    """The one session that is over."""
    return until(lambda: next(iter(daemon.client.sessions().sessions), None), "a session that is over")


def test_a_session_is_readable_while_it_runs_and_ends_when_its_program_is_gone(
    daemon: DaemonHome, tavern: Tavern, capsys: pytest.CaptureFixture[str]
) -> None:
    with daemon.client.events() as events:
        with tavern.open():
            tavern.write("Enter", guest="Sir Bertram", table=3)
            for number in (1, 2):
                tavern.write("Drink", brand="Ale", cups=2, price=4)
                running(daemon, drinks=number)
            tavern.write("Drink", brand="Ale", cups=2, price=4)
            wrote = time.monotonic()
            session = running(daemon, drinks=3)
            seen = time.monotonic() - wrote
            assert session.statistics.loot[0].quantity == 6
            assert "Bertram" not in repr(session)
            assert daemon.command("sessions", "show", session.id[:8]).out.count("still runs") == 1
        gone = time.monotonic()
        over = kept(daemon)
        ended = time.monotonic() - gone
        kinds = [next(events).kind for _ in range(3)]
    assert over.id == session.id
    assert over.end is not None
    assert (over.end.rule, over.end.evidence) == (EndRule.PROCESS_GONE, f"{PROGRAM} was running and is not any more")
    assert daemon.client.running().sessions == ()
    assert (kinds[0], EventKind.SESSION_PROGRESS in kinds) == (EventKind.SESSION_STARTED, True)
    tell(capsys, f"a line is in the running session after {seen:.2f} s; over {ended:.2f} s after its program was gone")


def test_a_program_that_tells_it_closes_ends_its_session(
    daemon: DaemonHome, tavern: Tavern, capsys: pytest.CaptureFixture[str]
) -> None:
    tavern.write("Enter", guest="Sir Bertram", table=3)
    tavern.write("Drink", brand="Ale", cups=2, price=4)
    session = running(daemon, drinks=1)
    tavern.write("Drink", brand="Ale", cups=2, price=4)
    told = time.monotonic()
    ended = daemon.client.app_closed(PROGRAM)
    took = time.monotonic() - told
    assert (ended.ended, ended.sessions) == (1, (session.id,))
    over = kept(daemon)
    assert over.events == 3, "the last line was written right before the word came"
    assert over.end is not None
    assert over.end.rule is EndRule.APP_CLOSED
    with pytest.raises(Misconfigured, match="Notepad"):
        daemon.client.app_closed("Notepad.exe")
    tell(capsys, f"over {took:.2f} s after its program told that it closes")


def test_an_upload_of_a_running_session_ends_it(daemon: DaemonHome, tavern: Tavern) -> None:
    tavern.write("Enter", guest="Sir Bertram", table=3)
    session = running(daemon, drinks=0)
    said = daemon.command("upload", session.id[:8])
    assert "still runs. It is ended here and sent." in said.err
    assert "1 session held: no destination is set." in said.err
    over = kept(daemon)
    assert over.end is not None
    assert over.end.rule is EndRule.DEMAND
