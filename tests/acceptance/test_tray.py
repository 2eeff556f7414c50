"""The real tray in a real panel: pressed over the same D-Bus calls that a panel makes, and once with the mouse."""

from __future__ import annotations

import importlib.machinery
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from logferry_ipc.messages import Attention, DeliveryState, DestinationInfo
from tests.conftest import needs, only_on
from tests.ipc.serving import ThreadedDaemon, daemon_in_thread

SYSTEM_GI = Path("/usr/lib/python3/dist-packages/gi")
OWN_GI = [path for path in SYSTEM_GI.glob("_gi.*") if path.name.endswith(importlib.machinery.EXTENSION_SUFFIXES[0])]

pytestmark = [
    pytest.mark.accept,
    only_on("linux"),
    needs("Xvfb", "xfce4-panel", "dbus-daemon", "xdotool", "import", "dunst"),
    pytest.mark.skipif(not OWN_GI, reason=f"platform: no gi for Python {sys.version_info[0]}.{sys.version_info[1]}"),
]

RUN = "import sys, pathlib; from logferry_tray.app import main; sys.exit(main(pathlib.Path(sys.argv[1])))"
WATCHER = "org.kde.StatusNotifierWatcher"
Value = Any
"""Whatever a message on the bus carries."""
PROPERTIES = "org.freedesktop.DBus.Properties"


def until(wanted: Callable[[], bool], what: str, *, patience: float = 60) -> None:
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if wanted():
            return
        time.sleep(0.05)
    pytest.fail(f"{what} did not happen within {patience} s")


