"""How generated logs are put into bytes, and the people who play in them. Seeded, nothing read from disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

OWN, FRIEND, RIVAL = "Quellmont", "Hobtarrow", "Zylphenne"
"""Of no language and in no word of any game: whoever finds one in what is sent has found a leak."""
ACCENTED = "Renéevalle"
HANDLE = "tarrowfen77"
CHAT = "meet me behind the tannery at nine"
PLANTED = (OWN, FRIEND, RIVAL, ACCENTED, HANDLE, CHAT)

START = datetime(2026, 3, 1, 20, 0)  # noqa: DTZ001 -- the clock on the wall of whoever plays


def written(
    lines: Iterable[str],
    *,
    newline: str = "\r\n",
    mark: bool = False,
    torn: int = 0,
    encoding: str = "utf-8",
) -> bytes:
    """A log: lines in the manner of Windows, with a byte order mark, without the last `torn` bytes."""
    data = (b"\xef\xbb\xbf" if mark else b"") + "".join(line + newline for line in lines).encode(encoding)
    return data[: len(data) - torn]


@dataclass
class Clock:
    """A time that passes a little with every line."""

    now: datetime = START
    chance: Random = field(default_factory=lambda: Random(1))

    def tick(self, seconds: float = 1.0) -> datetime:
        """The next line's time: up to so many seconds later, in whole milliseconds."""
        self.now += timedelta(milliseconds=self.chance.randint(1, round(seconds * 1000)))
        return self.now

    def wait(self, **span: float) -> datetime:
        """A pause of this length."""
        self.now += timedelta(**span)
        return self.now


def clock(seed: int, start: datetime = START) -> Clock:
    """A clock of its own chance."""
    return Clock(start, Random(seed))


def milliseconds(at: datetime) -> str:
    """The fraction of a second in three digits."""
    return f"{at.microsecond // 1000:03}"


def interleaved(one: Iterable[str], other: Iterable[str]) -> Iterator[str]:
    """One line of each in turn, until both are through."""
    first, second = list(one), list(other)
    for number in range(max(len(first), len(second))):
        yield from first[number : number + 1]
        yield from second[number : number + 1]
