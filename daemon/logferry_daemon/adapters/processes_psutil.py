"""Which programs run, by psutil: native ones by name, those inside Wine or an interpreter by their command line."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import psutil

_ARGUMENTS = 3
"""How far into a command line the program may stand: `wine64 C:\\Game\\Game.exe`, `python game.py`."""


class SystemProcesses:
    """The processes of this computer."""

    async def running(self, names: Collection[str]) -> frozenset[str]:
        """Those of `names` that run right now; one pass over all processes, in a thread."""
        return await asyncio.to_thread(_running, frozenset(names)) if names else frozenset()


def _running(names: frozenset[str]) -> frozenset[str]:
    wanted = {name.casefold(): name for name in names}
    found: set[str] = set()
    for process in psutil.process_iter():
        found.update(wanted[name] for name in _names(process) if name in wanted)
        if len(found) == len(wanted):
            break
    return frozenset(found)


def _names(process: psutil.Process) -> set[str]:
    """What a process may be called; nothing when it is gone, a zombie, or not ours to ask."""
    try:
        return {process.name().casefold(), *(_base(argument) for argument in _arguments(process))}
    except (psutil.Error, OSError):
        return set()


def _arguments(process: psutil.Process) -> list[str]:
    """Wine's own name for a process is cut after 15 characters; its command line has the whole path."""
    try:
        return process.cmdline()[:_ARGUMENTS]
    except psutil.AccessDenied:
        return []  # a game with higher rights still has a name


def _base(argument: str) -> str:
    return argument.replace("\\", "/").rpartition("/")[2].casefold()
