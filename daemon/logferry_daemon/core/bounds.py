"""Brings a session within what every collector takes, where its tracker knows no bounds. Pure; drops no event."""

from __future__ import annotations

from msgspec.structs import replace

from logferry_model.session import Participant, Session

MAX_PARTICIPANTS = 400
"""More than fight together in any game that is read; a log may name thousands that only passed by."""


def bounded(session: Session) -> Session:
    """`session` with at most MAX_PARTICIPANTS: the local player first, then as listed. What others did is nobody's."""
    if len(session.participants) <= MAX_PARTICIPANTS:
        return session
    kept = sorted(session.participants, key=_comes_later)[:MAX_PARTICIPANTS]
    there = {one.id for one in kept}
    return replace(
        session,
        participants=tuple(one for one in session.participants if one.id in there),
        events=tuple(one if one.participant in there else replace(one, participant=None) for one in session.events),
        skills=tuple(one if one.participant in there else replace(one, participant=None) for one in session.skills),
    )


def _comes_later(person: Participant) -> bool:
    return not person.local
