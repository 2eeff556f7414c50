"""A desktop's session bus and its keyring, which come and go while a daemon runs. Everything is thrown away at the end."""

from __future__ import annotations

import importlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.acceptance.running import Program, Programs, until

PASSWORD = "testpw"
BUS = """<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""
"""No service folder: a keyring is there when it was started, and not because somebody asked for one."""


@dataclass
class Desktop:
    """One user's log-in: a bus and a keyring that keeps its entries while it is away."""

    root: Path
    programs: Programs
    running: dict[str, Program] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"unix:path={self.root / 'bus'}"

    @property
    def environment(self) -> Mapping[str, str]:
        """What a program of this desktop is started with; no display, so nobody can be asked anything."""
        return {
            "DBUS_SESSION_BUS_ADDRESS": self.address,
            "XDG_DATA_HOME": str(self.root / "data"),
            "XDG_RUNTIME_DIR": str(self.root / "run"),
            "XDG_CONFIG_HOME": str(self.root / "config"),
        }

    def start_bus(self) -> None:
        config = self.root / "bus.conf"
        config.write_text(BUS.format(socket=self.root / "bus"))
        self._start("bus", "dbus-daemon", f"--config-file={config}", "--nofork")
        until((self.root / "bus").exists, "a session bus")

    def start_keyring(self) -> None:
        """As a log-in with a password does it: unlocked."""
        command = 'printf "$0" | exec gnome-keyring-daemon --foreground --unlock --components=secrets'
        self._start("keyring", "sh", "-c", command, PASSWORD)
        until(lambda: self.locked is False, "an open keyring")

    def end(self) -> None:
        """The keyring first, then the bus."""
        for program in reversed(list(self.running.values())):
            program.clear_away()
        self.running.clear()
        (self.root / "bus").unlink(missing_ok=True)

    def lock(self) -> None:
        with self._collection() as collection:
            collection.lock()

    def unlock(self) -> None:
        """What the keyring's own dialogue does when the password was typed."""
        from secretstorage.util import DBusAddressWrapper, format_secret, open_session

        with self._collection() as collection:
            guilty = "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface"
            service = DBusAddressWrapper("/org/freedesktop/secrets", guilty, collection.connection)
            password = format_secret(open_session(collection.connection), PASSWORD.encode(), "text/plain")
            service.call("UnlockWithMasterPassword", "o(oayays)", collection.collection_path, password)

    @property
    def locked(self) -> bool | None:
        """None while there is no keyring."""
        from secretstorage import SecretStorageException

        with suppress(SecretStorageException, OSError), self._collection() as collection:
            return bool(collection.is_locked())
        return None

    def labels(self) -> list[str]:
        """What a person sees in their keyring's program."""
        with self._collection() as collection:
            return [item.get_label() for item in collection.get_all_items()]

    def _start(self, name: str, *command: str) -> None:
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.root), **self.environment}
        self.running[name] = self.programs.start(name, command, environment)

    @contextmanager
    def _collection(self) -> Iterator[Any]:
        """What is behind the keyring's password, seen without the code under test."""
        # Both come with the keyring library, and only on Linux; the first one has no types.
        bus = importlib.import_module("jeepney.io.blocking")
        import secretstorage

        with closing(bus.open_dbus_connection(self.address)) as connection:
            yield secretstorage.Collection(connection)


@contextmanager
def desktop_session() -> Iterator[Desktop]:
    """A desktop whose programs are all gone when the block ends."""
    # Not below a test's own folder: the path of a socket has room for a hundred letters.
    root = Path(tempfile.mkdtemp(prefix="lf-"))
    for name in ("data", "run", "config"):
        (root / name).mkdir(mode=0o700)
    desktop = Desktop(root, Programs(root / "words"))
    try:
        yield desktop
    finally:
        desktop.programs.clear_away()
        shutil.rmtree(root)
