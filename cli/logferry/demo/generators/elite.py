"""Makes up journals of Elite Dangerous, with the quirks of the real ones. Pure: no clock, no IO.

The quirks: two name schemes, and the name's local time differs from the UTC inside; spaced and compact lines; a last
line without its newline; an inventory line of many KB; several games in a file, each left through the main menu; an
end that nobody writes; chat, friends and crew on all sides.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from random import Random
from typing import Any

from logferry.demo.generators.cast import Cast
from logferry.demo.generators.elite_lines import VERSION, Fields, Pilot

Line = dict[str, Any]


class Ending(StrEnum):
    """How the last game of a journal comes to its end."""

    SHUTDOWN = "shutdown"
    """Straight out of the game."""
    MAIN_MENU = "main-menu"
    """Back to the main menu, then out."""
    QUIT = "quit"
    """The process is gone and nothing says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """One journal file."""

    name: str
    lines: tuple[Line, ...]
    compact: bool = False
    last_newline: bool = False

    @property
    def texts(self) -> tuple[str, ...]:
        """Each line as the game writes it, without its line break."""
        write = _compact if self.compact else _spaced
        return tuple(write(line) for line in self.lines)

    def encode(self) -> bytes:
        """The file's bytes."""
        body = "\r\n".join(self.texts)
        return (body + ("\r\n" if self.last_newline and body else "")).encode()


def elite_journal(
    random: Random,
    cast: Cast,
    *,
    started_at: datetime,
    length: timedelta = timedelta(minutes=35),
    events: int = 70,
    games: int = 1,
    ending: Ending = Ending.SHUTDOWN,
    old_name: bool = False,
    compact: bool = False,
    last_newline: bool = False,
    utc_offset: timedelta = timedelta(hours=-4),
) -> Journal:
    """One run of the game with `games` play sessions of `events` events each; `length` is for all of it."""
    clock = _Clock(started_at, length, 3 + games * (events + 14))
    lines = [clock.stamp("Fileheader", _fileheader())]
    for game in range(games):
        last = game == games - 1
        lines += (clock.stamp(*line) for line in Pilot(random, cast).game(events))
        lines += (clock.stamp(*line) for line in _close(ending if last else Ending.MAIN_MENU, last=last))
    return Journal(
        name=journal_name(started_at + utc_offset, old=old_name),
        lines=tuple(lines),
        compact=compact,
        last_newline=last_newline,
    )


def journal_name(local: datetime, *, old: bool) -> str:
    """`Journal.220101120000.01.log` until 2022, `Journal.2022-01-01T120000.01.log` since: the player's local time."""
    return f"Journal.{local:{'%y%m%d%H%M%S' if old else '%Y-%m-%dT%H%M%S'}}.01.log"


class _Clock:
    """Spreads the lines evenly over the length, in whole seconds as the game has them."""

    def __init__(self, start: datetime, length: timedelta, lines: int) -> None:
        self._at = start.astimezone(UTC)
        self._step = length / lines

    def stamp(self, event: str, fields: Fields) -> Line:
        at, self._at = self._at, self._at + self._step
        return {"timestamp": f"{at:%Y-%m-%dT%H:%M:%SZ}", "event": event, **fields}


def _close(ending: Ending, *, last: bool) -> Iterator[tuple[str, Fields]]:
    if ending is Ending.MAIN_MENU:
        yield "Music", {"MusicTrack": "MainMenu"}
    if last and ending is not Ending.QUIT:
        yield "Shutdown", {}


def _fileheader() -> Fields:
    return {"part": 1, "language": "English/UK", "Odyssey": True, **VERSION}


def _compact(line: Line) -> str:
    return json.dumps(line, ensure_ascii=False, separators=(",", ":"))


def _spaced(value: object) -> str:
    """The game's own way: blanks inside the braces and after commas, none after colons, numbers with six digits."""
    if isinstance(value, dict):
        inner = ", ".join(f"{json.dumps(key)}:{_spaced(item)}" for key, item in value.items())
        return f"{{ {inner} }}"
    if isinstance(value, list):
        return f"[ {', '.join(map(_spaced, value))} ]" if value else "[  ]"
    if isinstance(value, float):
        return f"{value:.6f}"
    return json.dumps(value, ensure_ascii=False)
