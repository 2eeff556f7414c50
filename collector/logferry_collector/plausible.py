"""What no session and no envelope can be, and where they contradict each other. Pure; corrects nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sized
from datetime import datetime

from logferry_collector.limits import Limits
from logferry_collector.rejections import unacceptable
from logferry_model.envelope import Envelope
from logferry_model.session import Session

PLATFORMS = ("windows", "macos", "linux")
NAME_MAX = 200
"""Characters of a tracker, natural key, install id or version: these become indexed columns."""
LONGEST_MS = 10 * 366 * 86_400_000
"""Ten years: nobody plays longer, and the page reckons with it."""
YEARS = range(1970, 3000)
"""Outside of these a date is a mistake, and time zone arithmetic on it may overflow."""

Finding = tuple[str, str, bool]
"""JSON pointer, what would be wrong with it, whether it is."""


def check_session(envelope: Envelope, session: Session, limits: Limits) -> None:
    """Refuse what no tracker can have seen and what differs from what its envelope says."""
    _raise_first("session-contradicts", _malformed(envelope, session))
    _raise_first("session-contradicts", _contradictions(envelope, session))
    _raise_first("limit-exceeded", _excesses(session, limits))


def _raise_first(code: str, findings: list[Finding]) -> None:
    for pointer, reason, wrong in findings:
        if wrong:
            raise unacceptable(code, pointer, reason)


def _malformed(envelope: Envelope, session: Session) -> list[Finding]:
    return [
        ("/tracker", "empty or too long", not 0 < len(envelope.tracker) <= NAME_MAX),
        ("/natural_key", "empty or too long", not 0 < len(envelope.natural_key) <= NAME_MAX),
        ("/install_id", "too long", len(envelope.install_id) > NAME_MAX),
        ("/account", "too long", len(envelope.account) > NAME_MAX),
        ("/app_version", "too long", len(envelope.app_version) > NAME_MAX),
        ("/platform", f"none of {', '.join(PLATFORMS)}", envelope.platform not in PLATFORMS),
        ("/revision", "counts from 1", not 1 <= envelope.revision < 2**31),
        *_time_findings("/started_at", envelope.started_at),
        *_time_findings("/ended_at", envelope.ended_at),
        *_time_findings("/payload/started_at", session.started_at),
        *_time_findings("/payload/ended_at", session.ended_at),
    ]


def _time_findings(pointer: str, moment: datetime | None) -> list[Finding]:
    if moment is None:
        return []
    return [
        (pointer, "has no time zone", moment.tzinfo is None),
        (pointer, "not a plausible date", moment.year not in YEARS),
    ]


def _contradictions(envelope: Envelope, session: Session) -> list[Finding]:
    ended = envelope.ended_at
    return [
        ("/payload/tracker", "differs from the envelope's", session.tracker != envelope.tracker),
        ("/payload/natural_key", "differs from the envelope's", session.natural_key != envelope.natural_key),
        ("/payload/started_at", "differs from the envelope's", session.started_at != envelope.started_at),
        ("/payload/ended_at", "differs from the envelope's", session.ended_at != ended),
        ("/ended_at", "a complete session has an end", ended is None and not envelope.partial),
        ("/ended_at", "before started_at", ended is not None and ended < envelope.started_at),
        (
            "/payload/statistics/active_ms",
            "not a plausible time",
            not 0 <= (session.statistics.active_ms or 0) <= LONGEST_MS,
        ),
    ]


def _excesses(session: Session, limits: Limits) -> list[Finding]:
    hits = sum(len(skill.timeline) for skill in session.skills)
    return [
        *(_more(pointer, things, most) for pointer, things, most in _bounded(session, limits)),
        ("/payload/skills", f"more than {limits.hits} hits in their timelines", hits > limits.hits),
        *(
            _more(pointer, entries, limits.entries)
            for pointer, entries in _maps(session)
            if len(entries) > limits.entries
        ),
    ]


def _bounded(session: Session, limits: Limits) -> list[tuple[str, Sized, int]]:
    """Every list of a session and how long it may be."""
    statistics = session.statistics
    return [
        ("/payload/events", session.events, limits.events),
        ("/payload/participants", session.participants, limits.participants),
        ("/payload/bosses", session.bosses, limits.bosses),
        ("/payload/skills", session.skills, limits.skills),
        ("/payload/loadouts", session.loadouts, limits.rows),
        ("/payload/attachments", session.attachments, limits.rows),
        ("/payload/tags", session.tags, limits.rows),
        ("/payload/statistics/skills", statistics.skills, limits.rows),
        ("/payload/statistics/loot", statistics.loot, limits.rows),
        ("/payload/statistics/loadouts", statistics.loadouts, limits.rows),
        ("/payload/statistics/measures", statistics.measures, limits.rows),
    ]


def _maps(session: Session) -> Iterator[tuple[str, Sized]]:
    """Everything that has entries under names of the sender's choice."""
    yield "/payload/facts", session.facts
    for place, person in enumerate(session.participants):
        yield f"/payload/participants/{place}/facts", person.facts
        yield f"/payload/participants/{place}/figures", person.figures
    yield from ((f"/payload/skills/{place}/figures", skill.figures) for place, skill in enumerate(session.skills))
    yield from ((f"/payload/events/{place}/fields", event.fields) for place, event in enumerate(session.events))


def _more(pointer: str, things: Sized, most: int) -> Finding:
    return pointer, f"more than {most}", len(things) > most
