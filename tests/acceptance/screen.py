"""A display of its own, and windows on it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

SYSTEM_PYTHON = Path("/usr/bin/python3")
"""Has GTK, which draws the window, and says its number once it is on the screen."""
PLAY = """
import gi
gi.require_version("Gtk", "3.0")
gi.require_version("GdkX11", "3.0")
from gi.repository import GdkX11, Gtk
window = Gtk.Window(title="the tavern")
window.connect("map-event", lambda *_: print(window.get_window().get_xid(), flush=True))
window.show_all()
Gtk.main()
"""


@contextmanager
def screen() -> Iterator[Mapping[str, str]]:
    """The variables that programs find it by; its number is one that is free."""
    reading, writing = os.pipe()
    command = ("Xvfb", "-displayfd", str(writing), "-screen", "0", "800x600x24", "-nolisten", "tcp")
    with (
        subprocess.Popen(command, pass_fds=(writing,), stderr=subprocess.DEVNULL) as server,
        os.fdopen(reading) as told,
    ):
        os.close(writing)
        try:
            yield {"DISPLAY": f":{told.readline().strip()}"}
        finally:
            server.kill()


@contextmanager
def window(program: Path, display: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    """A program with a window on it: its process, and the window's number."""
    program.write_text(PLAY)
    environment = {"PATH": os.environ["PATH"], "GDK_BACKEND": "x11", "NO_AT_BRIDGE": "1", **display}
    command = (str(SYSTEM_PYTHON), str(program))
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.pid, process.stdout.readline().strip()
        finally:
            process.kill()


def look_at(number: str, display: Mapping[str, str]) -> None:
    """This window hears the keys from now on."""
    subprocess.run(("xdotool", "windowfocus", "--sync", number), env=_environment(display), check=True, timeout=60)


def manage(number: str, display: Mapping[str, str]) -> None:
    """What a window manager says: this window is the active one."""
    words = ("-f", "_NET_ACTIVE_WINDOW", "32x", "-set", "_NET_ACTIVE_WINDOW", number)
    subprocess.run(("xprop", "-root", *words), env=_environment(display), check=True, timeout=60)


def _environment(display: Mapping[str, str]) -> Mapping[str, str]:
    return {"PATH": os.environ["PATH"], **display}


def can_draw() -> bool:
    """Whether there is what the window is drawn with."""
    if sys.platform != "linux" or not SYSTEM_PYTHON.exists():
        return False
    asked = "import gi; gi.require_version('Gtk', '3.0'); from gi.repository import Gtk"
    return subprocess.run((str(SYSTEM_PYTHON), "-c", asked), capture_output=True, check=False).returncode == 0
