"""Secrets that somebody else lays down: a systemd credential, or a file that the environment names. Never written.

Read at every use, so that a key can be changed without a restart. The environment holds the file's name and never the
key: every program of the same user can read another one's environment.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from logferry_daemon.core.places import key_variable
from logferry_daemon.ports import KeyNote

FOLDER = "CREDENTIALS_DIRECTORY"
LONGEST = 64 * 1024
"""Bytes: more than any token has."""


class _Unusable(Exception):
    """Why the file is not taken."""


@dataclass(frozen=True, slots=True)
class Injected:
    """One file with one secret."""

    path: Path
    origin: str
    """In words, for whoever wonders where the key comes from."""
    forbidden: int
    """Bits of its mode that must not be set."""

    def secret(self) -> str | None:
        """The key, or None where it cannot be taken."""
        try:
            return self._read()
        except _Unusable:
            return None

    def trouble(self, destination: str) -> KeyNote | None:
        """Why it is not taken."""
        try:
            self._read()
        except _Unusable as why:
            return KeyNote(
                code="secret-file-refused",
                message=f"The key of {destination} is not taken from {self.origin}: {why}.",
                hint="Mend that file; it is read anew each time, so no restart is needed.",
            )
        return None

    def _read(self) -> str:
        try:
            text = _checked_text(self.path, self.forbidden).decode("ascii").strip()
        except OSError as error:
            raise _Unusable(_reason(error)) from None
        except UnicodeDecodeError:
            raise _Unusable("it holds something else than a key") from None
        if not text or not text.isprintable():
            raise _Unusable("it holds something else than one line with a key")
        return text


class InjectedSecrets:
    """What is injected by this environment."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def of(self, destination: str) -> Injected | None:
        """Where this destination's key comes from; a credential goes before a file."""
        if folder := self._environ.get(FOLDER):
            path = Path(folder) / f"logferry.{destination}"
            if path.is_symlink() or path.exists():
                # systemd lets the service's user in by an access list, which shows in the group's bits.
                return Injected(path, f"the credential {path.name}", stat.S_IRWXO)
        variable = key_variable(destination)
        if name := self._environ.get(variable):
            return Injected(Path(name), f"the file {name} ({variable})", stat.S_IRWXG | stat.S_IRWXO)
        return None


def _checked_text(path: Path, forbidden: int) -> bytes:
    """What stands in a regular file that is ours or the system's and closed to others."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise _Unusable("it is no regular file")
        if sys.platform != "win32":
            if found.st_mode & forbidden:
                raise _Unusable(f"others can read it; close it with: chmod 600 {path}")
            if found.st_uid not in {0, os.geteuid()}:
                raise _Unusable("it belongs to somebody else")
        if found.st_size > LONGEST:
            raise _Unusable("it is longer than any key")
        return os.read(handle, LONGEST)
    finally:
        os.close(handle)


def _reason(error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return "it is a symbolic link, which is not followed"
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    return (error.strerror or "it cannot be read").lower()
