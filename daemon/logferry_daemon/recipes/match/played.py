"""One match as a decoder tells it, before the recipe says what of it may leave. A value."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from logferry_daemon.core.identity import from_ms, to_ms
from logferry_daemon.core.reading import Trouble
from logferry_model.errors import Damaged
from logferry_model.session import Boss, Event, Participant, Scalar

LOCAL_PLAYER = "me"
LONGEST = timedelta(days=1)
"""A match that takes longer was told wrong."""
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What a file of a match holds."""

    key: str
    """What makes it this match and no other: no name, not even as a digest."""
    started_at: datetime
    """Aware, UTC."""
    lasted: timedelta
    whole: str | None
    """How the file shows that it is all there; None when it does not."""
    identity: str | None = None
    """Who played, in the file's own words."""
    names: frozenset[str] = frozenset()
    participants: tuple[Participant, ...] = ()
    bosses: tuple[Boss, ...] = ()
    events: tuple[Event, ...] = ()
    facts: dict[str, Scalar] = field(default_factory=dict)
    """All that the decoder knows; the recipe lists those that may leave."""
    troubles: tuple[Trouble, ...] = ()


def moment(seconds: int) -> datetime | None:
    """Seconds since 1970 as a time, or None when they are no date."""
    try:
        return from_ms(seconds * 1000) if seconds > 0 else None
    except OverflowError:
        return None


def within(lasted: timedelta, started_at: datetime) -> timedelta:
    """`lasted`, or none at all when it is beyond reason."""
    if not timedelta() <= lasted <= LONGEST:
        return timedelta()
    try:
        from_ms(to_ms(started_at + lasted))
    except OverflowError:
        return timedelta()
    return lasted


def word(text: str | None) -> str | None:
    """A text that looks like one of a game's own identifiers; another one could be anything, so it is `other`."""
    return None if not text else text if _WORD.fullmatch(text) else "other"


def no_time() -> Damaged:
    """A match that nobody could place."""
    return Damaged("no-time", "the file does not say when it was played.")
