"""Makes a worker step back behind everybody else, and keeps what it knows out of files that a crash leaves behind."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress

NICER = 10
_DUMPABLE = 4
"""Of prctl(2)."""


def step_back() -> None:
    """Everybody else comes first at the processor; on Windows whoever starts it says so."""
    # A terminal tells all of its processes of Ctrl-C; a worker goes when its daemon has let go of it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        with suppress(OSError):
            os.nice(NICER)
        _leave_no_core()


def _leave_no_core() -> None:
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 -- there is none on Windows

    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        # A core that is piped to a program knows no limit; and nobody but root may look into the memory from now on.
        ctypes.CDLL(None).prctl(_DUMPABLE, 0, 0, 0, 0)
