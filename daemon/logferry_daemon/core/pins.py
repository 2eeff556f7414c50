"""Is the one who answers the one whose key was pinned? Pure: two fingerprints in, a verdict out.

A pin stands in place of a certificate authority, for collectors that no authority knows. So it is held to strictly:
what cannot be told to be the same key is another one, and no answer of the other side can loosen it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from urllib.parse import urlsplit

from logferry_model.errors import Unreachable
from logferry_model.fingerprint import Fingerprint, parse_fingerprint

PIN_CHANGED = "pin-changed"


class Verdict(Enum):
    """What a pin says about a key."""

    SAME = "same"
    CHANGED = "changed"
    UNTOLD = "untold"
    """No key was shown, or one that cannot be read."""


MAY_SEND: Mapping[Verdict, bool] = {Verdict.SAME: True, Verdict.CHANGED: False, Verdict.UNTOLD: False}
"""Whether a single byte of a request may go to whoever showed this key."""


def verdict(pin: Fingerprint, seen: Fingerprint | None) -> Verdict:
    """How the key that was shown stands to the pinned one."""
    if seen is None:
        return Verdict.UNTOLD
    return Verdict.SAME if seen == pin else Verdict.CHANGED


def wrong_key(pin: Fingerprint, seen: Fingerprint | None) -> Unreachable:
    """What is told of a key that may not be sent to, with both fingerprints; `{name}` is for the destination's name."""
    shown = str(seen) if seen else "none that can be read"
    return Unreachable(
        PIN_CHANGED,
        f"its key is not the pinned one, so nothing was sent; pinned: {pin}, now: {shown}",
        hint="Somebody may answer in its place. Compare with what the collector itself prints when it starts, and only "
        "if that is the new one: logferry destinations pin {name} --accept FINGERPRINT",
    )


def reason_against_pin(pin: str, url: str) -> str | None:
    """Why this cannot be the pin of the destination at `url`."""
    if parse_fingerprint(pin) is None:
        return "it is not the fingerprint of a key: 64 hex digits, as the collector prints them when it starts"
    if urlsplit(url).scheme != "https":
        return "only a connection by https shows a key"
    return None
