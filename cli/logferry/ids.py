"""Finds what a person means by the first letters of an id. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from logferry.views.words import short
from logferry_ipc.messages import SessionList
from logferry_model.errors import Misconfigured

SHORTEST = 4
"""Fewer letters than this are too easily somebody else's."""


def session_id(prefix: str, known: SessionList) -> str:
    """The one session whose id begins like this, over or not; Misconfigured when there is none or more than one."""
    return _one(prefix, (*(session.id for session in known.sessions), *(session.id for session in known.running)))


def session_id_ever(prefix: str, known: SessionList) -> str:
    """The same, also among those that were deleted."""
    there = (*(session.id for session in known.sessions), *(session.id for session in known.running))
    return _one(prefix, (*there, *(session.id for session in known.deleted)))


def session_or_delivery_id(prefix: str, known: SessionList) -> str:
    """The same among sessions, and where no session fits among deliveries, as `retry` takes both."""
    sessions = tuple(session.id for session in known.sessions)
    deliveries = (delivery.id for session in known.sessions for delivery in session.deliveries)
    return _one(prefix, sessions if any(each.startswith(prefix) for each in sessions) else deliveries)


def _one(prefix: str, known: Iterable[str]) -> str:
    ids = tuple(dict.fromkeys(known))
    if prefix in ids:
        return prefix
    fitting = tuple(each for each in ids if each.startswith(prefix)) if len(prefix) >= SHORTEST else ()
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise Misconfigured(
            "id-ambiguous",
            f'"{prefix}" fits {len(fitting)} ids: {", ".join(map(short, fitting[:4]))}.',
            hint="Give more letters of it.",
        )
    if len(prefix) < SHORTEST and any(each.startswith(prefix) for each in ids):
        raise Misconfigured(
            "id-too-short", f'"{prefix}" is too little of an id.', hint=f"Give {SHORTEST} letters of it, or more."
        )
    raise Misconfigured(
        "session-unknown", f'There is no session "{prefix}".', hint="`logferry sessions list` shows every id."
    )
