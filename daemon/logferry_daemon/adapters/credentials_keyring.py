"""Secrets: those laid down for Logferry, then the system's keyring, then a file where its owner allowed that.

Keyring calls run in a thread, one at a time and with a limit, because a locked keyring may ask a question that nobody
sees. Only a login or logout, which a person began, may make it ask, and waits for the answer.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from logferry_daemon.adapters.keyring_backends import Backend, trusted_backends
from logferry_daemon.adapters.keyring_entries import OWN_BYTES, Found, delete, fetch, fetch_or_make, store
from logferry_daemon.adapters.secret_file import SecretFile
from logferry_daemon.adapters.secrets_injected import Injected, InjectedSecrets
from logferry_daemon.core.gate import Access
from logferry_daemon.core.secret_parts import MAX_PARTS, MAX_UNITS, too_long
from logferry_daemon.ports import KeyNote
from logferry_model.errors import Misconfigured

T = TypeVar("T")

LIMIT_SECONDS = 3.0
PATIENCE_SECONDS = 120.0
"""As long as a person may take to unlock a keyring that asks for it."""
_OWN = "own:"
"""How a key of the installation itself is called; no destination's name has a colon in it."""


_IN_FILE = KeyNote(
    code="key-in-file",
    message="A key that Logferry made for itself lies in a file and not in a keyring.",
    hint="Set up a keyring, then log in again: logferry login DESTINATION",
)


