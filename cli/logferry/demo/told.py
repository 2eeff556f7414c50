"""What a tracker says it wrote, as sessions and happenings. Pure: manifests in, values out.

It has its own idea of where a session begins and ends and what an event is worth, taken from the trackers' formats and
not from the daemon's readers: a mistake in a reader shows as a difference in the verdict.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

Fields = Mapping[str, Any]

VALUE = {"Bounty": "TotalReward", "MarketSell": "TotalSale", "MissionCompleted": "Reward"}
AMOUNT = {"FSDJump": "JumpDist", "HullDamage": "Health"}
QUANTITY = {"MaterialCollected": "Count", "MarketSell": "Count"}
"""Where a journal line of the demo keeps its worth, its measure and its number of pieces."""


class Happening(NamedTuple):
    """One event, as far as both sides know it."""

    at: int
    type: str
    amount: float | None = None
    value: float | None = None
    quantity: int | None = None
    critical: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One session as its tracker tells it."""

    tracker: str
    started_at: datetime
    ended_at: datetime
    events: tuple[Happening, ...]

    @property
    def value(self) -> float:
        """What it brought in."""
        return worth(self.events)


def told_by(manifest: Fields) -> tuple[Told, ...]:
    """The sessions in what one tracker wrote."""
    if manifest["tracker"] == "artemis":
        return (_told_by_artemis(manifest["written"]),)
    return tuple(_told_by_elite([json.loads(line) for line in manifest["written"]]))


def worth(events: Iterable[Happening]) -> float:
    """The sum of the values."""
    return round(sum(each.value or 0.0 for each in events), 4)


def _told_by_artemis(document: Fields) -> Told:
    events = [
        Happening(
            at=event["timestamp"],
            type=event["type"],
            amount=event.get("amount"),
            value=event.get("value"),
            quantity=event.get("quantity"),
            critical=event.get("critical", False),
        )
        for event in document["events"]
    ]
    return Told(
        tracker="artemis",
        started_at=datetime.fromisoformat(document["startedAt"]),
        ended_at=datetime.fromisoformat(document["endedAt"]),
        events=tuple(sorted(events, key=lambda event: event.at)),
    )


def _told_by_elite(lines: Sequence[Fields]) -> Iterator[Told]:
    """From each LoadGame to the main menu, the shutdown, or the last line."""
    game: list[Fields] = []
    for line in lines:
        if line["event"] == "LoadGame":
            game = [line]
        elif game:
            game.append(line)
        if game and (line["event"] == "Shutdown" or line.get("MusicTrack") == "MainMenu"):
            yield _told_game(game)
            game = []
    if game:
        yield _told_game(game)


def _told_game(lines: Sequence[Fields]) -> Told:
    return Told(
        tracker="elite-dangerous",
        started_at=datetime.fromisoformat(lines[0]["timestamp"]),
        ended_at=datetime.fromisoformat(lines[-1]["timestamp"]),
        events=tuple(map(_journal_happening, lines)),
    )


def _journal_happening(line: Fields) -> Happening:
    word = line["event"]
    return Happening(
        at=round(datetime.fromisoformat(line["timestamp"]).timestamp() * 1000),
        type=word,
        amount=line.get(AMOUNT.get(word, "")),
        value=line.get(VALUE.get(word, "")),
        quantity=line.get(QUANTITY.get(word, "")),
    )
