"""What an owner agrees to, and what leaves."""

from __future__ import annotations

from datetime import datetime

from msgspec import Raw, Struct

from logferry_ipc.messages.people import Identity, Player


class Consent(Struct, frozen=True, kw_only=True):
    """What the owner agrees to for one destination, and whether they have."""

    destination: str
    granted: bool
    policy: str
    """The text that was or will be agreed to."""
    policy_digest: str
    """sha-256 hex of the text with the destination's address: a grant names the text it agrees to."""
    granted_at: datetime | None = None
    waiting: int = 0
    """Deliveries that a grant would release."""
    terms: tuple[str, ...] = ()
    """What of people and places is sent, and which fields of each tracker, line by line, as in the text."""
    agreed_terms: tuple[str, ...] = ()
    """The same as it was agreed to."""
    identities: tuple[Identity, ...] = ()
    """Whose sessions there are for it: a grant that names them allows those that are unknown."""
    key_note: str = ""
    """What a grant says of the key, too, where one was laid down that served another address."""


class PrivacyChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Other terms for a destination; what is not named stays as it is."""

    treatments: dict[str, str]
    """Group of fields -> `keep`, `token` or `drop`."""


class Removal(Struct, frozen=True, kw_only=True):
    """Something that is not sent."""

    field: str
    reason: str
    times: int


class Preview(Struct, frozen=True, kw_only=True):
    """What one destination is sent of one session."""

    session: str
    destination: str
    content_type: str
    content_encoding: str
    sha256: str
    """Hex, of `body`."""
    body: bytes
    """Byte for byte what goes over the wire as the request's body."""
    document: Raw
    """The session in it."""
    removed: tuple[Removal, ...] = ()
    """What was taken out, and why."""
    state: str = ""
    """Where its delivery stands, as in the list of sessions."""
    reconstruction: bool = False
    """It was sent already and its bytes are not kept: this is what would be sent of it on the terms of today."""
    note: str = ""
    """What will make it another one than is shown, in one sentence."""


class ConsentGrant(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Agreement to exactly the text with this digest, and to the players that were shown with it."""

    policy_digest: str
    identities: tuple[Player, ...] = ()


class Login(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A secret for one destination: goes in, never comes out."""

    secret: str = ""
    """Empty where one is to be made."""
    insecure_storage: bool = False
    """Allow a file with mode 0600 where the system has no keyring."""

    anonymous: bool = False
    """Make one, for a destination that lets in whoever comes without."""
    join: bool = False
    """The account of this secret takes over what was sent with one that was made so."""

    def __repr__(self) -> str:
        return "Login(secret=***)"


OWN_KEY_ONLY = "own-key-only"
"""The code of what is asked before a secret is forgotten that nobody can give again."""


class Forgetting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The secret of a destination is to be forgotten."""

    confirm: str = ""
    """The code of the problem that said what is lost with it, once its owner has agreed to that."""


FORGET = Forgetting()
"""Unless something is lost with it."""
GIVE_UP = Forgetting(confirm=OWN_KEY_ONLY)
"""Also then."""
