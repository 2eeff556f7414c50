"""What a line of a log says, whatever it is written in: the shapes. The ways of reading are the files beside this."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Protocol

from logferry_daemon.core.reading import Trouble


@dataclass(frozen=True, slots=True)
class Parsed:
    """One line that says something."""

    word: str
    """Its type."""
    at: datetime | None
    """Aware, UTC; None for a line that only counts and whose time nobody needs."""
    key: str
    """Its time as the log wrote it: the same in every time zone."""
    fields: Mapping[str, Any]
    repairs: int = 0
    """Values that had to be mended."""


@dataclass(frozen=True, slots=True)
class Tallied:
    """What counts of a line that only counts: by far the most lines of a combat log, so they take a short way."""

    word: str
    """Its type."""
    who: int | None
    """The column that names who did it."""
    amount: int | None
    value: int | None
    begins: tuple[tuple[int, bytes], ...]
    """Columns and what they must begin with, or the line says nothing."""
    drop_last: frozenset[bytes]
    """What in the last column does not count as one."""


class Glance(Enum):
    """What a first look at a line says, where it is none that only counts."""

    NOTHING = "nothing"
    """No rule is about it."""
    LOOK = "look"
    """It must be read."""


class Grammar(Protocol):
    """Reads the lines of one file, in order."""

    @property
    def glances(self) -> bool:
        """Whether a first look at a line can save reading it."""
        ...

    def glance(self, line: bytes) -> Glance | Tallied:
        """What a line inside a session is worth."""
        ...

    def parse(self, line: bytes) -> Parsed | None:
        """What it says; None when it says nothing to us; Damaged when it should and cannot be read."""
        ...

    def passed(self, offset: int) -> None:
        """The next line stands at this byte of the file."""
        ...

    def is_whole(self, rest: bytes) -> bool:
        """Whether bytes without a line's end are a whole line all the same."""
        ...

    def notes(self) -> Iterator[Trouble]:
        """What a person should know about how it was read."""
        ...

    @property
    def joins(self) -> bool:
        """Whether what belongs together may stand on several lines."""
        ...

    @property
    def beginnings(self) -> Sequence[bytes]:
        """While no session is open, lines without any of these texts need no look; empty when every line does."""
        ...

    @property
    def shift(self) -> timedelta:
        """To be added to all times: the date of a log without dates is known only at its end."""
        ...

    @property
    def days(self) -> int:
        """Midnights passed so far, in a log of times without dates."""
        ...

    @property
    def must_be_lines(self) -> bool:
        """Whether a file none of whose lines could be read is none of this kind."""
        ...
