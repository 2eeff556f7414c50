"""The real Secret Service: a gnome-keyring-daemon on a D-Bus of its own, with a store that is thrown away."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import needs

pytestmark = [pytest.mark.accept, needs("dbus-run-session", "gnome-keyring-daemon")]

SAY = """
import asyncio, pathlib, sys
from logferry_daemon.adapters.credentials_keyring import KeyringCredentials
from logferry_model.errors import Misconfigured

async def main(verb):
    credentials = KeyringCredentials(pathlib.Path(sys.argv[1]), {})
    if verb == "keep":
        await credentials.keep("home", "s3cret", insecure=False)
    if verb == "forget":
        await credentials.forget("home")
    print((await credentials.access("home")).value, await credentials.secret("home"))

asyncio.run(main(sys.argv[2]))
"""


class Desktop:
    """One user's keyring, over several log-ins."""

    def __init__(self, home: Path) -> None:
        self._home = home
        for name in ("data", "run", "config"):
            (home / name).mkdir(mode=0o700)

    def session(self, verb: str, *, unlocked: bool) -> str:
        """Log in, ask, log out."""
        start = "printf testpw | gnome-keyring-daemon --unlock" if unlocked else "gnome-keyring-daemon --start"
        script = f'{start} --components=secrets >/dev/null 2>&1; exec "$0" -c "$1" "$2" "$3"'
        secrets_file = self._home / "secrets.json"
        command = ["dbus-run-session", "--", "sh", "-c", script, sys.executable, SAY, str(secrets_file), verb]
        dropped = ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS")
        environment = {key: value for key, value in os.environ.items() if key not in dropped}
        environment |= {
            "XDG_DATA_HOME": str(self._home / "data"),
            "XDG_RUNTIME_DIR": str(self._home / "run"),
            "XDG_CONFIG_HOME": str(self._home / "config"),
            "HOME": str(self._home),
        }
        child = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
        assert not secrets_file.exists()
        return child.stdout.strip()


@pytest.fixture
def desktop(tmp_path: Path) -> Desktop:
    return Desktop(tmp_path)


def test_a_secret_is_kept_over_a_log_out_and_forgotten_on_demand(desktop: Desktop) -> None:
    assert desktop.session("ask", unlocked=True) == "absent None"
    assert desktop.session("keep", unlocked=True) == "available s3cret"
    assert desktop.session("ask", unlocked=True) == "available s3cret"
    assert desktop.session("forget", unlocked=True) == "absent None"
    assert desktop.session("ask", unlocked=True) == "absent None"


def test_a_locked_keyring_is_locked_and_goes_on_when_it_is_unlocked(desktop: Desktop) -> None:
    desktop.session("keep", unlocked=True)
    assert desktop.session("ask", unlocked=False) == "locked None"
    assert desktop.session("ask", unlocked=True) == "available s3cret"


def test_a_keyring_that_holds_nothing_yet_is_not_made_up_by_asking(desktop: Desktop) -> None:
    """The library's own reading would show a dialogue that wants a new password."""
    assert desktop.session("ask", unlocked=False) == "absent None"
