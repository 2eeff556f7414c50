"""Makes up the files of one session of Proof of Putt, in the shapes of its releases. Seeded, nothing read from disk."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from tests.factories import START, cast

MAKES = ("TOP", "RIGHT", "LEFT", "LOW", "QUICK PUTT")
MISSES = ("CATCH", "TIMEOUT", "RETURN")


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One session and what the tracker writes about it."""

    player: str
    email: str
    stamp: str
    putts: tuple[tuple[float, bool, str], ...]
    """Seconds, made, category."""
    duration: float

    @property
    def json_name(self) -> str:
        return f"session_{self.stamp}.json"

    @property
    def csv_name(self) -> str:
        return f"session_report_{self.stamp}.csv"

    @property
    def makes(self) -> int:
        return sum(made for _, made, _ in self.putts)

    def flat(self) -> bytes:
        """As the newer releases write it."""
        return _encoded(
            {
                "session_id": f"desktop_{self.stamp}",
                "player_name": self.player,
                "total_putts": len(self.putts),
                "total_makes": self.makes,
                "total_misses": len(self.putts) - self.makes,
                "session_duration_seconds": self.duration,
                "best_streak": 7,
                "makes_per_minute": 12.5,
                "fastest_21_makes_seconds": None,
                "most_makes_in_60_seconds": 11,
                "putts_by_distance": {"3-5 ft": 20, "7_feet": 8},
                "makes_by_distance": {"3-5 ft": 15, "7_feet": 4},
            }
        )

    def short(self) -> bytes:
        """The other spelling, one level down."""
        misses = len(self.putts) - self.makes
        return _encoded({"data": {"makes": self.makes, "misses": misses, "session_duration": self.duration}})

    def sections(self) -> bytes:
        """As the older releases write it."""
        info = {"player_name": self.player, "player_email": self.email, "report_generated_at": self.stamp}
        totals = {"total_putts": len(self.putts), "total_makes": self.makes, "makes_by_category": {"TOP": self.makes}}
        return _encoded(
            {
                "session_info": info | {"session_duration_seconds": self.duration},
                "analytic_stats": totals,
                "consecutive_stats": {"max_consecutive": 7},
                "time_stats": {"most_makes_in_60_seconds": 11, "fastest_21_makes_seconds": None},
                "putt_list": [
                    {"Putt Index": number, "Putt Classification": _word(made), "Putt Time": seconds}
                    for number, (seconds, made, _) in enumerate(self.putts, start=1)
                ],
            }
        )

    def report(self) -> bytes:
        """The report for people."""
        lines: list[list[Any]] = [
            ["Player Name", self.player],
            ["Report Generated At", self.stamp],
            [],
            ["Analytic Stats", ""],
            ["Total Putts", len(self.putts)],
            ["Total Makes", self.makes],
            ["Make Percentage", f"{100 * self.makes / len(self.putts):.2f}%"],
            [],
            ["Session Duration (seconds)", f"{self.duration:.2f}"],
            ["Fastest 21 Makes (seconds)", "N/A"],
            [],
            ["Putt History", ""],
            ["Putt Index", "Time (s)", "Classification", "Detailed Classification"],
        ]
        lines += [
            [number, f"{seconds:.2f}", _word(made), f"{_word(made)} - {category}"]
            for number, (seconds, made, category) in enumerate(self.putts, start=1)
        ]
        text = io.StringIO()
        csv.writer(text).writerows(lines)
        return text.getvalue().encode()


def putt_round(seed: int = 1, *, putts: int = 28, ended: datetime = START) -> Round:
    """One session that ended then, in the time of the computer."""
    random, people = Random(seed), cast(seed)
    at, played = 0.0, []
    for _ in range(putts):
        at = round(at + random.uniform(2, 9), 2)
        made = random.random() < 0.6
        played.append((at, made, random.choice(MAKES if made else MISSES)))
    return Round(
        player=people.player,
        email=f"{people.player.split()[0].casefold()}@example.org",
        stamp=(ended + timedelta(seconds=seed)).strftime("%Y%m%d_%H%M%S"),
        putts=tuple(played),
        duration=round(at + 1.5, 2),
    )


def _word(made: bool) -> str:
    return "MAKE" if made else "MISS"


def _encoded(document: dict[str, Any]) -> bytes:
    return json.dumps(document, indent=4).encode()
