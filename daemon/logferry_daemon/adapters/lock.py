"""One daemon a home: a lock that the system takes back when its holder dies, however it dies."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from logferry_daemon.adapters.own_folder import writable
from logferry_model.errors import Refused


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold the lock; Refused `already-running` when another process has it."""
    with writable(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _take(handle)
        yield
    finally:
        os.close(handle)


def _take(handle: int) -> None:
    try:
        _lock(handle)
    except OSError as error:
        said = "Logferry already runs for this home folder."
        raise Refused("already-running", said, hint="See it with: logferry status") from error


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> None:
        # Far behind the file's end: others can still read what stands in it.
        os.lseek(handle, 2**30, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(handle: int) -> None:
        # flock, not lockf: that one is lost as soon as any handle of the file is closed.
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
