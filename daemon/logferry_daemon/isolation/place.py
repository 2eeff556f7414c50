"""The one file that the child may open, and those that SQLite keeps beside it. Nothing outside the folder, no link.

SQLite opens files by name. So the file is first opened from the folder down, component by component and without
following links; then SQLite opens it by name; then every handle of this process is looked at: none may be of another
file. Whoever swaps a file for a link in between gains nothing.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from logferry_daemon.isolation.limits import HANDLES, MAX_COPY
from logferry_model.errors import Damaged, Unreachable

BESIDE = ("-wal", "-shm", "-journal")
COPIED = ("", "-wal", "-journal")
_TRIES = 3
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_READ_BINARY = _READ | getattr(os, "O_BINARY", 0)
_FOLDER = getattr(os, "O_DIRECTORY", 0)
_BLOCK = 2**20
_JOURNAL_MAGIC = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
_WITH_LOG = b"\2\2"
"""Bytes 18 and 19 of a SQLite file: written and read by way of a write-ahead log."""

Identity = tuple[int, int]
State = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Place:
    """A database that was found where it should be; the working folder is its own."""

    name: str
    identity: Identity
    keeps_log: bool
    """Whether whoever has it open keeps a write-ahead log beside it."""

    @property
    def resting(self) -> bool:
        """Whether nobody has it open: the log that there would be is not there."""
        return self.keeps_log and set(self.states()) == {""}

    def check_handles(self) -> None:
        """Damaged when this process has opened any other file than this database and those beside it."""
        if sys.platform == "win32":
            return
        allowed = {self.identity}
        for ending in BESIDE:
            with _gone():
                allowed.add(_identity(os.lstat(self.name + ending)))
        for handle in range(3, HANDLES):
            with _gone():
                found = os.fstat(handle)
                if stat.S_ISREG(found.st_mode) and _identity(found) not in allowed:
                    raise _link()

    def copy_into(self, room: str) -> str:
        """The path of a private copy of it and of what is beside it, all of one moment."""
        for _ in range(_TRIES):
            before = self.states()
            if sum(size for _, _, size, _ in before.values()) > MAX_COPY:
                raise Damaged(
                    "database-too-big",
                    f"it cannot be read where it is, and is larger than {MAX_COPY // 2**20} MiB; it is not copied.",
                    hint="Give Logferry the permission to write in its folder.",
                )
            for ending in COPIED:
                self._copy(ending, os.path.join(room, "copy.db" + ending))  # noqa: PTH118 -- pathlib is slow to start
            if self.states() == before:
                # Of the copy: nobody can change that one any more.
                _check_names_no_other(os.path.join(room, "copy.db-journal"))  # noqa: PTH118 -- see above
                return os.path.join(room, "copy.db")  # noqa: PTH118 -- pathlib is slow to start
        raise Unreachable("database-busy", "it changes while it is copied; it is read again in a moment.")

    def states(self) -> dict[str, State]:
        """What tells one moment of it, and of the logs beside it, from another."""
        states = {}
        for ending in COPIED:
            with _gone():
                found = os.lstat(self.name + ending)
                states[ending] = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
        return states

    def _copy(self, ending: str, to: str) -> None:
        with ExitStack() as stack:
            try:
                source = os.open(self.name + ending, _READ_BINARY)
            except FileNotFoundError:
                _remove(to)  # of an earlier try
                return
            stack.callback(os.close, source)
            _check_regular(os.fstat(source))
            target = stack.enter_context(open(to, "wb"))  # noqa: PTH123 -- pathlib is slow to start
            left = MAX_COPY
            while left > 0 and (part := os.read(source, min(_BLOCK, left))):
                left -= target.write(part)


@contextmanager
def found(root: str, path: str) -> Iterator[Place]:
    """The place of `path` below `root`; Damaged when it is no regular file there, Unreachable when it is gone."""
    with _named_errors(path), ExitStack() as stack:
        *folders, name = parts = path.split("/")
        if not all(map(_is_name, parts)):
            raise Damaged("not-a-file", "its path leads out of its folder; it is not read.")
        _enter(root, folders, stack)
        handle = os.open(name, _READ_BINARY)
        # Closed last: closing a handle of a file would drop the locks that SQLite has on it.
        stack.callback(os.close, handle)
        state = os.fstat(handle)
        _check_regular(state)
        for beside in BESIDE:
            with _gone():
                _check_regular(os.lstat(name + beside))
        head = os.read(handle, 20)
        yield Place(name, _identity(state), keeps_log=head[18:20] == _WITH_LOG)


def _enter(root: str, folders: list[str], stack: ExitStack) -> None:
    """Make the file's folder the working one, without following a link below `root`."""
    if os.open not in os.supports_dir_fd:
        _enter_by_name(root, folders)
        return
    handle = os.open(root, os.O_RDONLY | _FOLDER)
    stack.callback(os.close, handle)
    for folder in folders:
        handle = os.open(folder, _READ | _FOLDER, dir_fd=handle)
        stack.callback(os.close, handle)
    os.chdir(handle)


