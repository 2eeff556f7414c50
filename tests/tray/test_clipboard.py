"""The clipboard's tools: the right one for each system, the text by its input alone, and no trouble where there is none."""

from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path

import pytest

from logferry_tray import clipboard
from logferry_tray.clipboard import Clipboard, tools
from tests.conftest import only_on

URL = "https://there.example/r/x?a=1&b='; touch /tmp/nobody"
ANYWHERE = {"DISPLAY": ":0"}


@pytest.mark.parametrize(
    ("platform", "environment", "names"),
    [
        ("win32", {}, ["clip"]),
        ("darwin", {}, ["pbcopy"]),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, ["wl-copy", "xclip"]),
        ("linux", {"DISPLAY": ":0"}, ["xclip"]),
        ("linux", {}, []),
    ],
)
def test_each_system_has_its_own_tools(platform: str, environment: dict[str, str], names: list[str]) -> None:
    assert [name for name, *_ in tools(platform, environment)] == names


def tool(folder: Path, body: str) -> str:
    path = folder / "tool"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@only_on("linux")
def test_the_text_goes_in_by_the_input_and_by_nothing_else(tmp_path: Path) -> None:
    program = tool(tmp_path, f'cat > {tmp_path}/text; echo "$@" > {tmp_path}/words')
    asked: list[str] = []

    def find(name: str) -> str | None:
        asked.append(name)
        return program if name == "xclip" else None

    both = {"WAYLAND_DISPLAY": "w", "DISPLAY": ":0"}
    assert Clipboard("linux", both, find).copy(URL)
    assert asked == ["wl-copy", "xclip"]
    assert (tmp_path / "text").read_text() == URL
    assert (tmp_path / "words").read_text() == "-selection clipboard\n"


def test_where_nothing_copies_that_is_noted_and_no_trouble(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    assert not Clipboard("linux", ANYWHERE, lambda _: None).copy(URL)
    assert [one.__dict__["action"] for one in caplog.records] == ["clipboard-missing"]
    assert URL not in caplog.text


@only_on("linux")
@pytest.mark.parametrize("body", ["exit 1", "sleep 20"])
def test_a_tool_that_fails_or_hangs_is_no_trouble(tmp_path: Path, caplog: pytest.LogCaptureFixture, body: str) -> None:
    caplog.set_level("INFO")
    program = tool(tmp_path, f"exec {body}" if body.startswith("sleep") else body)
    assert not Clipboard("linux", ANYWHERE, lambda _: program, patience=timedelta(seconds=0.3)).copy(URL)
    assert [one.__dict__["action"] for one in caplog.records] == ["clipboard-failed"]


def test_one_that_is_gone_in_between_is_no_trouble(tmp_path: Path) -> None:
    assert not Clipboard("linux", ANYWHERE, lambda _: str(tmp_path / "gone")).copy(URL)
    assert timedelta(seconds=5) >= clipboard.PATIENCE