@contextmanager
def running(
    *command: str, environment: dict[str, str], stdout: int = subprocess.DEVNULL, pass_fds: tuple[int, ...] = ()
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command,
        env=environment,
        text=True,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
        pass_fds=pass_fds,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            # A panel that hangs at its end is nobody's here: left running it would be told in another test.
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


class Desktop:
    """A screen, a session bus and, if wished, a panel."""

    def __init__(self, environment: dict[str, str]) -> None:
        from jeepney.io.blocking import open_dbus_connection  # type: ignore[import-untyped]  # ships no types

        self.environment = environment
        self.bus = open_dbus_connection(environment["DBUS_SESSION_BUS_ADDRESS"])

    def call(self, bus: str, path: str, interface: str, method: str, signature: str, *args: object) -> Value:
        from jeepney import DBusAddress, MessageType, new_method_call  # type: ignore[import-untyped]  # (the same)

        message = new_method_call(DBusAddress(path, bus, interface), method, signature, args)
        reply = self.bus.send_and_get_reply(message, timeout=30)
        if reply.header.message_type is MessageType.error:
            raise LookupError(reply.body)
        return reply.body

    def owns(self, name: str) -> bool:
        bus = "org.freedesktop.DBus"
        return bool(self.call(bus, "/org/freedesktop/DBus", bus, "NameHasOwner", "s", name)[0])

    def items(self) -> list[str]:
        got = self.call(
            WATCHER, "/StatusNotifierWatcher", PROPERTIES, "Get", "ss", WATCHER, "RegisteredStatusNotifierItems"
        )
        return list(got[0][1])


class Icon:
    """The tray's icon as a panel sees it."""

    def __init__(self, desktop: Desktop, process: subprocess.Popen[str]) -> None:
        self.desktop, self.process = desktop, process

    def read(self, name: str) -> Value:
        bus, _, path = self.desktop.items()[0].partition("/")
        return self.desktop.call(bus, f"/{path}", PROPERTIES, "Get", "ss", "org.kde.StatusNotifierItem", name)[0][1]

    def menu(self) -> dict[str, tuple[int, dict[str, Any]]]:
        """Every entry of the first two levels by its label; ids change with every update."""
        bus, _, _ = self.desktop.items()[0].partition("/")
        layout = self.desktop.call(bus, self.read("Menu"), "com.canonical.dbusmenu", "GetLayout", "iias", 0, -1, [])
        first = [entry[1] for entry in layout[1][2]]
        entries = [*first, *(below[1] for _, _, entries in first for below in entries)]
        return {
            values["label"][1]: (number, {key: value[1] for key, value in values.items()})
            for number, values, _ in entries
            if "label" in values
        }

    def press(self, label: str) -> None:
        bus, _, _ = self.desktop.items()[0].partition("/")
        number = self.menu()[label][0]
        event = (number, "clicked", ("i", 0), 0)
        self.desktop.call(bus, self.read("Menu"), "com.canonical.dbusmenu", "Event", "isvu", *event)

    def has(self, label: str) -> bool:
        try:
            return label in self.menu()
        except (LookupError, IndexError):
            return False


@contextmanager
def screen() -> Iterator[dict[str, str]]:
    """A display of its own, on a number that Xvfb finds free."""
    reading, writing = os.pipe()
    command = ("Xvfb", "-displayfd", str(writing), "-screen", "0", "800x600x24", "-nolisten", "tcp")
    environment = dict(os.environ)
    with running(*command, environment=environment, pass_fds=(writing,)), os.fdopen(reading) as told:
        os.close(writing)
        yield environment | {"DISPLAY": f":{told.readline().strip()}"}


@contextmanager
def session_bus(environment: dict[str, str]) -> Iterator[dict[str, str]]:
    command = ("dbus-daemon", "--session", "--nofork", "--print-address")
    with running(*command, environment=environment, stdout=subprocess.PIPE) as bus:
        assert bus.stdout is not None
        yield environment | {"DBUS_SESSION_BUS_ADDRESS": bus.stdout.readline().strip()}


@pytest.fixture
def desktop(tmp_path: Path) -> Iterator[Desktop]:
    with ExitStack() as stack:
        environment = stack.enter_context(session_bus(stack.enter_context(screen())))
        environment |= {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config"), "NO_AT_BRIDGE": "1"}
        desktop = Desktop(environment)
        stack.callback(desktop.bus.close)
        yield desktop


@pytest.fixture
def panel(desktop: Desktop) -> Iterator[Desktop]:
    with running("xfce4-panel", "--disable-wm-check", environment=desktop.environment):
        until(lambda: desktop.owns(WATCHER), "the panel")
        yield desktop


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[ThreadedDaemon]:
    with daemon_in_thread(tmp_path / "run") as daemon:
        yield daemon


@contextmanager
def tray(desktop: Desktop, tmp_path: Path) -> Iterator[Icon]:
    borrowed = tmp_path / "borrowed"
    borrowed.mkdir()
    (borrowed / "gi").symlink_to(SYSTEM_GI)
    environment = desktop.environment | {"PYTHONPATH": str(borrowed), "PYSTRAY_BACKEND": "appindicator"}
    command = (sys.executable, "-c", RUN, str(tmp_path / "run"))
    with running(*command, environment=environment, stdout=subprocess.PIPE) as process:
        icon = Icon(desktop, process)
        until(lambda: bool(desktop.items()) or process.poll() is not None, "the icon")
        assert process.poll() is None
        yield icon


def test_the_menu_shows_the_daemon_and_commands_it(panel: Desktop, daemon: ThreadedDaemon, tmp_path: Path) -> None:
    with tray(panel, tmp_path) as icon:
        until(lambda: icon.has("Idle, all is uploaded"), "the first status")
        menu = icon.menu()
        assert menu.keys() >= {
            "Pause 30 minutes",
            "Pause 1 hour",
            "Pause until resumed",
            "Upload all",
            "Open last report",
        }
        assert menu["Open last report"][1]["enabled"] is False
        assert icon.read("Title") == "Logferry: idle, all is uploaded"

        icon.press("Pause until resumed")
        until(lambda: daemon.control.paused, "the pause")
        until(lambda: icon.has("Resume"), "the label Resume")
        assert not icon.has("Pause until resumed")
        assert icon.has("Paused until you resume")
        icon.press("Resume")
        until(lambda: icon.has("Pause until resumed"), "the label Pause")
        assert not daemon.control.paused

        daemon.do(lambda: daemon.control.find("s1", DeliveryState.FAILED))
        daemon.do(lambda: daemon.control.trouble(Attention(code="c", message="The key was refused.")))
        until(lambda: icon.has("Retry failed (1)"), "the failure")
        assert icon.has("Needs attention (1)")
        icon.press("Retry failed (1)")
        until(lambda: "retry" in daemon.control.calls, "the retry")


def test_a_new_player_is_asked_about_and_the_answer_is_taken(
    panel: Desktop, daemon: ThreadedDaemon, tmp_path: Path
) -> None:
    with tray(panel, tmp_path) as icon:
        until(lambda: icon.has("Idle, all is uploaded"), "the first status")
        home = DestinationInfo(name="home", dialect="logferry", url="https://x.example")
        daemon.do(lambda: daemon.control.places.update(home=home))
        daemon.do(lambda: daemon.control.meet("Mila"))
        until(lambda: icon.has('Who is "Mila" (Artemis)?'), "the question")
        icon.press("Not for home")
        until(lambda: bool(daemon.control.rules), "the answer")
        assert [(one.identity, one.allowed) for one in daemon.control.rules] == [("Mila", False)]
        until(lambda: not icon.has('Who is "Mila" (Artemis)?'), "the end of the question")


@pytest.mark.parametrize("notices", [True, False], ids=["with notifications", "without notifications"])
def test_quit_ends_the_tray_and_nothing_else(
    panel: Desktop, daemon: ThreadedDaemon, tmp_path: Path, notices: bool
) -> None:
    """Without a notification service the GTK backend raises out of its own proper end."""
    with ExitStack() as stack:
        if notices:
            stack.enter_context(running("dunst", environment=panel.environment))
            until(lambda: panel.owns("org.freedesktop.Notifications"), "dunst")
        icon = stack.enter_context(tray(panel, tmp_path))
        quit_label = "Quit (Logferry goes on in the background)"
        until(lambda: icon.has(quit_label), "the menu")
        icon.press(quit_label)
        assert icon.process.wait(60) == 0
        assert icon.process.stdout is not None
        assert icon.process.stdout.read() == ""
    assert not daemon.control.stopping


def test_a_daemon_that_starts_later_is_found(panel: Desktop, tmp_path: Path) -> None:
    with tray(panel, tmp_path) as icon:
        until(lambda: icon.has('Not running; start it with "logferry run"'), "the absence")
        with daemon_in_thread(tmp_path / "run"):
            until(lambda: icon.has("Idle, all is uploaded"), "the daemon")
        until(lambda: icon.has('Not running; start it with "logferry run"'), "its end")


def test_the_icon_is_on_the_screen_and_opens_its_menu(panel: Desktop, daemon: ThreadedDaemon, tmp_path: Path) -> None:
    shot = Path(os.environ.get("LOGFERRY_SCREENSHOT") or tmp_path / "tray.png")
    with tray(panel, tmp_path) as icon:
        until(lambda: icon.has("Pause until resumed"), "the first status")
        place = _find_blue(panel, shot)
        for step in (("mousemove", *place), ("click", "3")):
            subprocess.run(["xdotool", *step], env=panel.environment, check=True, capture_output=True)
        time.sleep(1)  # a menu has no name on any bus: it is seen or it is not
        _photograph(panel, shot)
    assert shot.stat().st_size > 1000


@pytest.mark.parametrize("backend", ["appindicator", "gtk", "xorg"])
def test_with_a_display_but_no_tray_it_advises_and_succeeds(tmp_path: Path, backend: str) -> None:
    """The first two find no session bus and leave a thread waiting; the third has no menus."""
    borrowed = tmp_path / "borrowed"
    borrowed.mkdir()
    (borrowed / "gi").symlink_to(SYSTEM_GI)
    with screen() as environment:
        environment |= {"PYTHONPATH": str(borrowed), "PYSTRAY_BACKEND": backend}
        environment |= {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}
        ran = subprocess.run(
            [sys.executable, "-c", RUN, str(tmp_path)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
    assert ran.returncode == 0
    assert ran.stdout == 'No system tray here; "logferry status --watch" shows the same.\n'


def _photograph(desktop: Desktop, shot: Path) -> None:
    subprocess.run(["import", "-window", "root", str(shot)], env=desktop.environment, check=True)


def _find_blue(desktop: Desktop, shot: Path) -> tuple[str, str]:
    """Where on the screen the ferry's own blue is."""
    from PIL import Image

    found: list[tuple[int, int]] = []

    def look() -> bool:
        _photograph(desktop, shot)
        with Image.open(shot) as image:
            pixels = image.convert("RGB")
            wide, high = pixels.size
            blue = (38, 122, 217)
            found[:] = [(x, y) for x in range(wide) for y in range(min(high, 60)) if pixels.getpixel((x, y)) == blue]
        return len(found) > 20

    until(look, "the icon on the screen")
    xs, ys = sorted(x for x, _ in found), sorted(y for _, y in found)
    return str(xs[len(xs) // 2]), str(ys[len(ys) // 2])
