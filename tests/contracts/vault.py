"""An operating system's keyring in memory. No fake of a port: it stands below the adapter."""

from __future__ import annotations

import threading

from keyring.errors import PasswordDeleteError

from logferry_daemon.core.gate import Access


class Vault:
    """An operating system's keyring in memory, with its moods."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.error: Exception | None = None
        self.answers = threading.Event()
        self.answers.set()
        self.forgetful = False
        self.clinging = False
        """It says that it deleted, and did not."""
        self.state = Access.AVAILABLE
        """What it shows to whoever only glances."""
        self.writes_left: int | None = None
        """After so many more it breaks down."""
        self.calls = 0
        self.at_once = 0
        self.most_at_once = 0

    def get_password(self, service: str, username: str) -> str | None:
        self._ask()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._ask()
        if self.writes_left is not None:
            if self.writes_left == 0:
                raise OSError("broken down")
            self.writes_left -= 1
        if not self.forgetful:
            self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._ask()
        if self.clinging:
            return
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError("no such password")

    def glance(self) -> Access:
        self._ask()
        return self.state

    def _ask(self) -> None:
        self.calls += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.answers.wait()
        self.at_once -= 1
        if self.error:
            raise self.error
