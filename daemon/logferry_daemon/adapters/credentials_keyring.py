"""Secrets in the operating system's keyring; in a file of the owner alone where they allowed that.

Only known keyrings count: some that install themselves accept a secret and throw it away, others write plain text.
Calls run on one thread with a limit, because a locked keyring may ask a question that nobody sees.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from logferry_daemon.core.gate import Access
from logferry_model.errors import Misconfigured

T = TypeVar("T")

TRUSTED = frozenset(
    {
        "keyring.backends.Windows.WinVaultKeyring",
        "keyring.backends.macOS.Keyring",
        "keyring.backends.SecretService.Keyring",
        "keyring.backends.kwallet.DBusKeyring",
        "keyring.backends.libsecret.Keyring",
    }
)
LIMIT_SECONDS = 3.0
MAX_UNITS = 1_200
"""UTF-16 units: the Windows vault holds 1,280."""
_USER = "logferry"


class KeyringCredentials:
    """The keyring first, then the file."""

    def __init__(self, secrets_file: Path, thread: ThreadPoolExecutor, *, limit_seconds: float = LIMIT_SECONDS) -> None:
        self._file = secrets_file
        self._thread = thread
        self._limit = limit_seconds
        self._stuck: asyncio.Future[object] | None = None

    async def access(self, destination: str) -> Access:
        """Whether there is a secret and it can be had."""
        if destination in self._read_file():
            return Access.AVAILABLE
        return (await self._ask(destination))[0]

    async def secret(self, destination: str) -> str | None:
        """The secret, or None."""
        return self._read_file().get(destination) or (await self._ask(destination))[1]

    async def keep(self, destination: str, secret: str, *, insecure: bool) -> None:
        """Store it and read it back."""
        if len(secret.encode("utf-16-le")) // 2 > MAX_UNITS:
            raise Misconfigured("secret-too-long", f"The key is longer than {MAX_UNITS} characters.")
        if insecure:
            self._write_file({**self._read_file(), destination: secret})
            return
        await self._limited(lambda: _store(destination, secret))
        if (await self._ask(destination))[1] != secret:
            raise Misconfigured(
                "keyring-unusable",
                "The keyring took the key but does not give it back.",
                hint="Set up a keyring, or allow a file with --insecure-storage.",
            )
        self._write_file({name: kept for name, kept in self._read_file().items() if name != destination})

    async def forget(self, destination: str) -> None:
        """Delete it everywhere it may be."""
        self._write_file({name: kept for name, kept in self._read_file().items() if name != destination})
        await self._limited(lambda: _delete(destination))

    def insecure(self) -> tuple[str, ...]:
        """Destinations whose secret lies in the file."""
        return tuple(self._read_file())

    async def _ask(self, destination: str) -> tuple[Access, str | None]:
        try:
            return await self._limited(lambda: _fetch(destination))
        except TimeoutError:
            return Access.STUCK, None

    async def _limited(self, call: Callable[[], T]) -> T:
        """Run on the one thread; while one call hangs, no other is stacked upon it."""
        if self._stuck is not None and not self._stuck.done():
            raise TimeoutError
        task = asyncio.get_running_loop().run_in_executor(self._thread, call)
        self._stuck = task  # type: ignore[assignment]  # a future of anything is one of object
        return await asyncio.wait_for(asyncio.shield(task), self._limit)

    def _read_file(self) -> dict[str, str]:
        try:
            kept = json.loads(self._file.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return {str(name): str(secret) for name, secret in kept.items()} if isinstance(kept, dict) else {}

    def _write_file(self, kept: dict[str, str]) -> None:
        if not kept:
            self._file.unlink(missing_ok=True)
            return
        fresh = self._file.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(kept, out)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(self._file)


def _service(destination: str) -> str:
    """One service a secret: Windows renames the first when one service has two users."""
    return f"logferry:{destination}"


def _backends() -> list[object]:
    from keyring.backend import get_all_keyring  # noqa: PLC0415 -- 60 ms and 13 MB that only logins need

    found = [one for one in get_all_keyring() if f"{type(one).__module__}.{type(one).__name__}" in TRUSTED]
    return sorted(found, key=lambda one: -float(getattr(one, "priority", 0)))


def _fetch(destination: str) -> tuple[Access, str | None]:
    from keyring.errors import KeyringError, KeyringLocked  # noqa: PLC0415 -- see _backends

    for backend in _backends():
        try:
            secret = backend.get_password(_service(destination), _USER)  # type: ignore[attr-defined]  # keyring's own type is Any
        except KeyringLocked:
            return Access.LOCKED, None
        except (KeyringError, OSError, RuntimeError):
            return Access.DENIED, None
        return (Access.AVAILABLE, str(secret)) if secret else (Access.ABSENT, None)
    return Access.ABSENT, None


def _store(destination: str, secret: str) -> None:
    backends = _backends()
    if not backends:
        raise Misconfigured(
            "no-keyring",
            "This system has no keyring that Logferry trusts.",
            hint="Install one (gnome-keyring, KWallet), or allow a file of yours alone with --insecure-storage.",
        )
    try:
        backends[0].set_password(_service(destination), _USER, secret)  # type: ignore[attr-defined]  # keyring's own type is Any
    except Exception as error:
        raise Misconfigured(
            "keyring-refused",
            f"The keyring refused to keep the key: {type(error).__name__}.",
            hint="Unlock it and try again, or allow a file of yours alone with --insecure-storage.",
        ) from error


def _delete(destination: str) -> None:
    from keyring.errors import KeyringError  # noqa: PLC0415 -- see _backends

    for backend in _backends():
        try:
            backend.delete_password(_service(destination), _USER)  # type: ignore[attr-defined]  # keyring's own type is Any
        except (KeyringError, OSError, RuntimeError):
            continue  # not there, which is what was asked for
