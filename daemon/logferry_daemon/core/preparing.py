"""From what a reader found to what the spool keeps: sealed, sanitised, encoded, fingerprinted. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from logferry_daemon.core.bounds import bounded
from logferry_daemon.core.identities import known_as
from logferry_daemon.core.reading import Found
from logferry_daemon.core.sanitise import sanitise
from logferry_daemon.ports import NewSession
from logferry_model.envelope import encode_session, sha256_hex
from logferry_model.session import End, Session


def prepare(found: Found, end: End, *, only_grows: bool) -> NewSession:
    """The session as it may be kept and sent."""
    raw = found.raw()
    clean = bounded(sanitise(replace(raw.session, end=end), raw.names).session)
    return NewSession(
        session=clean,
        document=encode_session(clean),
        fingerprint=fingerprint(clean),
        weight=found.weight,
        only_grows=only_grows,
        identity=known_as(found.identity, unsure=found.unsure),
    )


def fingerprint(clean: Session) -> str:
    """Digest of what makes a revision another one.

    It leaves out how the end was recognised: the same play, first over by silence and later by an explicit line, is one
    revision and not two.
    """
    return sha256_hex(encode_session(replace(clean, end=None)))


def part_of(session: Session) -> NewSession:
    """A session that was made of others which had been prepared before; who played it is for its plan to say."""
    return NewSession(
        session=session,
        document=encode_session(session),
        fingerprint=fingerprint(session),
        weight=len(session.events),
    )
