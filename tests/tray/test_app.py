"""The whole program where there is no tray: one line of advice, and success."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import only_on

RUN = "import sys, pathlib; from logferry_tray.app import main; sys.exit(main(pathlib.Path(sys.argv[1])))"
NO_DISPLAY = {key: value for key, value in os.environ.items() if key not in {"DISPLAY", "WAYLAND_DISPLAY"}}


@only_on("linux")
@pytest.mark.parametrize("backend", [None, "appindicator", "gtk", "xorg", "win32", "no-such"])
def test_without_a_display_it_advises_in_one_line_and_succeeds(tmp_path: Path, backend: str | None) -> None:
    environment = NO_DISPLAY | ({"PYSTRAY_BACKEND": backend} if backend else {})
    command = [sys.executable, "-c", RUN, str(tmp_path)]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert ran.returncode == 0
    assert ran.stdout == 'No system tray here; "logferry status --watch" shows the same.\n'
    assert ran.stderr == ""


def test_nothing_but_the_view_imports_pystray() -> None:
    code = "import logferry_tray.app, sys; print({'pystray', 'gi', 'Xlib', 'aiohttp'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\n"
