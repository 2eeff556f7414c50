"""A real game in a real window: uploads wait while it is looked at, and go on when it is not or it ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from logferry_ipc.messages import DaemonState
from tests.acceptance.hunts import hunt, put
from tests.acceptance.running import DESTINATION, CollectorHome, DaemonHome, daemon_home, until
from tests.acceptance.screen import can_draw, look_at, screen, window
from tests.conftest import needs
from tests.daemon.recipes.small import TEXT as TAVERN

pytestmark = [
    pytest.mark.accept,
    pytest.mark.timeout(300),
    needs("Xvfb", "xdotool"),
    pytest.mark.skipif(not can_draw(), reason="not installed: GTK for the system's Python"),
]

PROGRAM = "LogferryTavern64.exe"


@pytest.fixture
def display() -> Iterator[Mapping[str, str]]:
    with screen() as display:
        yield display


@pytest.fixture
def hunts(tmp_path: Path) -> Path:
    folder = tmp_path / "hunts"
    folder.mkdir()
    put(folder, hunt(1))
    return folder


@pytest.fixture
def daemon(tmp_path: Path, hunts: Path, collector: CollectorHome, display: Mapping[str, str]) -> Iterator[DaemonHome]:
    inn = tmp_path / "inn"
    inn.mkdir()
    with daemon_home(tmp_path / "daemon") as daemon:
        sources = {"hunts": ("artemis", hunts), "inn": ("tavern", inn)}
        daemon.configure(sources=sources, destinations={DESTINATION: collector.url}, settle=0.2, busy=0.2, rescan=1)
        daemon.home.recipes_folder.mkdir(parents=True)
        (daemon.home.recipes_folder / "tavern.toml").write_text(TAVERN.replace("tavern.exe", PROGRAM), "utf-8")
        daemon.extra |= {"LOGFERRY_UPLOAD__PAUSE_WHILE_PLAYING": "foreground", **display}
        daemon.start()
        yield daemon


def reason(daemon: DaemonHome) -> str:
    (there,) = daemon.client.status().destinations
    return there.reason


def test_uploads_wait_while_the_game_is_looked_at(
    tmp_path: Path, hunts: Path, daemon: DaemonHome, collector: CollectorHome, display: Mapping[str, str]
) -> None:
    with window(tmp_path / PROGRAM, display) as (_, tavern), window(tmp_path / "chess", display) as (_, chess):
        look_at(tavern, display)
        daemon.agree(collector.key)
        until(lambda: reason(daemon) == "playing", "uploads wait")
        put(hunts, hunt(2))
        until(lambda: daemon.client.status().counts.held >= 1, "one is held")
        assert daemon.client.status().state is DaemonState.PAUSED
        assert "uploads wait while you play" in daemon.command("status").out
        look_at(chess, display)
        daemon.settled(2)
        look_at(tavern, display)
        until(lambda: reason(daemon) == "playing", "uploads wait again")
        put(hunts, hunt(3))
        until(lambda: daemon.client.status().counts.held == 1, "the third is held")
    daemon.settled(3)
