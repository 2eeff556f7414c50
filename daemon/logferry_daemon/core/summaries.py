"""What a session adds up to, without what it is made of: a small version that may go before the whole. Pure."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from logferry_model.envelope import encode_session
from logferry_model.session import Session

EVENTS = 5_000
"""With so many a session is worth one more request: a hunt of 5,000 is 36 KB when packed, its summary 1.2 KB."""


def summary_of(document: bytes) -> bytes:
    """The session in `document` without its events and the blows of its skills: figures, names and facts stay."""
    session = msgspec.json.decode(document, type=Session)
    skills = tuple(replace(one, timeline=()) for one in session.skills)
    return encode_session(replace(session, events=(), skills=skills))
