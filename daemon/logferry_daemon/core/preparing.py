"""From what a reader found to what the spool keeps: sealed, sanitised, encoded, fingerprinted, verified. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from logferry_daemon.core.bounds import bounded
from logferry_daemon.core.identities import UNSURE, known_as
from logferry_daemon.core.identity import content_mark
from logferry_daemon.core.known_secrets import Secrets
from logferry_daemon.core.new_session import NewSession, head_of
from logferry_daemon.core.reading import Found
from logferry_daemon.core.sanitise import REMOVED, Privacy, TakenOut, named, sanitise
from logferry_daemon.core.verify import leaks
from logferry_model.envelope import encode_session, sha256_hex
from logferry_model.session import End, Session


def prepare(
    found: Found,
    end: End | None,
    *,
    only_grows: bool,
    privacy: Privacy,
    names_player: bool = False,
    beside: frozenset[str] = frozenset(),
) -> NewSession:
    """The session as it may be kept; without an end, as far as it has come.

    One in which something private is left is kept as an empty frame of it.

    `names_player` says whether its tracker's files can say who played; `beside` are those whom other sessions of the
    same file name: somebody who is a player in one of them is no thing in the next.
    """
    raw = found.raw()
    known = raw.names | beside
    until = raw.session.ended_at if end else None
    cleaned = sanitise(replace(raw.session, end=end, ended_at=until), known, privacy)
    clean = bounded(cleaned.session)
    written = _written(clean)
    document = encode_session(written)
    names, secrets = named(raw.session, known), privacy.secrets
    left = leaks(document, names=names, secrets=secrets, told=cleaned.kept, detectors=privacy.detectors)
    identity = known_as(found.identity, unsure=found.unsure)
    if identity and secrets.stand_in(identity):
        left, identity = (*left, "identity"), UNSURE
    if left:
        clean = written = frame(clean)
        document = encode_session(clean)
    return NewSession(
        session=head_of(clean),
        document=document,
        events=len(clean.events),
        fingerprint=fingerprint(written),
        weight=found.weight,
        last_at=found.last_at,
        only_grows=only_grows,
        identity=identity,
        names_player=names_player,
        removed=dict(_told(cleaned.removed, secrets)),
        kept={} if left else cleaned.kept,
        leaks=tuple(left),
    )


def _told(removed: TakenOut, secrets: Secrets) -> Iterator[tuple[tuple[str, str], int]]:
    """What was removed, by fields that have a name and not a key for one."""
    for (name, reason), times in removed.items():
        yield (REMOVED if secrets.stand_in(name) else name, reason), times


_WITHHELD = "withheld/"


def frame(session: Session) -> Session:
    """When it was, and nothing of what it was: not even the key that its tracker made of it."""
    return Session(
        id=session.id,
        tracker=session.tracker,
        natural_key=f"{_WITHHELD}{content_mark(session.natural_key)}",
        started_at=session.started_at,
        ended_at=session.ended_at,
        end=session.end and replace(session.end, evidence=REMOVED),
    )


def fingerprint(clean: Session) -> str:
    """Digest of what makes a revision another one.

    It leaves out how the end was recognised: the same play, first over by silence and later by an explicit line, is one
    revision and not two. Nor does it hold what its owner calls it: a hunt that is given another name is the same hunt.
    """
    loadouts = tuple(replace(one, name=None) for one in clean.loadouts)
    return sha256_hex(encode_session(replace(clean, end=None, name=None, tags=(), loadouts=loadouts)))


def _written(session: Session) -> Session:
    """The same for whoever encodes it, more than once: its events, most of what there is, are written already."""
    return replace(session, events=Raw(msgspec.json.encode(session.events))) if session.events else session


def ended(so_far: Session, last_at: datetime, end: End, *, leaks: tuple[str, ...], removed: TakenOut) -> NewSession:
    """A session of which there is no more than what was kept while it ran: that is the whole of it."""
    whole = replace(so_far, ended_at=last_at, end=end)
    return NewSession(
        session=whole,
        document=encode_session(whole),
        events=len(whole.events),
        fingerprint=fingerprint(whole),
        weight=len(whole.events),
        leaks=leaks,
        removed=removed,
    )


def withheld(session: Session, places: Sequence[str]) -> NewSession:
    """What is left of a session that was kept before it was known that something in it is private."""
    left = frame(session)
    return NewSession(
        session=left,
        document=encode_session(left),
        events=0,
        fingerprint=fingerprint(left),
        weight=0,
        leaks=tuple(places),
    )


def is_frame(session: Session) -> bool:
    """Whether this is all that was left of one."""
    return session.natural_key.startswith(_WITHHELD)


def part_of(session: Session, leaks: Sequence[str] = ()) -> NewSession:
    """A session that was made of others which had been prepared before; who played it is for its plan to say.

    It is sent no more than they are: `leaks` are theirs.
    """
    return NewSession(
        session=session,
        document=encode_session(session),
        events=len(session.events),
        fingerprint=fingerprint(session),
        weight=len(session.events),
        leaks=tuple(leaks),
    )
