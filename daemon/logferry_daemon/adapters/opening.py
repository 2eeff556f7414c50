"""Opens other programs' files so that they do not notice: follows no link, locks nothing, waits for nothing.

On POSIX systems every part of a path is opened from the one above it, so that no part can be swapped for a link in
between. Windows has no such handles: there the file is opened first, and then asked where it really is. It is shared
for writing, renaming and deleting, which Python's own open does not do: a game could not rotate its log meanwhile.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

if sys.platform == "win32":
    import ctypes
    import msvcrt
    from ctypes import wintypes

    from logferry_model.errors import Damaged

    _READ = 0x8000_0000
    _SHARE_ALL = 0x1 | 0x2 | 0x4
    _EXISTING = 3
    _FOLDERS_TOO, _THE_LINK_ITSELF = 0x0200_0000, 0x0020_0000
    _INVALID = ctypes.c_void_p(-1).value
    _LONGEST = 32_768

    _system = ctypes.WinDLL("kernel32", use_last_error=True)
    _create = _system.CreateFileW
    _create.restype = wintypes.HANDLE
    _WORD = wintypes.DWORD
    _create.argtypes = [wintypes.LPCWSTR, _WORD, _WORD, wintypes.LPVOID, _WORD, _WORD, wintypes.HANDLE]
    _final = _system.GetFinalPathNameByHandleW
    _final.restype = wintypes.DWORD
    _final.argtypes = [wintypes.HANDLE, wintypes.LPWSTR, wintypes.DWORD, wintypes.DWORD]

    @contextmanager
    def opened(root: Path, path: str) -> Iterator[int]:
        """A handle on `path`; Damaged `symlink` when it leads out of the folder."""
        with _shared(root, 0) as folder, _shared(root / path, _THE_LINK_ITSELF) as handle:
            if not _place_of(handle).startswith(_place_of(folder).rstrip("\\") + "\\"):
                raise Damaged("symlink", "a symbolic link; it is not followed.")
            yield handle

    @contextmanager
    def _shared(path: Path, flags: int) -> Iterator[int]:
        handle = _create(str(path), _READ, _SHARE_ALL, None, _EXISTING, _FOLDERS_TOO | flags, None)
        if handle in {None, _INVALID}:
            raise ctypes.WinError(ctypes.get_last_error())
        number = msvcrt.open_osfhandle(handle, os.O_RDONLY | os.O_BINARY | os.O_NOINHERIT)
        try:
            yield number
        finally:
            os.close(number)

    def _place_of(number: int) -> str:
        """Where the open file really is, after all links above it."""
        place = ctypes.create_unicode_buffer(_LONGEST)
        if not 0 < _final(msvcrt.get_osfhandle(number), place, _LONGEST, 0) < _LONGEST:
            raise ctypes.WinError(ctypes.get_last_error())
        return place.value

else:
    _FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

    @contextmanager
    def opened(root: Path, path: str) -> Iterator[int]:
        """A handle on `path`; OSError ELOOP or ENOTDIR when a part of it is a link."""
        *folders, name = path.split("/")
        with ExitStack() as stack:
            above = stack.enter_context(folder(root))
            for part in folders:
                above = stack.enter_context(folder(part, above))
            yield stack.enter_context(_closing(os.open(name, _FLAGS, dir_fd=above)))

    @contextmanager
    def folder(path: Path | str, above: int | None = None) -> Iterator[int]:
        """A handle on a folder; one that is inside no other may be a link: its owner named it."""
        flags = _FLAGS & ~os.O_NOFOLLOW if above is None else _FLAGS
        with _closing(os.open(path, flags | os.O_DIRECTORY, dir_fd=above)) as handle:
            yield handle

    @contextmanager
    def _closing(handle: int) -> Iterator[int]:
        try:
            yield handle
        finally:
            os.close(handle)
