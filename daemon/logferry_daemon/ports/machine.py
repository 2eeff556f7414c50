"""The machine: time, chance, files, databases of other programs, programs that run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from logferry_daemon.core.reading import Trouble
from logferry_daemon.core.rows import Answer, Question
from logferry_daemon.core.settle import Signature


class Clock(Protocol):
    """Time. Waiting goes by a clock that no one can set."""

    def now(self) -> datetime:
        """Aware, UTC."""
        ...

    def steady(self) -> datetime:
        """By the clock that no one can set, on which hours of sleep count; its year says nothing.

        For how long something lasts in one daemon. Not to be kept, and not to be shown.
        """
        ...

    async def sleep(self, duration: timedelta) -> None:
        """Wait."""
        ...


class Chance(Protocol):
    """Randomness: jitter and keys."""

    def jitter(self) -> float:
        """Evenly between 0 and 1."""
        ...

    def token(self) -> str:
        """Thirty-two hex digits that nobody can guess."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSeen:
    """One directory entry whose name a tracker's pattern fits."""

    path: str
    """Relative to the source's folder, with `/`."""
    signature: Signature
    trouble: Trouble | None = None
    """Why it cannot be read at all: a symlink, a pipe, no permission."""


CLOSED = "folder-unreadable"
"""Code of what is there and cannot be looked into: what was below it is not gone."""


class LogFiles(Protocol):
    """The files of one folder. Opens nothing but regular files inside it, never for writing."""

    async def scan(self, root: Path, patterns: Sequence[str]) -> Sequence[FileSeen]:
        """Every entry that fits, and with the trouble CLOSED what cannot be looked into.

        Unreachable `source-missing` when the folder itself is not there.
        """
        ...

    async def look(self, root: Path, path: str) -> FileSeen | None:
        """One entry again; None when it is gone."""
        ...

    async def read(self, root: Path, path: str, *, offset: int, limit: int) -> bytes:
        """At most `limit` bytes from `offset`; Damaged when it is not a regular file inside the folder."""
        ...


class Watcher(Protocol):
    """Tells that something may have changed. A hint, never the record."""

    def hints(self, root: Path) -> AsyncIterator[None]:
        """One item for every burst of changes, until cancelled. Ends when watching is not possible."""
        ...


class Databases(Protocol):
    """Other programs' databases. Never written, never locked for long, read where they can do no harm."""

    async def ask(self, root: Path, path: str, question: Question) -> Answer:
        """Rows of one moment; Damaged `database-...` says why not for good, Unreachable why not now."""
        ...


@dataclass(frozen=True, slots=True)
class Program:
    """One running program; another one with the same number began at another time."""

    name: str
    """As it was asked for."""
    pid: int
    began: float
    """Seconds since 1970."""


class Foreground(Protocol):
    """What the person at this computer looks at."""

    async def pid(self) -> int | None:
        """Of the program whose window has the focus; None when none has. Unreachable `focus-unknown`: nobody tells."""
        ...


class Processes(Protocol):
    """Which programs run."""

    async def find(self, names: Collection[str]) -> Sequence[Program]:
        """Those of `names` that run right now, under this system or inside Wine: a look at every process there is."""
        ...

    async def alive(self, programs: Collection[Program]) -> Sequence[Program]:
        """Those of `programs` that still run: a look at these alone."""
        ...
