"""Answers requests with a folder of this computer, as a server would. Never on a network, never outside the folder.

A file is whole or not there: it is written beside its place, synced, and moved there. Whether it may be replaced is the
request's condition; this only sees that it holds.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import stat
import sys
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import msgspec

from logferry_daemon.core.exchange import Request, Response
from logferry_daemon.core.places import folder_of
from logferry_model.envelope import Problem
from logferry_model.errors import Unreachable
from logferry_model.fingerprint import Fingerprint

LARGEST = 64 * 2**20
"""No file of ours is as large: what is, belongs to somebody else."""
ABANDONED = timedelta(minutes=10)
"""A half-written file this old has nobody who still writes it."""
_FULL = {errno.ENOSPC, errno.EDQUOT} if hasattr(errno, "EDQUOT") else {errno.ENOSPC}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class FolderSender:
    """The port `Sender` for addresses that begin with file:."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        """One thing after the other: what is looked at must not change before it is acted on."""

    async def send(
        self,
        url: str,
        request: Request,
        secret: Mapping[str, str],
        pin: Fingerprint | None = None,
    ) -> Response:
        """The answer; Unreachable while the folder is not there."""
        async with self._turn:
            return await asyncio.to_thread(_answer, Path(folder_of(url)), request)


def _answer(root: Path, request: Request) -> Response:
    name = request.path.removeprefix("/")
    if not name or name.startswith(".") or {"/", "\\", ":", "\0"} & set(name):
        return _problem(400, "name", "that is no name of a file")
    if not root.is_dir():
        raise Unreachable("folder-missing", f"the folder {root.name} is not there; is its drive connected?")
    try:
        return _VERBS[request.method](root, name, request)
    except FileNotFoundError:
        return Response(status=404, headers={}, body=b"")
    except OSError as error:
        return _trouble(error)


def _list(root: Path, name: str, request: Request) -> Response:  # noqa: ARG001 -- as the others
    """Names that end so."""
    with os.scandir(root) as entries:
        names = sorted(one.name for one in entries if one.name.endswith(name) and not one.name.startswith("."))
    return _json(200, {"names": names})


def _get(root: Path, name: str, request: Request) -> Response:  # noqa: ARG001 -- as the others
    body = _read(root / name)
    if body is None:
        return _problem(409, "no-file", f"{name} is there and is no file of Logferry's")
    return Response(status=200, headers={}, body=body)


def _put(root: Path, name: str, request: Request) -> Response:
    place, aside = root / name, root / f".{name}.part"
    wanted = request.headers.get("If-Match")
    if not _holds(place, wanted):
        return Response(status=412, headers={}, body=b"")
    if not _write_aside(aside, request.body):
        return _problem(423, "busy", f"somebody is writing {name} at this moment")
    try:
        if wanted is None:
            move_to_free_place(aside, place)
        else:
            aside.replace(place)
    except FileExistsError:
        return Response(status=412, headers={}, body=b"")
    finally:
        aside.unlink(missing_ok=True)
    _sync_folder(root)
    there = _read(place) or b""
    return _json(201 if wanted is None else 200, {"sha256": hashlib.sha256(there).hexdigest()})


def _delete(root: Path, name: str, request: Request) -> Response:
    place = root / name
    if not _holds(place, request.headers.get("If-Match", "")):
        return Response(status=412 if place.exists() else 404, headers={}, body=b"")
    place.unlink()
    _sync_folder(root)
    return Response(status=204, headers={}, body=b"")


_VERBS: Mapping[str, Callable[[Path, str, Request], Response]] = {
    "LIST": _list,
    "GET": _get,
    "PUT": _put,
    "DELETE": _delete,
}


def _holds(place: Path, digest: str | None) -> bool:
    """Whether the file there has this digest; None: whether nothing is there, not even a link to nowhere."""
    if digest is None:
        return not os.path.lexists(place)
    try:
        found = _read(place)
    except FileNotFoundError:
        return False
    return found is not None and hashlib.sha256(found).hexdigest() == digest


def _read(place: Path) -> bytes | None:
    """What is in a file; None where it is no regular file, or too large to be one of ours."""
    try:
        handle = os.open(place, os.O_RDONLY | _NO_FOLLOW)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENXIO, errno.EISDIR} or place.is_dir():
            return None
        raise
    try:
        seen = os.fstat(handle)
        if not stat.S_ISREG(seen.st_mode) or seen.st_size > LARGEST:
            return None
        with os.fdopen(handle, "rb", closefd=False) as file:
            return file.read(LARGEST + 1)
    finally:
        os.close(handle)


def _write_aside(aside: Path, body: bytes) -> bool:
    """Whether it was written and synced; somebody else may be at it."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW
    try:
        handle = os.open(aside, flags, 0o600)
    except FileExistsError:
        if time.time() - aside.lstat().st_mtime < ABANDONED.total_seconds():
            return False
        aside.unlink()
        handle = os.open(aside, flags, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        aside.unlink(missing_ok=True)
        raise
    return True


def move_to_free_place(aside: Path, place: Path) -> None:
    """FileExistsError when something has come there since."""
    if sys.platform == "win32":
        aside.rename(place)  # never replaces anything there
        return
    try:
        os.link(aside, place)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # Not on every file system: there the look and the move are a moment apart.
        if os.path.lexists(place):
            raise FileExistsError(place) from error
        aside.rename(place)


def _sync_folder(root: Path) -> None:
    if sys.platform == "win32":
        return
    handle = os.open(root, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _trouble(error: OSError) -> Response:
    said = (error.strerror or type(error).__name__).lower()
    if error.errno in _FULL:
        return _problem(507, "full", f"the disk of the folder is full: {said}")
    if error.errno in _FORBIDDEN:
        return _problem(403, "not-allowed", said)
    return _problem(503, "broken", f"the folder does not work: {said}")


def _problem(status: int, code: str, title: str) -> Response:
    body = msgspec.json.encode(Problem(title=title, status=status, code=code))
    return Response(status=status, headers={}, body=body)


def _json(status: int, value: object) -> Response:
    return Response(status=status, headers={"content-type": "application/json"}, body=msgspec.json.encode(value))