class KeyringCredentials:
    """What was injected first, then the file, whose owner chose it over the keyring, then the keyring."""

    def __init__(
        self,
        secrets_file: Path,
        environ: Mapping[str, str],
        *,
        backends: Callable[[], Sequence[Backend]] = trusted_backends,
        limit_seconds: float = LIMIT_SECONDS,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._file = SecretFile(secrets_file)
        self._injected = InjectedSecrets(environ)
        self._backends = backends
        self._limit = limit_seconds
        self._patience = patience_seconds
        self._turn = asyncio.Lock()
        self._call: asyncio.Future[object] | None = None
        self._person_asked = False
        """Whether the call under way may be waiting for its user."""

    def __repr__(self) -> str:
        return "KeyringCredentials(***)"

    async def access(self, destination: str) -> Access:
        """Whether there is a secret and it can be had."""
        return (await self._find(destination))[0]

    async def secret(self, destination: str) -> str | None:
        """The secret, or None."""
        return (await self._find(destination))[1]

    async def keep(self, destination: str, secret: str, *, insecure: bool) -> None:
        """Store it and read it back."""
        if too_long(secret):
            raise Misconfigured("secret-too-long", f"The key is longer than {MAX_PARTS * MAX_UNITS:,} characters.")
        if insecure:
            self._file.write({**self._file.read(), destination: secret})
            return
        await self._changing(partial(self._store, destination, secret), self._patience)
        self._file.drop(destination)
        await self._move_own_keys()

    async def forget(self, destination: str, *, quiet: bool = False) -> None:
        """Delete it everywhere it may be; Misconfigured when the keyring does not do it."""
        self._file.drop(destination)
        seconds = self._limit if quiet else self._patience
        await self._changing(lambda: delete(self._backends(), destination, may_ask=not quiet), seconds)

    async def origin(self, destination: str) -> str:
        """Who laid this destination's key down, in words; empty where it was given to Logferry itself."""
        found = await asyncio.to_thread(self._injected.of, destination)
        return found.origin if found else ""

    async def notes(self, destinations: Sequence[str]) -> Sequence[KeyNote]:
        """What the owner should know about where these keys are."""
        return await asyncio.to_thread(lambda: [*self._refused(destinations), *self._insecure(destinations)])

    async def own_key(self, name: str) -> Found:
        """A key of the installation itself."""
        if key := self._file.read().get(_OWN + name):
            return Access.AVAILABLE, key
        return await self._ask(_OWN + name)

    async def make_own_key(self, name: str) -> Found:
        """In the keyring; in the file where there is none and its owner allowed the file for a destination."""
        access, key = await self.own_key(name)
        if access is not Access.ABSENT:
            return access, key
        try:
            found = await self._limited(lambda: fetch_or_make(self._backends(), _OWN + name), self._limit)
        except TimeoutError:
            return self._out_of_time, None
        return found or self._make_in_file(_OWN + name)

    def _make_in_file(self, name: str) -> Found:
        kept = self._file.read()
        if not any(not one.startswith(_OWN) for one in kept):
            return Access.ABSENT, None
        key = kept.get(name) or secrets.token_hex(OWN_BYTES)
        self._file.write({**kept, name: key})
        return Access.AVAILABLE, key

    async def _move_own_keys(self) -> None:
        """There is a keyring after all: what lies in the file for want of one goes there."""
        for name, key in self._file.read().items():
            if name.startswith(_OWN):
                # It stays where it is if that fails: the login itself was done.
                with suppress(Misconfigured):
                    await self._changing(partial(self._store, name, key), self._limit)
                    self._file.drop(name)

    def _store(self, name: str, secret: str) -> None:
        store(self._backends(), name, secret)

    def _refused(self, destinations: Sequence[str]) -> Sequence[KeyNote]:
        found = [(name, self._injected.of(name)) for name in destinations]
        return [note for name, one in found if one and (note := one.trouble(name))]

    def _insecure(self, destinations: Sequence[str]) -> Sequence[KeyNote]:
        kept = self._file.read()
        notes = [_in_file(name) for name in destinations if name in kept]
        if kept and not notes:
            notes = [_IN_FILE]
        return [_was_open(self._file.path), *notes] if notes and self._file.was_open else notes

    async def _find(self, destination: str) -> Found:
        if injected := await asyncio.to_thread(self._injected.of, destination):
            return await asyncio.to_thread(_taken, injected)
        if secret := self._file.read().get(destination):
            return Access.AVAILABLE, secret
        return await self._ask(destination)

    async def _ask(self, name: str) -> Found:
        try:
            return await self._limited(lambda: fetch(self._backends(), name), self._limit)
        except TimeoutError:
            return self._out_of_time, None

    @property
    def _out_of_time(self) -> Access:
        return Access.LOCKED if self._person_asked else Access.STUCK

    async def _changing(self, call: Callable[[], None], seconds: float) -> None:
        try:
            await self._limited(call, seconds)
        except TimeoutError:
            hint = "It may wait for an answer from you; restart your keyring service and try again."
            raise Misconfigured("keyring-stuck", "The keyring does not answer.", hint=hint) from None

    async def _limited(self, call: Callable[[], T], seconds: float) -> T:
        """Run one call after the other; while one hangs, no other is stacked upon it."""
        async with asyncio.timeout(self._limit):
            await self._turn.acquire()
        try:
            if self._call is not None and not self._call.done():
                raise TimeoutError
            self._person_asked = seconds > self._limit
            task = _in_thread(call)
            self._call = task  # type: ignore[assignment]  # a future of anything is one of object
            return await asyncio.wait_for(asyncio.shield(task), seconds)
        finally:
            self._person_asked = False
            self._turn.release()


def _taken(injected: Injected) -> Found:
    secret = injected.secret()
    return (Access.AVAILABLE, secret) if secret else (Access.REFUSED, None)


def _in_file(destination: str) -> KeyNote:
    return KeyNote(
        code="key-in-file",
        message=f"The key of {destination} lies in a file and not in a keyring.",
        hint=f"Set up a keyring, then: logferry login {destination}",
    )


def _was_open(path: Path) -> KeyNote:
    return KeyNote(
        code="key-file-was-open",
        message=f"Others could read {path.name}; it is closed to them now.",
        hint="Whoever read it has the keys: make new ones at the destinations, and log in with them.",
    )


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
