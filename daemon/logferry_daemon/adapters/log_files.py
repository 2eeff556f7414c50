"""Reads other programs' files without getting in their way.

Opens only regular files inside the folder, component by component and without following links, never for writing and
never waiting: a pipe or a device is noticed, not opened for long. Directory entries are looked at, not trusted.
"""

from __future__ import annotations

import asyncio
import errno
import fnmatch
import os
import re
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from operator import attrgetter
from pathlib import Path

from logferry_daemon.adapters import opening
from logferry_daemon.core.reading import Trouble
from logferry_daemon.core.settle import Signature
from logferry_daemon.ports import CLOSED, FileSeen
from logferry_model.errors import Damaged, Unreachable

MAX_DEPTH = 6
"""Folders below the source's own; loops are impossible because links are not followed."""

_NS_MOST = 2**63 - 1
_NOT_REGULAR = Trouble(code="not-a-file", message="not a regular file (a pipe, device or folder); it is not read.")
_NAME = Trouble(code="bad-name", message="its name is not readable text; rename it.")
_LINK = Trouble(code="symlink", message="a symbolic link; it is not followed.")


class FolderFiles:
    """The files below a folder of this computer. Blocking calls run in threads."""

    async def scan(self, root: Path, patterns: Sequence[str]) -> Sequence[FileSeen]:
        """Every entry whose name fits, at most MAX_DEPTH folders down, by path."""
        return await asyncio.to_thread(_scan, root, patterns)

    async def look(self, root: Path, path: str) -> FileSeen | None:
        """One entry again."""
        return await asyncio.to_thread(_look, root, path)

    async def read(self, root: Path, path: str, *, offset: int, limit: int) -> bytes:
        """At most `limit` bytes from `offset`."""
        return await asyncio.to_thread(_read, root, path, offset, limit)


def fits(name: str, patterns: Sequence[str]) -> bool:
    """Whether a file name fits one of the globs; letter case counts where the system says so."""
    return _one_of(tuple(patterns))(os.path.normcase(name)) is not None


@lru_cache(maxsize=64)
def _one_of(patterns: tuple[str, ...]) -> Callable[[str], object]:
    """One expression for all globs: a rescan asks it a hundred thousand times."""
    return re.compile("|".join(fnmatch.translate(os.path.normcase(pattern)) for pattern in patterns)).match


def _scan(root: Path, patterns: Sequence[str]) -> list[FileSeen]:
    found: list[FileSeen] = []
    try:
        _scan_into(found, root, patterns)
    except OSError as error:
        raise Unreachable(
            "source-missing",
            f"The folder {root} cannot be read: {_reason(error)}.",
            hint="It is looked for again and again; check the path with: logferry sources list",
        ) from error
    found.sort(key=attrgetter("path"))
    return found


if sys.platform == "win32":

    def _scan_into(found: list[FileSeen], root: Path, patterns: Sequence[str], below: str = "") -> None:
        """The file itself is asked: its directory entry has no inode, and a size from before it was opened."""
        with os.scandir(root / below) as entries:
            for entry in list(entries):
                path = f"{below}{entry.name}"
                if entry.is_dir(follow_symlinks=False) and not _is_reparse_point(entry.stat(follow_symlinks=False)):
                    if below.count("/") < MAX_DEPTH:
                        with _told(found, path):
                            _scan_into(found, root, patterns, f"{path}/")
                elif fits(entry.name, patterns) and (seen := _look(root, path)) is not None:
                    found.append(seen)

else:

    def _scan_into(found: list[FileSeen], root: Path, patterns: Sequence[str]) -> None:
        with opening.folder(root) as handle:
            _scan_folder(found, handle, "", _one_of(tuple(patterns)))

    def _scan_folder(found: list[FileSeen], handle: int, below: str, wanted: Callable[[str], object]) -> None:
        """From folder to folder by handles: no link can be put into the way, and no path is walked twice."""
        with os.scandir(handle) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if below.count("/") < MAX_DEPTH:
                        with _told(found, below + entry.name), opening.folder(entry.name, handle) as inner:
                            _scan_folder(found, inner, f"{below}{entry.name}/", wanted)
                elif wanted(entry.name):
                    with _told(found, below + entry.name):
                        found.append(_seen(below + entry.name, entry.stat(follow_symlinks=False)))


@contextmanager
def _told(found: list[FileSeen], path: str) -> Iterator[None]:
    """What is gone by now is no trouble; what is there and cannot be looked at is one, and not the end of the scan."""
    try:
        yield
    except OSError as error:
        if error.errno not in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}:
            trouble = Trouble(code=CLOSED, message=f"it cannot be looked into: {_reason(error)}.")
            found.append(FileSeen(path=_text(path), signature=Signature(0, 0, 0, 0), trouble=trouble))


def _look(root: Path, path: str) -> FileSeen | None:
    try:
        # Not `root / path`: of the root itself, with the empty path, the folder is meant and not a link to it.
        return _seen(path, os.lstat(os.path.join(root, path)))  # noqa: PTH118
    except (OSError, ValueError):
        return None  # gone between listing and looking, or no name that a file can have


def _seen(path: str, found: os.stat_result) -> FileSeen:
    text = _text(path)
    # The spool keeps a time in 64 bits, which is less than a file system may hold.
    mtime_ns = min(max(found.st_mtime_ns, -_NS_MOST), _NS_MOST)
    signature = Signature(found.st_size, mtime_ns, found.st_ino, found.st_dev)
    return FileSeen(path=text, signature=signature, trouble=_trouble(found) if text == path else _NAME)


def _text(path: str) -> str:
    """The path itself; of one that is no text, what no other can be called: none ends with a slash."""
    text = path if path.isascii() else os.fsencode(path).decode("utf-8", "replace")
    if text == path:
        return path
    return os.fsencode(path).replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace") + "/"


def _trouble(found: os.stat_result) -> Trouble | None:
    if stat.S_ISLNK(found.st_mode) or _is_reparse_point(found):
        return _LINK
    return None if stat.S_ISREG(found.st_mode) else _NOT_REGULAR


def _is_reparse_point(found: os.stat_result) -> bool:
    """Windows: junctions and links that are no symbolic links to Python."""
    if sys.platform != "win32":
        return False
    return bool(found.st_file_attributes & stat.FILE_ATTRIBUTE_REPARSE_POINT)


def _read(root: Path, path: str, offset: int, limit: int) -> bytes:
    with _named_errors(path), opening.opened(root, path) as handle:
        found = os.fstat(handle)
        if trouble := _trouble(found):
            raise Damaged(trouble.code, trouble.message)
        os.lseek(handle, offset, os.SEEK_SET)
        return _read_all(handle, limit)


def _read_all(handle: int, limit: int) -> bytes:
    parts = []
    while limit > 0 and (part := os.read(handle, min(limit, 2**20))):
        parts.append(part)
        limit -= len(part)
    return b"".join(parts)


@contextmanager
def _named_errors(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENOTDIR}:
            raise Damaged(_LINK.code, _LINK.message) from error
        if error.errno in {errno.EACCES, errno.EPERM}:
            raise Damaged("no-permission", "no permission to read it.") from error
        raise Unreachable("file-unreadable", f"{path} cannot be read: {_reason(error)}.") from error


def _reason(error: OSError) -> str:
    return (error.strerror or "unknown error").lower()
