"""Small builders of model values, and generated files of trackers; everything seeded, nothing read from disk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from logferry.demo.generators import (
    Cast,
    Journal,
    artemis_session,
    elite_journal,
    encode_document,
    file_name,
    grown,
    make_cast,
)
from logferry.demo.generators.elite import Ending
from logferry_model.session import End, EndRule, EpochMs, Event, Participant, Session, SessionId

__all__ = [
    "START",
    "Cast",
    "Ending",
    "Journal",
    "artemis_document",
    "cast",
    "encode_document",
    "event",
    "file_name",
    "grown",
    "journal",
    "session",
]

START = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def event(kind: str = "loot", *, after: timedelta = timedelta(), start: datetime = START, **fields: Any) -> Event:  # noqa: ANN401 -- any field
    """One event, `after` the start of its session."""
    at = EpochMs(round((start + after).timestamp() * 1000))
    return Event(at=at, type=kind, **fields)


def session(identity: str = "0123456789abcdef", *, start: datetime = START, **fields: Any) -> Session:  # noqa: ANN401 -- any field
    """A finished session of an hour with three events; any field may be given instead."""
    minutes = (timedelta(minutes=minute) for minute in (1, 20, 59))
    usual: dict[str, Any] = {
        "id": SessionId(identity),
        "tracker": "artemis",
        "natural_key": f"session-{identity}@{start.isoformat()}",
        "started_at": start,
        "ended_at": start + HOUR,
        "end": End(rule=EndRule.EXPLICIT, evidence="endedAt: 2026-03-01 21:00:00 UTC", confidence=1.0),
        "participants": (Participant(id="me", local=True),),
        "events": tuple(
            event(after=after, start=start, item="Animal Hide", quantity=1, value=0.5) for after in minutes
        ),
    }
    return Session(**(usual | fields))


def cast(seed: int = 1) -> Cast:
    """Made-up people; none of them may ever be in what is sent."""
    return make_cast(Random(seed))


def artemis_document(seed: int = 1, *, start: datetime = START, **options: Any) -> dict[str, Any]:  # noqa: ANN401 -- as given on
    """A finished session as Artemis Tracker writes it; `grown` and `encode_document` make files of it."""
    return artemis_session(Random(seed), cast(seed), started_at=start, **options)


def journal(seed: int = 1, *, start: datetime = START, **options: Any) -> Journal:  # noqa: ANN401 -- as given on
    """A journal as Elite Dangerous writes it; `encode` makes a file of it."""
    return elite_journal(Random(seed), cast(seed), started_at=start, **options)
