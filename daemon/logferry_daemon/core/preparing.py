"""From what a reader found to what the spool keeps: sealed, sanitised, encoded, fingerprinted. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from logferry_daemon.core.reading import Found
from logferry_daemon.core.sanitise import sanitise
from logferry_daemon.ports import NewSession
from logferry_model.envelope import encode_session, sha256_hex
from logferry_model.session import End


def prepare(found: Found, end: End, *, only_grows: bool) -> NewSession:
    """The session as it may be kept and sent.

    The fingerprint leaves out how the end was recognised: the same play, first over by silence and later by an explicit
    line, is one revision and not two.
    """
    raw = found.raw()
    clean = sanitise(replace(raw.session, end=end), raw.names).session
    fingerprint = sha256_hex(encode_session(replace(clean, end=None)))
    return NewSession(
        session=clean,
        document=encode_session(clean),
        fingerprint=fingerprint,
        weight=found.weight,
        only_grows=only_grows,
    )
