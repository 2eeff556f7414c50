"""Changes below a folder by Linux's inotify: no wake-up while nothing happens, and no event is worth more than a hint.

Which file changed is not even looked at. Folders are watched before they are listed, and all are gone through again
when one comes or goes or the kernel's queue ran over: what was created in a brand-new folder is found by the scan.
"""

from __future__ import annotations

import asyncio
import ctypes
import errno
import os
import struct
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from logferry_daemon.adapters.log_files import MAX_DEPTH
from logferry_model.errors import Unreachable

BURST = 0.1
"""Seconds that it waits for more of the same."""
CHECK = 30.0
"""Seconds after which it makes sure that the folder still has that name: one above it may have been moved."""
MAX_FOLDERS = 16_384
"""The system has so many watches for all programs together, often 65,536."""

_MODIFY, _ATTRIBUTES, _CLOSE_WRITE = 0x2, 0x4, 0x8
_MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = 0x40, 0x80, 0x100, 0x200
_DELETE_SELF, _MOVE_SELF, _UNMOUNT, _OVERFLOW, _IGNORED = 0x400, 0x800, 0x2000, 0x4000, 0x8000
_ONLY_FOLDERS, _NO_LINKS, _IS_FOLDER = 0x0100_0000, 0x0200_0000, 0x4000_0000
_COMES_AND_GOES = _CREATE | _DELETE | _MOVED_FROM | _MOVED_TO
_ITSELF = _DELETE_SELF | _MOVE_SELF
_ALL = _MODIFY | _ATTRIBUTES | _CLOSE_WRITE | _COMES_AND_GOES | _ITSELF | _ONLY_FOLDERS
_EVENT = struct.Struct("iIII")
_LIMITS = frozenset({errno.ENOSPC, errno.EMFILE})
"""What concerns all folders, and a person can change."""
_FLAGS = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)

_system = ctypes.CDLL(None, use_errno=True)


async def changes(root: Path) -> AsyncGenerator[None, None]:
    """One item when it begins to watch, and one for every burst; ends when the folder is not that folder any more.

    While there is no folder it waits for one to appear. Unreachable `watch-limit` when the system has too few watches.
    """
    with _named_limits(), suppress(FileNotFoundError, NotADirectoryError, PermissionError), _opened() as notes:
        folders = Folders(root, notes)
        while not await asyncio.to_thread(folders.watch):
            await notes.news(CHECK)
        yield
        while True:
            news = await notes.news(CHECK)
            if news.folders and not await asyncio.to_thread(folders.watch):
                yield
                return
            if news.any:
                yield
            if folders.is_another:
                return


class News(NamedTuple):
    """What a burst of events says."""

    any: bool
    folders: bool
    """Whether folders came or went, or events were lost."""


class Notes:
    """One queue of the kernel."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._bell = asyncio.Event()

    def watch(self, path: str, mask: int) -> int:
        """Have changes of a folder told; the number of the watch, an old one where there is one."""
        number: int = _system.inotify_add_watch(self._handle, os.fsencode(path), mask)
        if number < 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), path)
        return number

    async def news(self, limit: float) -> News:
        """What happened, when something did, together with what follows at once; nothing after `limit` seconds."""
        loop = asyncio.get_running_loop()
        self._bell.clear()
        loop.add_reader(self._handle, self._ring)
        try:
            async with asyncio.timeout(limit):
                await self._bell.wait()
        except TimeoutError:
            return News(any=False, folders=False)
        finally:
            loop.remove_reader(self._handle)
        await asyncio.sleep(BURST)
        masks = self._read()
        folders = masks & _OVERFLOW or (masks & _IS_FOLDER and masks & _COMES_AND_GOES) or masks & (_ITSELF | _UNMOUNT)
        return News(any=masks != 0, folders=bool(folders))

    def _ring(self) -> None:
        # Once: the queue stays readable until it is read.
        asyncio.get_running_loop().remove_reader(self._handle)
        self._bell.set()

    def _read(self) -> int:
        """All that is in the queue, as one mask."""
        masks = 0
        with suppress(BlockingIOError):
            while data := os.read(self._handle, 2**16):
                at = 0
                while at < len(data):
                    _, mask, _, length = _EVENT.unpack_from(data, at)
                    masks |= mask & ~_IGNORED
                    at += _EVENT.size + length
        return masks


class Folders:
    """The folders below a root, each with a watch."""

    def __init__(self, root: Path, notes: Notes) -> None:
        self._root = root
        self._notes = notes
        self._identity: tuple[int, int] | None = None

    @property
    def is_another(self) -> bool:
        """Whether the root is gone, or another folder has its name."""
        return _identity(self._root) != self._identity

    def watch(self) -> bool:
        """Watch all of them; False when the root is not there, or another one: then what is above it is watched."""
        identity = _identity(self._root)
        if identity is None or self._identity not in {None, identity}:
            self._watch_above()
            return False
        self._identity = identity
        watches = {self._notes.watch(str(self._root), _ALL)}
        for path in _below(str(self._root)):
            with _skipped():
                watches.add(self._notes.watch(path, _ALL | _NO_LINKS))
            if len(watches) > MAX_FOLDERS:
                raise OSError(errno.ENOSPC, "too many folders")
        return True

    def _watch_above(self) -> None:
        for folder in self._root.parents:
            with _skipped():
                self._notes.watch(str(folder), _CREATE | _MOVED_TO | _ITSELF | _ONLY_FOLDERS)
                return


def _below(folder: str, depth: int = 1) -> Iterator[str]:
    """The folders in a folder. Each is handed out before it is listed, so that nothing falls between the two."""
    if depth > MAX_DEPTH:
        return
    with _skipped(), os.scandir(folder) as entries:
        for path in [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]:
            yield path
            yield from _below(path, depth + 1)


@contextmanager
def _skipped() -> Iterator[None]:
    """A folder that is gone, not ours to enter, or too deep for a path is watched by nobody; the others are."""
    try:
        yield
    except OSError as error:
        if error.errno in _LIMITS:
            raise


def _identity(root: Path) -> tuple[int, int] | None:
    try:
        found = root.stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino


@contextmanager
def _opened() -> Iterator[Notes]:
    handle: int = _system.inotify_init1(_FLAGS)
    if handle < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    try:
        yield Notes(handle)
    finally:
        os.close(handle)


@contextmanager
def _named_limits() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _LIMITS:
            reason = (error.strerror or "unknown error").lower()
            raise Unreachable("watch-failed", f"Changes of its files are not told: {reason}.") from error
        few, setting = ("watches", "watches") if error.errno == errno.ENOSPC else ("queues", "instances")
        raise Unreachable(
            "watch-limit",
            f"This system has too few {few} for changes of files.",
            hint=f"Raise the limit with: sudo sysctl fs.inotify.max_user_{setting}=524288",
        ) from error
