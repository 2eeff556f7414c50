"""What the demo's trackers are going to write: generated sessions as plans for `tracker.py`. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from logferry.demo.generators import Cast, artemis_session, elite_journal, file_name
from logferry.demo.generators.elite import Ending

WRITING = timedelta(seconds=3.5)
"""How long a tracker writes at one session: a real one takes an hour."""
SHORT_WRITING = timedelta(seconds=1)

ENDINGS = {
    Ending.SHUTDOWN: "ends with Shutdown",
    Ending.MAIN_MENU: "goes back to the main menu, then ends",
    Ending.QUIT: "quits without a word",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """One session for one tracker."""

    tracker: str
    about: str
    file: str
    way: str
    """`document` or `lines`: see `tracker.py`."""
    content: Any
    pause: timedelta
    """Between two events."""

    def plan(self, *, folder: str, manifest: str) -> dict[str, Any]:
        """What the tracker script is told."""
        return {
            "tracker": self.tracker,
            "file": f"{folder}/{self.file}",
            "way": self.way,
            "content": self.content,
            "pause": self.pause.total_seconds(),
            "manifest": manifest,
        }


def hunt(random: Random, cast: Cast, *, now: datetime) -> Play:
    """A hunt that ends about now."""
    length = timedelta(minutes=random.randint(20, 50))
    document = artemis_session(random, cast, started_at=now - length, length=length)
    return Play(
        tracker="artemis",
        about="rewrites its file on every event",
        file=file_name(document),
        way="document",
        content=document,
        pause=WRITING / len(document["events"]),
    )


def flight(random: Random, cast: Cast, *, now: datetime, ending: Ending) -> Play:
    """A flight that ends about now; one that simply quits is written slowly enough to be seen running."""
    length = timedelta(minutes=random.randint(20, 50))
    journal = elite_journal(
        random, cast, started_at=now - length, length=length, ending=ending, utc_offset=timedelta(hours=2)
    )
    writing = WRITING if ending is Ending.QUIT else SHORT_WRITING
    return Play(
        tracker="elite-dangerous",
        about=ENDINGS[ending],
        file=journal.name,
        way="lines",
        content=list(journal.texts),
        pause=writing / len(journal.lines),
    )
