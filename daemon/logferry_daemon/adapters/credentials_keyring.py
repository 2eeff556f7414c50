"""Secrets in the operating system's keyring; in a file of the owner alone where they allowed that.

Only known keyrings count: some that install themselves accept a secret and throw it away, others write plain text.
Calls run one at a time and with a limit, because a locked keyring may ask a question that nobody sees.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Protocol, TypeVar

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
_OWN = "own:"
"""How a key of the installation itself is called; no destination's name has a colon in it."""
_OWN_BYTES = 32


class Backend(Protocol):
    """What this file needs of a keyring library's backend."""

    def get_password(self, service: str, username: str) -> str | None: ...
    def set_password(self, service: str, username: str, password: str) -> None: ...
    def delete_password(self, service: str, username: str) -> None: ...


def trusted_backends() -> Sequence[Backend]:
    """Those of this system that keep what they are given, and keep it secret; the best one first."""
    from keyring.backend import get_all_keyring  # noqa: PLC0415 -- 60 ms and 13 MB that only logins need

    found = [one for one in get_all_keyring() if f"{type(one).__module__}.{type(one).__name__}" in TRUSTED]
    return sorted(found, key=lambda one: -float(one.priority))


class KeyringCredentials:
    """The keyring first, then the file."""

    def __init__(
        self,
        secrets_file: Path,
        *,
        backends: Callable[[], Sequence[Backend]] = trusted_backends,
        limit_seconds: float = LIMIT_SECONDS,
    ) -> None:
        self._file = secrets_file
        self._backends = backends
        self._limit = limit_seconds
        self._turn = asyncio.Lock()
        self._call: asyncio.Future[object] | None = None

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
        await self._changing(lambda: _store(self._backends(), destination, secret))
        if (await self._ask(destination))[1] != secret:
            raise Misconfigured(
                "keyring-unusable",
                "The keyring took the key but does not give it back.",
                hint="Set up a keyring, or allow a file with --insecure-storage.",
            )
        self._drop_from_file(destination)

    async def forget(self, destination: str) -> None:
        """Delete it everywhere it may be; Misconfigured when the keyring does not do it."""
        self._drop_from_file(destination)
        await self._changing(lambda: _delete(self._backends(), destination))

    async def own_key(self, name: str) -> tuple[Access, str | None]:
        """A key of the installation itself."""
        if key := self._read_file().get(_OWN + name):
            return Access.AVAILABLE, key
        return await self._ask(_OWN + name)

    async def make_own_key(self, name: str) -> tuple[Access, str | None]:
        """In the keyring; in the file where there is none and its owner allowed the file for a destination."""
        access, key = await self.own_key(name)
        if access is not Access.ABSENT:
            return access, key
        try:
            found = await self._limited(lambda: _fetch_or_make(self._backends(), _OWN + name))
        except TimeoutError:
            return Access.STUCK, None
        return found or self._make_in_file(_OWN + name)

    def _make_in_file(self, name: str) -> tuple[Access, str | None]:
        if not self.insecure():
            return Access.ABSENT, None
        kept = self._read_file()
        key = kept.get(name) or secrets.token_hex(_OWN_BYTES)
        self._write_file({**kept, name: key})
        return Access.AVAILABLE, key

    def insecure(self) -> tuple[str, ...]:
        """Destinations whose secret lies in the file."""
        return tuple(name for name in self._read_file() if not name.startswith(_OWN))

    async def _ask(self, destination: str) -> tuple[Access, str | None]:
        try:
            return await self._limited(lambda: _fetch(self._backends(), destination))
        except TimeoutError:
            return Access.STUCK, None

    async def _changing(self, call: Callable[[], None]) -> None:
        try:
            await self._limited(call)
        except TimeoutError as error:
            hint = "It may wait for an answer from you; restart your keyring service and try again."
            raise Misconfigured("keyring-stuck", "The keyring does not answer.", hint=hint) from error

    async def _limited(self, call: Callable[[], T]) -> T:
        """Run one call after the other; while one hangs, no other is stacked upon it."""
        async with self._turn:
            if self._call is not None and not self._call.done():
                raise TimeoutError
            task = _in_thread(call)
            self._call = task  # type: ignore[assignment]  # a future of anything is one of object
            return await asyncio.wait_for(asyncio.shield(task), self._limit)

    def _read_file(self) -> dict[str, str]:
        try:
            kept = json.loads(self._file.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return {str(name): str(secret) for name, secret in kept.items()} if isinstance(kept, dict) else {}

    def _drop_from_file(self, destination: str) -> None:
        kept = self._read_file()
        if kept.pop(destination, None) is not None:
            self._write_file(kept)

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


def _in_thread(call: Callable[[], T]) -> asyncio.Future[T]:
    """Run in a thread that no exit waits for: a keyring may hang until its user answers."""
    done: Future[T] = Future()

    def work() -> None:
        try:
            done.set_result(call())
        except BaseException as error:  # noqa: BLE001 -- handed on as it is, whatever it is
            done.set_exception(error)

    threading.Thread(target=work, name="keyring", daemon=True).start()
    return asyncio.wrap_future(done)


def _fetch(backends: Sequence[Backend], destination: str) -> tuple[Access, str | None]:
    from keyring.errors import KeyringLocked  # noqa: PLC0415 -- see trusted_backends

    if not backends:
        return Access.ABSENT, None
    try:
        secret = backends[0].get_password(_service(destination), _USER)
    except KeyringLocked:
        return Access.LOCKED, None
    except Exception:  # noqa: BLE001 -- Windows and D-Bus raise classes of their own, which say the same
        return Access.DENIED, None
    return (Access.AVAILABLE, secret) if secret else (Access.ABSENT, None)


def _fetch_or_make(backends: Sequence[Backend], name: str) -> tuple[Access, str | None] | None:
    """In one call, so that two who ask at once get the same key; None without a keyring."""
    if not backends:
        return None
    found = _fetch(backends, name)
    if found[0] is not Access.ABSENT:
        return found
    try:
        _store(backends, name, secrets.token_hex(_OWN_BYTES))
    except Misconfigured:
        return Access.DENIED, None
    return _fetch(backends, name)


def _store(backends: Sequence[Backend], destination: str, secret: str) -> None:
    if not backends:
        raise Misconfigured(
            "no-keyring",
            "This system has no keyring that Logferry trusts.",
            hint="Install one (gnome-keyring, KWallet), or allow a file of yours alone with --insecure-storage.",
        )
    try:
        backends[0].set_password(_service(destination), _USER, secret)
    except Exception as error:
        raise Misconfigured(
            "keyring-refused",
            f"The keyring refused to keep the key: {type(error).__name__}.",
            hint="Unlock it and try again, or allow a file of yours alone with --insecure-storage.",
        ) from error


def _delete(backends: Sequence[Backend], destination: str) -> None:
    from keyring.errors import PasswordDeleteError  # noqa: PLC0415 -- see trusted_backends

    for backend in backends:
        try:
            backend.delete_password(_service(destination), _USER)
        except PasswordDeleteError:
            continue  # not there, which is what was asked for
        except Exception as error:
            raise Misconfigured(
                "keyring-refused",
                f"The keyring did not delete the key: {type(error).__name__}.",
                hint="Unlock it and try again.",
            ) from error
