"""The keyrings that are trusted, made by their class: neither the environment nor a file can choose or change one.

The keyring library's own choice is not asked. It follows PYTHON_KEYRING_BACKEND and keyringrc.cfg, which also extend
the import path, sets KEYRING_PROPERTY_* on whatever it makes, loads what other packages installed (some of which throw
secrets away or write plain text), and remembers at the first call which keyrings there are, so that one that starts
later is never seen.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any, Protocol

from logferry_daemon.core.gate import Access

_LINUX = ("keyring.backends.SecretService.Keyring", "keyring.backends.kwallet.DBusKeyring")
TRUSTED: Mapping[str, Sequence[str]] = {
    "win32": ("keyring.backends.Windows.WinVaultKeyring",),
    "darwin": ("keyring.backends.macOS.Keyring",),
    "linux": (*_LINUX, "keyring.backends.libsecret.Keyring"),
}
_SETTLED: Mapping[str, Mapping[str, object]] = {
    # Otherwise the domain's other computers get it too, and KEYCHAIN_PATH chooses where it goes.
    "keyring.backends.Windows.WinVaultKeyring": {"persist": "local machine"},
    "keyring.backends.macOS.Keyring": {"keychain": None},
}


class Backend(Protocol):
    """What Logferry needs of a keyring."""

    def get_password(self, service: str, username: str) -> str | None: ...
    def set_password(self, service: str, username: str, password: str) -> None: ...
    def delete_password(self, service: str, username: str) -> None: ...
    def glance(self) -> Access:
        """What can be said without a question to the user: available, locked, or absent when it holds nothing."""
        ...


def trusted_backends() -> Sequence[Backend]:
    """Those that are there at this moment; the best one first."""
    found = [one for path in TRUSTED.get(sys.platform, TRUSTED["linux"]) if (one := _present(path))]
    return [backend for _, backend in sorted(found, key=lambda one: -one[0])]


def _present(path: str) -> tuple[float, Backend] | None:
    kind = _kind(path)
    try:
        return float(kind.priority), kind()
    except Exception:  # noqa: BLE001 -- "not here" comes as RuntimeError, as ImportError, and as errors of D-Bus
        return None


@functools.cache
def _kind(path: str) -> Any:  # noqa: ANN401 -- a class made of one of the library's
    """One of the library's classes, deaf to the environment."""
    module, _, name = path.rpartition(".")
    # 60 ms and 13 MB that only logins need.
    theirs = getattr(importlib.import_module(module), name)
    glance = _glance_at_secret_service if "SecretService" in path else _glance_at_nothing
    settled = _SETTLED.get(path, {})

    def settle(self: Any) -> None:  # noqa: ANN401 -- as above
        for key, value in settled.items():
            setattr(self, key, value)

    # In place of the library's own, which takes every KEYRING_PROPERTY_* for an attribute.
    return type(name, (theirs,), {"set_properties_from_env": settle, "glance": glance, "__module__": __name__})


def _glance_at_nothing(_: object) -> Access:
    """Where reading asks nothing, or nobody can tell before."""
    return Access.AVAILABLE


def _glance_at_secret_service(_: object) -> Access:
    """The library's own reading makes the user unlock, or even invent a password for a keyring that is not there."""
    import secretstorage  # noqa: PLC0415 -- there on Linux alone

    with closing(secretstorage.dbus_init()) as bus:
        try:
            return Access.LOCKED if secretstorage.Collection(bus).is_locked() else Access.AVAILABLE
        except secretstorage.ItemNotFoundException:
            return Access.ABSENT
