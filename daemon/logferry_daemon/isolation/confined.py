"""Lets this process write in one folder only, where the system can: Linux with Landlock, from 5.13 on.

The second wall: what a database might make SQLite write, rename or delete is then stopped by the kernel.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys

_CREATE, _ADD, _RESTRICT = 444, 445, 446
"""Numbers of the system calls, the same on every architecture that Python has wheels for."""
_VERSION = 1
_BENEATH = 1
_NO_NEW_PRIVILEGES = 38
_WRITE, _TRUNCATE, _RENAME = 1 << 1, 1 << 14, 1 << 13
_MAKE_AND_REMOVE = 0b1_1111_1111 << 4
"""Files, folders, links, pipes, sockets and devices."""
_KNOWN_SINCE = {1: _WRITE | _MAKE_AND_REMOVE, 2: _RENAME, 3: _TRUNCATE}


def landlock() -> int:
    """Which version of it this system has; 0 without it."""
    if sys.platform != "linux":
        return 0
    version: int = ctypes.CDLL(None).syscall(_CREATE, None, ctypes.c_size_t(0), _VERSION)
    return max(version, 0)


def confine(room: str) -> bool:
    """From now on nothing outside `room` is written, made or removed by this process; False where that cannot be."""
    if sys.platform != "linux":
        return False
    version = landlock()
    if version == 0:
        return False
    system = ctypes.CDLL(None)
    handled = sum(rights for since, rights in _KNOWN_SINCE.items() if since <= version)
    rules = struct.pack("=Q", handled)
    ruleset = system.syscall(_CREATE, rules, ctypes.c_size_t(len(rules)), 0)
    if ruleset < 0:
        return False
    folder = os.open(room, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return not (
            system.syscall(_ADD, ruleset, _BENEATH, struct.pack("=Qi", handled, folder), 0)
            or system.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
            or system.syscall(_RESTRICT, ruleset, 0)
        )
    finally:
        os.close(folder)
        os.close(ruleset)
