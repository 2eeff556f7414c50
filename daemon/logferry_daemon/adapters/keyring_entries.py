"""Secrets as entries of a keyring: whole or in parts, read back after writing, looked for after deleting.

Blocks as long as the keyring likes; `adapters/credentials_keyring.py` calls it from a thread and with a limit.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence

from logferry_daemon.adapters.keyring_backends import Backend
from logferry_daemon.core.gate import Access
from logferry_daemon.core.secret_parts import MAX_PARTS, joined, manifest, split
from logferry_model.errors import Misconfigured

Found = tuple[Access, str | None]
OWN_BYTES = 32
_USER = "logferry"
_COPIES = 8
"""A keyring may hold an entry more than once, and deletes one at a time."""


def fetch(backends: Sequence[Backend], name: str, *, may_ask: bool = False) -> Found:
    """The secret, or why it cannot be had; unless it `may_ask`, the user is left in peace."""
    from keyring.errors import KeyringLocked  # noqa: PLC0415 -- see keyring_backends

    if not backends:
        return Access.ABSENT, None
    try:
        seen = Access.AVAILABLE if may_ask else backends[0].glance()
        secret = _read(backends[0], name) if seen is Access.AVAILABLE else None
    except KeyringLocked:
        return Access.LOCKED, None
    except Exception:  # noqa: BLE001 -- Windows and D-Bus raise classes of their own, which say the same
        return Access.DENIED, None
    if seen is not Access.AVAILABLE:
        return seen, None
    return (Access.AVAILABLE, secret) if secret else (Access.ABSENT, None)


def store(backends: Sequence[Backend], name: str, secret: str) -> None:
    """Write it and read it back; Misconfigured says why it could not be kept."""
    if not backends:
        raise Misconfigured(
            "no-keyring",
            "This system has no keyring that Logferry trusts.",
            hint="Install one (gnome-keyring, KWallet), or allow a file of yours alone with --insecure-storage.",
        )
    try:
        _write(backends[0], name, secret)
        given_back = _read(backends[0], name)
    except Exception as error:  # noqa: BLE001 -- see fetch
        # Not chained: a library's traceback may hold what it was given.
        raise Misconfigured(
            "keyring-refused",
            f"The keyring refused to keep the key: {type(error).__name__}.",
            hint="Unlock it and try again, or allow a file of yours alone with --insecure-storage.",
        ) from None
    if given_back != secret:
        raise Misconfigured(
            "keyring-unusable",
            "The keyring took the key but does not give it back.",
            hint="Set up a keyring, or allow a file with --insecure-storage.",
        )


def fetch_or_make(backends: Sequence[Backend], name: str) -> Found | None:
    """In one call, so that two who ask at once get the same key; None without a keyring."""
    if not backends:
        return None
    found = fetch(backends, name)
    if found[0] is not Access.ABSENT or not _open(backends[0]):
        return found
    try:
        store(backends, name, secrets.token_hex(OWN_BYTES))
    except Misconfigured as error:
        return (Access.ABSENT if error.code == "keyring-unusable" else Access.DENIED), None
    return fetch(backends, name)


def _open(backend: Backend) -> bool:
    """Whether writing asks the user nothing."""
    try:
        return backend.glance() is Access.AVAILABLE
    except Exception:  # noqa: BLE001 -- see fetch
        return False


def delete(backends: Sequence[Backend], name: str, *, may_ask: bool = True) -> None:
    """It and its parts are gone from every keyring; Misconfigured when one of them keeps any."""
    for backend in backends:
        try:
            seen = Access.AVAILABLE if may_ask else backend.glance()
            if seen is Access.LOCKED:
                raise _undeleted("it is locked")
            if seen is Access.ABSENT:
                continue
            kept = [entry for entry in _entries(backend, name) if not _gone(backend, entry)]
        except Misconfigured:
            raise
        except Exception as error:  # noqa: BLE001 -- see fetch
            raise _undeleted(type(error).__name__) from None
        if kept:
            raise _undeleted("it is still there")


def _undeleted(why: str) -> Misconfigured:
    hint = "Unlock it and try again."
    return Misconfigured("keyring-refused", f"The keyring did not delete the key: {why}.", hint=hint)


def _read(backend: Backend, name: str) -> str | None:
    kept = backend.get_password(_service(name), _USER)
    whole = manifest(kept) if kept else None
    if whole is None:
        return kept
    numbers = range(1, min(whole.parts, MAX_PARTS) + 1)
    return joined(whole, [backend.get_password(_service(name, number), _USER) for number in numbers])


def _write(backend: Backend, name: str, secret: str) -> None:
    """The parts, and only then what says that they are whole; what a longer secret left behind goes last."""
    kept, parts = split(secret)
    for number, part in enumerate(parts, 1):
        backend.set_password(_service(name, number), _USER, part)
    backend.set_password(_service(name), _USER, kept)
    for entry in _parts(backend, name, beyond=len(parts)):
        _gone(backend, entry)


def _entries(backend: Backend, name: str) -> Iterator[str]:
    """The last part first: whatever ends this early leaves no gap that hides the rest."""
    yield from reversed(list(_parts(backend, name)))
    yield _service(name)


def _parts(backend: Backend, name: str, *, beyond: int = 0) -> Iterator[str]:
    for number in range(beyond + 1, MAX_PARTS + 1):
        if backend.get_password(_service(name, number), _USER) is None:
            return
        yield _service(name, number)


def _gone(backend: Backend, service: str) -> bool:
    from keyring.errors import PasswordDeleteError  # noqa: PLC0415 -- see keyring_backends

    for _ in range(_COPIES):
        try:
            backend.delete_password(service, _USER)
        except PasswordDeleteError:
            break  # not there, which is what was asked for, or refused, which is seen below
    return backend.get_password(service, _USER) is None


def _service(name: str, part: int = 0) -> str:
    """One service a secret: Windows renames the first when one service has two users."""
    return f"logferry:{name}#{part}" if part else f"logferry:{name}"
