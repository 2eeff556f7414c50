"""Names of the small facts that the spool keeps."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime

from logferry_daemon.core.waiting import is_ahead


def earlier(destination: str, place: str) -> str:
    """What deliveries are filed under whose destination is not at this place any more. No destination is named so."""
    return f"{destination}~{place}"


def place_note(destination: str) -> str:
    """The note that remembers a destination's place."""
    return f"place:{destination}"


def terms_note(destination: str) -> str:
    """The note that remembers on which terms letters are written: the digest of the text that was agreed to.

    It outlives a consent that is taken back.
    """
    return f"terms:{destination}"


def trackers_note(destination: str) -> str:
    """The note that remembers whose sessions a destination is sent, where that is not everybody's."""
    return f"trackers:{destination}"


def trackers_text(trackers: Collection[str]) -> str | None:
    """What stands in that note; None, which is no note, where there is no filter."""
    return json.dumps(sorted(trackers)) if trackers else None


def trackers_in(note: str) -> frozenset[str]:
    """The trackers in it."""
    return frozenset(json.loads(note))


def own_key_note(destination: str) -> str:
    """The note that is there when Logferry made the destination's key itself: the place it was made for."""
    return f"own-key:{destination}"


def own_key_lost_note(destination: str) -> str:
    """The note that remembers since when such a key is given up because the address became another: an ISO time."""
    return f"own-key-lost:{destination}"


HEEDED = "schedule-heeded:"
"""How the notes begin that remember until when a destination's times were heeded: its name follows."""


UNASKED = "backfill-unasked"
"""The note that is there when what was found before goes without being asked for."""


def source_note(source: str) -> str:
    """The note that remembers since when a source is followed, and where: `<ISO time> <place>`."""
    return f"source:{source}:since"


def destination_note(destination: str) -> str:
    """The note that remembers since when a destination is at its place: an ISO time."""
    return f"destination:{destination}:since"


def followed(note: str) -> datetime:
    """The time in either of the two."""
    return datetime.fromisoformat(note.partition(" ")[0])


def since_at_most(note: str, now: datetime) -> str:
    """The same note; since now where it says since what is in the future now."""
    at, space, place = note.partition(" ")
    return f"{now.isoformat()}{space}{place}" if is_ahead(datetime.fromisoformat(at), now) else note
