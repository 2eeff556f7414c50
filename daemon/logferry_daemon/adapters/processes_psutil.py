"""Which programs run, by psutil: native ones by name, those inside Wine or an interpreter by their command line."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress

import psutil

from logferry_daemon.ports import Program

_ARGUMENTS = 3
"""How far into a command line the program may stand: `wine64 C:\\Game\\Game.exe`, `python game.py`."""


class SystemProcesses:
    """The processes of this computer."""

    async def find(self, names: Collection[str]) -> Sequence[Program]:
        """Those of `names` that run right now; one pass over all processes, in a thread."""
        return await asyncio.to_thread(_find, frozenset(names)) if names else ()

    async def alive(self, programs: Collection[Program]) -> Sequence[Program]:
        """Those of `programs` that still run: a few system calls."""
        return [one for one in programs if _is_alive(one)]


def _find(names: frozenset[str]) -> Sequence[Program]:
    wanted = {name.casefold(): name for name in names}
    found: list[Program] = []
    for process in psutil.process_iter():
        for name in _names(process) & wanted.keys():
            with suppress(psutil.Error, OSError):
                found.append(Program(wanted[name], process.pid, process.create_time()))
    return found


def _is_alive(program: Program) -> bool:
    try:
        process = psutil.Process(program.pid)
        return process.create_time() == program.began and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, OSError):
        return False


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
