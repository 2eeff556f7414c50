"""From the copy in the spool to a letter: on one destination's terms, searched once more, in its dialect, packed. Pure.

This is the work of a delivery. All that it needs is in an Errand, so another process can do it (workshop/worker.py);
the bytes are the same wherever it is done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from logferry_daemon.core.addressing import Terms, address, check_no_slot
from logferry_daemon.core.detectors import Detectors
from logferry_daemon.core.exchange import Dialect, Letter, Parcel
from logferry_daemon.core.known_secrets import Secrets
from logferry_daemon.core.packing import unpacked
from logferry_daemon.core.sanitise import TakenOut
from logferry_daemon.core.verify import leaks
from logferry_model.errors import Refused

WOULD_LEAK = "would-leak"
_BEGINNING = 64
"""Bytes of a session: its id is in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One session and what one destination may have of it."""

    parcel: Parcel
    terms: Terms
    removed: TakenOut
    """What was taken out before it was kept."""
    secrets: tuple[str, ...]
    """The keys of all destinations: none of them belongs into any letter."""
    encodings: tuple[str, ...]
    """How it may be packed."""

    def __repr__(self) -> str:
        return "Errand(***)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What one destination is sent of one session."""

    letter: Letter
    document: bytes
    """The session in it, encoded."""
    removed: TakenOut
    """What was taken out, here and before it was kept."""


def write_letter(errand: Errand, dialect: Dialect, detectors: Detectors) -> Written:
    """The letter; Refused `would-leak` when something private is left."""
    addressed = address(errand.parcel.document, errand.parcel.tracker, errand.terms)
    check_no_slot(addressed.document)
    secrets = Secrets(errand.secrets)
    if found := leaks(addressed.document, secrets=secrets, detectors=detectors):
        raise withheld(found)
    letter = dialect.write(replace(errand.parcel, document=addressed.document, encodings=errand.encodings))
    if found := _beside(letter, addressed.document, secrets):
        raise withheld(found)
    return Written(
        letter=letter,
        document=addressed.document,
        removed=Counter(errand.removed) + Counter(addressed.removed),
    )


def _beside(letter: Letter, document: bytes, secrets: Secrets) -> Sequence[str]:
    """Where there is a key in what goes along with the session: its owner's name may be one."""
    # The session was searched already; null is JSON in its place.
    rest = _without(unpacked(letter.body, letter.headers), document)
    if found := secrets.in_letter(rest):
        return found
    return ("a header",) if any(secrets.stand_in(value) for value in letter.headers.values()) else ()


def _without(whole: bytes, document: bytes) -> bytes:
    # A search for something as long as that begins with a study of it; its first bytes are found at once.
    at = whole.find(document[:_BEGINNING])
    if at >= 0 and whole.startswith(document, at):
        return whole[:at] + b"null" + whole[at + len(document) :]
    return whole.replace(document, b"null", 1)


def withheld(places: Sequence[str]) -> Refused:
    """Something private was left in a session: it stays, and its owner is told where."""
    hint = "Nothing was sent. Please report it: logferry recipe test FILE shows what is read and removed."
    return Refused(WOULD_LEAK, f"would leak: {', '.join(places)}", hint=hint)


def withheld_later(error: Refused, session: str, destination: str) -> Refused:
    """The same of one of which something was sent before that was found, or may have been."""
    hint = (
        f"No more of it is sent, but what was sent before may be at {destination}. Delete it, here and there, with: "
        f"logferry sessions delete {session} --remote"
    )
    return Refused(error.code, error.message, hint=hint)
