"""Which program has the focus, on a real X11 desktop with real windows, and where nobody tells."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.acceptance.screen import can_draw, look_at, manage, screen, window
from tests.conftest import needs

pytestmark = [
    needs("Xvfb", "xdotool", "xprop"),
    pytest.mark.skipif(not can_draw(), reason="not installed: GTK for the system's Python"),
]

ASK = """
import asyncio
from logferry_daemon.adapters.foreground import SystemForeground
from logferry_model.errors import Unreachable
try:
    print(asyncio.run(SystemForeground().pid()))
except Unreachable as error:
    print(error.code, error.message)
"""


def told(environment: Mapping[str, str]) -> str:
    """What a process of that desktop is told: the display is that of its whole process."""
    ask = (sys.executable, "-c", ASK)
    return subprocess.run(
        ask, env=dict(environment), capture_output=True, text=True, check=True, timeout=60
    ).stdout.strip()


@pytest.fixture
def display() -> Iterator[Mapping[str, str]]:
    with screen() as display:
        yield display


def test_the_window_that_hears_the_keys_is_looked_at(display: Mapping[str, str], tmp_path: Path) -> None:
    with window(tmp_path / "game.exe", display) as (game, its), window(tmp_path / "chess", display) as (chess, hers):
        look_at(its, display)
        assert told(display) == str(game)
        look_at(hers, display)
        assert told(display) == str(chess)


def test_a_window_manager_knows_better(display: Mapping[str, str], tmp_path: Path) -> None:
    with window(tmp_path / "game.exe", display) as (game, its), window(tmp_path / "chess", display) as (_, hers):
        look_at(hers, display)
        manage(its, display)
        assert told(display) == str(game)


def test_a_window_that_is_gone_is_no_trouble(display: Mapping[str, str], tmp_path: Path) -> None:
    with window(tmp_path / "game.exe", display) as (_, its):
        manage(its, display)
    assert told(display) == "None"


def test_an_empty_desktop_is_nobodys(display: Mapping[str, str]) -> None:
    assert told(display) == "None"


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"DISPLAY": ":4711"}, "there is no X11 desktop here"),
        ({}, "there is no X11 desktop here"),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "a Wayland desktop does not tell"),
    ],
    ids=["no such desktop", "none at all", "Wayland"],
)
def test_where_nobody_tells_it_is_said(environment: Mapping[str, str], said: str) -> None:
    assert told(environment).startswith(f"focus-unknown {said}")
