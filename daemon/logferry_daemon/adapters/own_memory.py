"""Has the C library give back what the daemon does not need any more. Says nothing about when it rests.

glibc takes the largest block that it saw freed as the measure of what to keep, in every thread's pool: after one
session of twenty megabytes, a daemon that rests would hold several times as many. Other systems' libraries let go by
themselves.
"""

from __future__ import annotations

import sys

MIB = 2**20
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""Of malloc.h."""

if sys.platform == "linux":
    import ctypes

    _library = ctypes.CDLL(None)

    def keep_little() -> None:
        """From now on, at the start of the process: blocks of a megabyte go back as soon as they are free."""
        if hasattr(_library, "mallopt"):  # musl has none, and keeps nothing
            for name, value in ((_MMAP_THRESHOLD, MIB), (_TRIM_THRESHOLD, MIB), (_ARENA_MAX, 2)):
                _library.mallopt(name, value)

    def give_back() -> None:
        """What is free now, as far as whole pages are."""
        if hasattr(_library, "malloc_trim"):
            _library.malloc_trim(0)
else:

    def keep_little() -> None:
        """The system's library does."""

    def give_back() -> None:
        """The system's library does."""
