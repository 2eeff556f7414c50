"""The discovery file: how clients of the same user find the daemon that runs now. Never scans ports.

`daemon.json` lies in a folder that only its owner can enter and holds the token, so reading it is the right
to command the daemon. It is written after the listener is up and removed on exit; what a killed daemon left
behind is recognised by its process id and start time. On Windows the modes below mean nothing: there the
file inherits the access list of the user's profile, which admits the user, administrators and the system.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from logferry_ipc.messages import API_VERSION
from logferry_model.errors import Misconfigured

FILE_NAME = "daemon.json"

_SECRET_BYTES = 32
_LARGEST = 64 * 1024
_BINARY = getattr(os, "O_BINARY", 0)
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)


class Keys(Struct, frozen=True, kw_only=True):
    """The two secrets of one run of the daemon."""

    token: str
    """What a client shows to be obeyed."""
    proof_key: str
    """hex; what the daemon answers a nonce with, so that nobody else on its port is shown the token."""

    @classmethod
    def fresh(cls) -> Keys:
        """New ones, 256 bits each."""
        return cls(token=_random(_SECRET_BYTES), proof_key=_random(_SECRET_BYTES))

    def __repr__(self) -> str:
        return "Keys(***)"


class Endpoint(Struct, frozen=True, kw_only=True):
    """Where a daemon listens, which process it is, and how to prove each side to the other."""

    pid: int
    started: float
    """`process_start` of that pid; 0 where the system does not tell."""
    instance: str
    port: int
    keys: Keys
    api_version: int = API_VERSION

    @classmethod
    def of_this_process(cls, *, instance: str, port: int, keys: Keys) -> Endpoint:
        """The endpoint of a listener that this process has opened."""
        pid = os.getpid()
        return cls(pid=pid, started=process_start(pid) or 0, instance=instance, port=port, keys=keys)


def process_start(pid: int) -> float | None:
    """When a process started, in the system's own unit; None when there is none, 0 when nobody can tell."""
    if sys.platform == "win32":
        return 0  # os.kill would end it; clients find out by the server's proof instead
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except OSError:
        return 0
    try:
        line = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    # Field 22; the second one is the name, which may itself hold spaces and brackets.
    fields = line.rpartition(")")[2].split()
    return float(fields[19]) if len(fields) > 19 else 0


def write(folder: Path, endpoint: Endpoint) -> Path:
    """Put the discovery file in place, whole and owner-only from its first byte on."""
    _make_private(folder)
    target = folder / FILE_NAME
    draft = folder / f".{FILE_NAME}.{_random(8)}"
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | _NO_FOLLOW | _BINARY
    try:
        with os.fdopen(os.open(draft, flags, 0o600), "wb") as file:
            file.write(msgspec.json.encode(endpoint))
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return target


def read(folder: Path, *, started: Callable[[int], float | None] = process_start) -> Endpoint | None:
    """The daemon that runs now, or None; Misconfigured when others could have read or written the file."""
    endpoint = _load(folder / FILE_NAME)
    if endpoint is None:
        return None
    now = started(endpoint.pid)
    same = now is not None and (0 in (now, endpoint.started) or now == endpoint.started)
    return endpoint if same else None


def remove(folder: Path, *, instance: str) -> None:
    """Take the file away, unless another daemon has written its own since."""
    path = folder / FILE_NAME
    with contextlib.suppress(Misconfigured):
        endpoint = _load(path)
        if endpoint is not None and endpoint.instance == instance:
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def announced(folder: Path, endpoint: Endpoint) -> Iterator[Path]:
    """The discovery file is there inside this block and nowhere else."""
    path = write(folder, endpoint)
    try:
        yield path
    finally:
        remove(folder, instance=endpoint.instance)


def _random(size: int) -> str:
    """hex of the system's own randomness; `secrets` would say the same and cost every client 3 ms."""
    return os.urandom(size).hex()


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if sys.platform == "win32":
        return
    seen = folder.lstat()
    if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != os.geteuid():
        raise Misconfigured(
            "runtime-foreign",
            f"The folder {folder} belongs to somebody else.",
            hint="Remove it, or set LOGFERRY_HOME to a folder of your own.",
        )
    if seen.st_mode & 0o077:
        folder.chmod(0o700)


def _load(path: Path) -> Endpoint | None:
    """What the file says, or None when there is none or it is not whole."""
    try:
        handle = os.open(path, os.O_RDONLY | _NO_FOLLOW | _BINARY)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        _refuse_shared(path, os.fstat(file.fileno()))
        data = file.read(_LARGEST)
    try:
        return msgspec.json.decode(data, type=Endpoint)
    except msgspec.DecodeError:
        return None


def _refuse_shared(path: Path, seen: os.stat_result) -> None:
    if sys.platform == "win32":
        return
    if seen.st_uid != os.geteuid() or seen.st_mode & 0o077:
        raise Misconfigured(
            "endpoint-shared",
            f"The discovery file {path} is not private to you.",
            hint="Stop the daemon, remove the file and start the daemon again.",
        )
