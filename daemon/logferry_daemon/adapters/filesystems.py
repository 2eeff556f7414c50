"""Asks the system on what kind of drive a folder lies: `ext4`, `nfs4`, `network`. Reads nothing of the folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from logferry_daemon.core.filesystems import kind_at

if sys.platform == "linux":

    def kind_of(folder: Path) -> str:
        """As in mountinfo; empty when nobody knows."""
        try:
            mounts = Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape")
        except OSError:
            return ""
        return kind_at(mounts, os.path.realpath(folder))

elif sys.platform == "win32":
    import ctypes

    _REMOTE = 4

    def kind_of(folder: Path) -> str:
        """`network` for mapped drives, shares and the files of a Linux beside this Windows; else empty."""
        drive = os.path.splitdrive(os.path.realpath(folder))[0]
        if drive.startswith("\\\\"):
            return "network"
        return "network" if ctypes.windll.kernel32.GetDriveTypeW(f"{drive}\\") == _REMOTE else ""

else:
    import ctypes

    class _Drive(ctypes.Structure):
        """What macOS tells of a mounted drive, as far as the name of its kind."""

        _fields_ = (
            ("sizes", ctypes.c_uint32 * 2),
            ("counts", ctypes.c_uint64 * 5),
            ("ids", ctypes.c_uint32 * 6),
            ("kind", ctypes.c_char * 16),
            ("rest", ctypes.c_char * 4096),
        )

    def kind_of(folder: Path) -> str:
        """As statfs names it; empty when nobody knows."""
        system, found = ctypes.CDLL(None), _Drive()
        # The name that means 64-bit inodes where the plain one does not.
        ask = getattr(system, "statfs$INODE64", None) or getattr(system, "statfs", None)
        if ask is None or ask(os.fsencode(folder), ctypes.byref(found)) != 0:
            return ""
        return str(found.kind.decode("ascii", "replace"))
