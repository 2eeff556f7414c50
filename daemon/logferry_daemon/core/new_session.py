"""A sanitised session on its way into the spool, and what the spool decides by of it. Pure: values in, values out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from logferry_daemon.core.revision import Version
from logferry_daemon.core.sanitise import TakenOut
from logferry_model.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """A sanitised session on its way into the spool."""

    session: Session
    """Its head at least: whoever wants all that it is made of has the document."""
    document: bytes
    """The session, encoded."""
    events: int
    """How many are in it."""
    fingerprint: str
    """Digest of what makes a revision another one: everything but how the end was recognised."""
    weight: int
    """As of Found: how much of the session there is."""
    only_grows: bool = False
    """A log that is appended to: a version with fewer events is a cut copy, not a correction."""
    removed: TakenOut = field(default_factory=dict)
    """What was taken out on the way here."""
    kept: Mapping[str, str] = field(default_factory=dict)
    """Slot -> text, of what some destination is sent as the log says it."""
    leaks: tuple[str, ...] = ()
    """Where something private was left: then `session` is an empty frame, and nothing of it is sent."""
    last_at: datetime | None = None
    """When it was heard of last; in the place of an end while it has none."""
    identity: str | None = None
    """Who played, as `known_as`. Stays on this computer: it is in no document and in no letter."""
    names_player: bool = False
    """Whether it could say who played: where neither it nor an earlier state of it does, that is UNSURE."""


def head_of(session: Session) -> Session:
    """When it was, whose it is and how it ended, without what it is made of: that costs nothing to hand on."""
    return Session(
        id=session.id,
        tracker=session.tracker,
        natural_key=session.natural_key,
        started_at=session.started_at,
        ended_at=session.ended_at,
        end=session.end,
    )


def summarised(new: NewSession, destinations: Sequence[str], summaries: Mapping[str, int]) -> list[str]:
    """Those destinations that get a summary before the whole of this session."""
    over = new.session.end is not None and not new.leaks
    return [to for to in destinations if over and to in summaries and new.events >= summaries[to]]


def heard_of(new: NewSession) -> datetime | None:
    """When it ended; of a session that still runs, when it was heard of last."""
    return new.session.ended_at or (new.last_at if new.session.end is None else None)


def version_of(new: NewSession) -> Version:
    """What decides whether it is a new revision."""
    return Version(
        fingerprint=new.fingerprint,
        events=new.events,
        end_rule=new.session.end.rule if new.session.end else "",
        # Of what is withheld nothing is counted: that it is is news, however much there was before.
        only_grows=new.only_grows and not new.leaks,
    )
