"""How everything here is measured: cases in turn, medians, the peer in the same run. Asserts nothing about time."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

Case = Callable[[], float]
"""Does the thing once; how much of the unit it took."""


class NotMeasured(Exception):
    """What was measured did not do what it should: its time means nothing."""


@dataclass(frozen=True)
class Target:
    """A bound on a figure, or on its ratio to the peer's."""

    bound: float
    unit: str = ""
    """Of the figure; empty for a ratio."""
    at_least: bool = False

    @property
    def of_ratio(self) -> bool:
        return not self.unit

    def holds(self, value: float) -> bool:
        return value >= self.bound if self.at_least else value <= self.bound

    def __str__(self) -> str:
        sign = ">=" if self.at_least else "<="
        return f"{sign} {self.bound:g}{'x' if self.of_ratio else f' {self.unit}'}"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the table."""

    benchmark: str
    what: str
    unit: str = ""
    values: tuple[float, ...] = ()
    peer: str = ""
    peer_values: tuple[float, ...] = ()
    target: Target | None = None
    stretch: Target | None = None
    """What would be better still; the target is what has to hold."""
    reason: str = ""
    """Why there is no figure."""

    @property
    def figure(self) -> float:
        return median(self.values)

    @property
    def peer_figure(self) -> float:
        return median(self.peer_values)

    @property
    def ratio(self) -> float | None:
        """To the peer; None without one, or where it used nothing at all."""
        return self.figure / self.peer_figure if self.peer_values and self.peer_figure else None

    @property
    def holds(self) -> bool | None:
        """None where there is no target or nothing to hold against it."""
        return self._reaches(self.target)

    @property
    def reached(self) -> bool | None:
        """The same of what would be better still."""
        return self._reaches(self.stretch)

    def _reaches(self, target: Target | None) -> bool | None:
        if target is None or not self.values:
            return None
        measured = self.ratio if target.of_ratio else self.figure
        return None if measured is None else target.holds(measured)


def interleave(cases: Mapping[str, Case], rounds: int) -> dict[str, tuple[float, ...]]:
    """Every case once, `rounds` times over, so that a slow minute of the machine hits all of them alike."""
    values: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(rounds):
        order = list(cases.items())
        # Not always the same one first: the second may find a warm cache.
        for name, case in order if number % 2 == 0 else reversed(order):
            values[name].append(case())
    return {name: tuple(found) for name, found in values.items()}


def compared(
    benchmark: str,
    what: str,
    unit: str,
    values: Mapping[str, Sequence[float]],
    *,
    ours: str,
    peers: Sequence[str],
    target: Target | None = None,
    stretch: Target | None = None,
) -> Iterator[Finding]:
    """A line for each peer; the targets go with the first."""
    for number, peer in enumerate(peers):
        yield Finding(
            benchmark=benchmark,
            what=what,
            unit=unit,
            values=tuple(values[ours]),
            peer=peer,
            peer_values=tuple(values[peer]),
            target=target if number == 0 else None,
            stretch=stretch if number == 0 else None,
        )


def absent(*programs: str) -> str | None:
    """The first of these programs that is not here: a peer without it is left out, and the table says why."""
    return next((one for one in programs if program(one) is None), None)


def program(name: str) -> str | None:
    """Where a program is: beside this Python, or on the PATH."""
    beside = str(Path(sys.executable).parent)
    return shutil.which(name, path=os.pathsep.join((beside, os.environ.get("PATH", ""))))


def seconds(work: Callable[[], object]) -> float:
    """How long it took."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def machine() -> Iterator[str]:
    """What the figures depend on."""
    arguments = sysconfig.get_config_var("CONFIG_ARGS") or ""
    flags = [flag for flag in ("--enable-optimizations", "--with-lto", "--with-pydebug") if flag in arguments]
    yield f"Python {platform.python_version()} ({platform.python_compiler()}; {', '.join(flags) or 'no PGO, no LTO'})"
    yield f"SQLite {sqlite3.sqlite_version}, aiohttp {version('aiohttp')}, msgspec {version('msgspec')}"
    yield f"{platform.system()} {platform.release()} {platform.machine()}, {os.cpu_count()} cores, {_processor()}"
    load = ", ".join(f"{one:.2f}" for one in os.getloadavg()) if hasattr(os, "getloadavg") else "unknown"
    yield f"load before the first measurement: {load}; source {'asserts off' if sys.flags.optimize else 'asserts on'}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "unknown processor")