def _enter_by_name(root: str, folders: list[str]) -> None:
    real = os.path.realpath(root)
    whole = os.path.join(root, *folders)  # noqa: PTH118 -- pathlib is slow to start
    expected = os.path.join(real, *folders)  # noqa: PTH118 -- pathlib is slow to start
    if os.path.normcase(os.path.realpath(whole)) != os.path.normcase(expected):
        raise _link()
    os.chdir(expected)


def _is_name(part: str) -> bool:
    """Whether it names something right here, on every system."""
    return part not in {"", ".", ".."} and os.path.basename(part) == part  # noqa: PTH119 -- pathlib is slow to start


def _identity(state: os.stat_result) -> Identity:
    return state.st_dev, state.st_ino


def _check_regular(state: os.stat_result) -> None:
    reparse = getattr(state, "st_file_attributes", 0) & getattr(stat, "FILE_ATTRIBUTE_REPARSE_POINT", 0)
    if stat.S_ISLNK(state.st_mode) or reparse:
        raise _link()
    if not stat.S_ISREG(state.st_mode):
        raise Damaged("not-a-file", "not a regular file (a pipe, device or folder); it is not read.")


def _link() -> Damaged:
    return Damaged("symlink", "a symbolic link; it is not followed.")


def _check_names_no_other(journal: str) -> None:
    """Damaged when the journal names another file: SQLite would delete that one, wherever it lies.

    The name of such a "super-journal" is followed by its length, a sum and the magic, which are the file's last bytes.
    A tracker has one database at a time, so none writes such a name.
    """
    try:
        handle = os.open(journal, _READ_BINARY)
    except FileNotFoundError:
        return
    try:
        os.lseek(handle, max(os.fstat(handle).st_size - len(_JOURNAL_MAGIC), 0), os.SEEK_SET)
        if os.read(handle, len(_JOURNAL_MAGIC)) == _JOURNAL_MAGIC:
            raise Damaged(
                "database-damaged",
                "what an interrupted write left beside it names another file, which would be deleted; it is not read.",
                hint="Close its program, move the file away and start the program again.",
            )
    finally:
        os.close(handle)


def _remove(path: str) -> None:
    with _gone():
        os.unlink(path)  # noqa: PTH108 -- pathlib is slow to start


@contextmanager
def _gone() -> Iterator[None]:
    """What is not there is no trouble."""
    try:
        yield
    except OSError as error:
        if error.errno not in {errno.ENOENT, errno.EBADF}:
            raise


@contextmanager
def _named_errors(path: str) -> Iterator[None]:
    """The same codes as for every other file."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENOTDIR}:
            raise _link() from error
        if error.errno in {errno.EACCES, errno.EPERM}:
            raise Damaged("no-permission", "no permission to read it.") from error
        reason = (error.strerror or "unknown error").lower()
        raise Unreachable("file-unreadable", f"{path} cannot be read: {reason}.") from error
