"""What no session and no envelope can be, and where they contradict each other. Pure; corrects nothing."""

from __future__ import annotations

from datetime import datetime

from logferry_collector.limits import Limits
from logferry_collector.rejections import unacceptable
from logferry_model.envelope import Envelope
from logferry_model.session import Session

PLATFORMS = ("windows", "macos", "linux")
NAME_MAX = 200
"""Characters of a tracker, natural key, install id or version: these become indexed columns."""
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
    ]


def _excesses(session: Session, limits: Limits) -> list[Finding]:
    events, participants = len(session.events), len(session.participants)
    return [
        ("/payload/events", f"more than {limits.events}", events > limits.events),
        ("/payload/participants", f"more than {limits.participants}", participants > limits.participants),
    ]
