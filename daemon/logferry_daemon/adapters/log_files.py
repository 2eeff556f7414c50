"""Reads other programs' files without getting in their way.

Opens only regular files inside the folder, component by component and without following links, never for writing and
never waiting: a pipe or a device is noticed, not opened for long. Directory entries are looked at, not trusted.
"""

from __future__ import annotations

import asyncio
import errno
import fnmatch
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from logferry_daemon.core.reading import Trouble
from logferry_daemon.core.settle import Signature
from logferry_daemon.ports import FileSeen
from logferry_model.errors import Damaged, Unreachable

MAX_DEPTH = 6
"""Folders below the source's own; loops are impossible because links are not followed."""

_NOT_REGULAR = Trouble(code="not-a-file", message="not a regular file (a pipe, device or folder); it is not read.")
_NAME = Trouble(code="bad-name", message="its name is not readable text; rename it.")
_LINK = Trouble(code="symlink", message="a symbolic link; it is not followed.")
_FOLDER = getattr(os, "O_DIRECTORY", 0)
_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


class FolderFiles:
    """The files below a folder of this computer. Blocking calls run in threads."""

    async def scan(self, root: Path, patterns: Sequence[str]) -> Sequence[FileSeen]:
        """Every entry whose name fits, at most MAX_DEPTH folders down, by path."""
        return await asyncio.to_thread(lambda: sorted(_scan(root, patterns), key=lambda seen: seen.path))

    async def look(self, root: Path, path: str) -> FileSeen | None:
        """One entry again."""
        return await asyncio.to_thread(_look, root, path)

    async def read(self, root: Path, path: str, *, offset: int, limit: int) -> bytes:
        """At most `limit` bytes from `offset`."""
        return await asyncio.to_thread(_read, root, path, offset, limit)


def fits(name: str, patterns: Sequence[str]) -> bool:
    """Whether a file name fits one of the globs; letter case counts where the system says so."""
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


def _scan(root: Path, patterns: Sequence[str]) -> Iterator[FileSeen]:
    folders: list[tuple[str, int]] = [("", 0)]
    while folders:
        below, depth = folders.pop()
        for entry in _entries(root, below):
            path = f"{below}/{entry.name}" if below else entry.name
            if entry.is_dir(follow_symlinks=False):
                if depth < MAX_DEPTH:
                    folders.append((path, depth + 1))
            elif fits(entry.name, patterns) and (seen := _look(root, path)) is not None:
                yield seen


def _entries(root: Path, below: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(root / below) as entries:
            return list(entries)
    except OSError as error:
        if below:
            return []  # a folder that went away or cannot be entered; its source is still there
        raise Unreachable(
            "source-missing",
            f"The folder {root} cannot be read: {_reason(error)}.",
            hint="It is looked for again and again; check the path with: logferry sources list",
        ) from error


def _look(root: Path, path: str) -> FileSeen | None:
    """The file itself is asked: on Windows its directory entry has no inode, and a size from before it was opened."""
    try:
        found = os.lstat(root / path)
    except (OSError, ValueError):
        return None  # gone between listing and looking
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    trouble = _trouble(found) if text == path else _NAME
    return FileSeen(path=text, signature=_signature(found), trouble=trouble)


def _signature(found: os.stat_result) -> Signature:
    return Signature(found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev)


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
    with _named_errors(path), _opened(root, path) as handle:
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
def _opened(root: Path, path: str) -> Iterator[int]:
    """A handle on `path`, opened from the folder down so that no component can be a link."""
    handles: list[int] = []
    try:
        if os.open in os.supports_dir_fd:
            *folders, name = path.split("/")
            handles.append(os.open(root, os.O_RDONLY | _FOLDER))
            for folder in folders:
                handles.append(os.open(folder, _FLAGS | _FOLDER, dir_fd=handles[-1]))
            handles.append(os.open(name, _FLAGS, dir_fd=handles[-1]))
        else:
            handles.append(_open_inside(root, path))
        yield handles[-1]
    finally:
        for handle in reversed(handles):
            os.close(handle)


def _open_inside(root: Path, path: str) -> int:
    """Where handles of folders do not exist: refuse a path that leads out of the folder after all links."""
    whole = (root / path).resolve()
    if not whole.is_relative_to(root.resolve()):
        raise Damaged(_LINK.code, _LINK.message)
    return os.open(root / path, _FLAGS | getattr(os, "O_BINARY", 0))


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
