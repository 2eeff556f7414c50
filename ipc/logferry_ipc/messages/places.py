"""Where sessions come from and where they go."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct


class SourceInfo(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A configured place to read from."""

    name: str
    tracker: str
    path: str
    state: str = ""
    """Filled by the daemon: `watching`, `missing` or a reason."""
    files: int = 0
    sessions: int = 0


class Sources(Struct, frozen=True, kw_only=True):
    """Every source, and the trackers that a new one may name."""

    sources: tuple[SourceInfo, ...]
    trackers: tuple[str, ...] = ()


class NewSource(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A source to add; the daemon makes up a name where none is given."""

    tracker: str
    path: str
    name: str | None = None


class DestinationInfo(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A configured place to send to. Its secret is never shown, only whether there is one."""

    name: str
    dialect: str
    url: str
    consent: bool = False
    credential: str = "absent"
    """`available`, `absent`, `locked`, `denied`, `stuck` or `refused`."""
    pin: str = ""
    """The fingerprint of the one key that may answer there; empty where authorities decide."""
    account: str = ""
    """What its owner is called there; empty where nothing but a random number stands for him."""
    trackers: tuple[str, ...] = ()
    """The only ones whose sessions it is sent; empty for all of them."""
    upload_hosts: tuple[str, ...] = ()
    """Whom else it may name for an upload."""
    token_url: str = ""
    """Where tokens are made of its key; empty where the key itself is used."""
    own_key: bool = False
    """Whether Logferry made its secret itself, so that no account is behind it."""
    lost_with_key: str = ""
    """What can never be done again once its secret is forgotten, in words; empty where another one does as well."""


class Destinations(Struct, frozen=True, kw_only=True):
    """Every destination, and the dialects that a new one may name."""

    destinations: tuple[DestinationInfo, ...]
    dialects: tuple[str, ...] = ()
    takes: Mapping[str, tuple[str, ...]] = {}
    """Dialect -> the only trackers that it has fields for; those that are not in it take all."""


class DestinationTest(Struct, frozen=True, kw_only=True):
    """Whether a destination can be sent to now, and what it says of the key that is kept for it."""

    name: str
    state: str
    """As in the status: `ready`, `held`, `waiting`, `paused`, `offline`."""
    reason: str = ""
    hint: str = ""
    key: str = "unclear"
    """`valid`, `invalid`, or `unclear` where it did not say or could not be asked."""
    account: str = ""
    """Whose the key is, where that is told."""
    key_reason: str = ""
    key_hint: str = ""


class PaperChange(Struct, frozen=True, kw_only=True):
    """What became of one thing that a tracker keeps besides sessions: a party, a creature, a preference."""

    seq: int
    """Ask for what came after it with this number."""
    source: str
    kind: str
    id: str
    action: str
    """`CREATE`, `UPDATE` or `DELETE`."""
    at: datetime


class PaperChanges(Struct, frozen=True, kw_only=True):
    """What happened, oldest first, some hundred at a time: empty when there is no more."""

    changes: tuple[PaperChange, ...]


class NewDestination(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A destination to add."""

    name: str
    dialect: str
    url: str
    pin: str = ""
    """The fingerprint of its key, as its owner compared it."""
    account: str = ""
    """What its owner is called there; empty for nobody by name."""
    trackers: tuple[str, ...] = ()
    """The only ones whose sessions it is sent; empty for all of them."""
    upload_hosts: tuple[str, ...] = ()
    """Whom else it may name for an upload: these are sent pieces, and never its key."""
    token_url: str = ""
    """Where tokens are made of its key, which then goes there and not to the destination."""


class NewTrackers(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The only trackers whose sessions a destination is sent from now on; none named are all of them."""

    trackers: tuple[str, ...]


class NewPin(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The key that counts from now on."""

    pin: str


class NewAccount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the owner of a destination is called there from now on; empty for nobody by name."""

    account: str


class DiscoverRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long to look for collectors."""

    seconds: float = 10.0


class Candidate(Struct, frozen=True, kw_only=True):
    """Somebody on the local network who says to be a collector. Nothing of it is proven."""

    name: str
    url: str
    fingerprint: str = ""
    """As they say: compare it with what the collector itself prints."""


class Candidates(Struct, frozen=True, kw_only=True):
    """Everybody who answered."""

    candidates: tuple[Candidate, ...]


class FingerprintRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address by https."""

    url: str


class Fingerprint(Struct, frozen=True, kw_only=True):
    """The key that an address shows now."""

    url: str
    fingerprint: str
