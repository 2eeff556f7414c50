"""API keys: made, read from headers, compared. Stores nothing, draws no random number, reads no clock."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from typing import NoReturn

from msgspec import Struct

from logferry_model.errors import Refused

PUBLIC_ID_BYTES = 8
SECRET_BYTES = 32

_KEY = re.compile(r"lf_(?P<public_id>[0-9a-f]{16})_(?P<secret>[A-Za-z0-9_-]{43})")
_OWN_KEY = re.compile(r"lfa_(?P<secret>[A-Za-z0-9_-]{43})")
"""One that an installation made up for itself: nobody gave it out, so it has no id but what follows from it."""


class ApiKey(Struct, frozen=True):
    """A whole key, as its holder has it; prints without the secret."""

    public_id: str
    """Finds the stored row and may appear in logs."""
    secret: str
    own: bool = False
    """Whether its holder made it himself."""

    @property
    def text(self) -> str:
        """What the holder copies into a client."""
        return f"lfa_{self.secret}" if self.own else f"lf_{self.public_id}_{self.secret}"

    def __repr__(self) -> str:
        return f"ApiKey({self.public_id}, ***)"


class StoredKey(Struct, frozen=True, kw_only=True):
    """What the database knows of a key: enough to recognise it, too little to use it."""

    public_id: str
    account_id: int
    account: str
    secret_digest: bytes
    note: str
    created_at: datetime
    revoked_at: datetime | None = None
    joined: tuple[int, ...] = ()
    """Accounts without a name that this one took over."""


class Account(Struct, frozen=True, kw_only=True):
    """Whose sessions they are; several keys may belong to one, so a new key does not split its history."""

    id: int
    name: str
    joined: tuple[int, ...] = ()
    """Accounts without a name that it took over: their reports are its own."""

    @property
    def ids(self) -> tuple[int, ...]:
        """Whose reports are its own, itself first."""
        return (self.id, *self.joined)


NOBODY = Account(id=0, name="")
"""Whoever made his key himself and has sent nothing yet: no row has this id, so he has nothing here."""


class Newcomer(Struct, frozen=True):
    """Whoever uploads for the first time with a key that he made himself; becomes an account by what he sends."""

    key: ApiKey
    address: str


def secret_digest(secret: str) -> bytes:
    """What is stored in place of the secret.

    A plain hash, not a slow one: salting and stretching defend secrets that people choose. These are
    256 random bits, so there is nothing to guess, and a slow hash would only slow every upload.
    """
    return hashlib.sha256(secret.encode()).digest()


def parse_key(text: str) -> ApiKey | None:
    """The key in `text`, or None when it does not look like one."""
    if own := _OWN_KEY.fullmatch(text):
        return ApiKey(_own_id(own["secret"]), own["secret"], own=True)
    found = _KEY.fullmatch(text)
    return ApiKey(found["public_id"], found["secret"]) if found else None


def _own_id(secret: str) -> str:
    """Follows from the secret and tells nothing of it; apart from the digest that is stored."""
    return hashlib.sha256(b"lfa\0" + secret.encode()).hexdigest()[: 2 * PUBLIC_ID_BYTES]


def presented_key(headers: Mapping[str, str]) -> ApiKey:
    """The one key a request carries, or Refused.

    Two different credentials are a mistake that could file a session under the wrong account, so
    none of them is picked.
    """
    texts = {text for text in (_bearer(headers), headers.get("X-API-Key", "").strip()) if text}
    if not texts:
        raise Refused(
            "credential-missing",
            "This request needs an API key.",
            hint='Send it as "Authorization: Bearer <key>" or as "X-API-Key: <key>".',
        )
    if len(texts) > 1:
        raise Refused("credential-ambiguous", "Authorization and X-API-Key carry different keys.")
    return parse_key(texts.pop()) or _invalid()


def account_of(presented: ApiKey, stored: StoredKey | None) -> Account:
    """Whose request this is, or Refused; unknown, wrong and revoked keys are told apart by nobody."""
    # The comparison also runs for an unknown id: how long an answer takes must not tell which ids exist.
    expected = stored.secret_digest if stored else bytes(hashlib.sha256().digest_size)
    matches = hmac.compare_digest(secret_digest(presented.secret), expected)
    if stored is None or not matches or stored.revoked_at is not None:
        _invalid()
    return Account(id=stored.account_id, name=stored.account, joined=stored.joined)


def no_anonymous() -> Refused:
    """The answer to a key that its holder made himself, where such keys open nothing."""
    return Refused(
        "anonymous-refused",
        "This collector takes nothing without a key of its own.",
        hint="Ask its operator for one, and give it with: logferry login",
    )


def _bearer(headers: Mapping[str, str]) -> str:
    scheme, _, text = headers.get("Authorization", "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else ""


def _invalid() -> NoReturn:
    raise Refused(
        "credential-invalid",
        "The API key is unknown, wrong or revoked.",
        hint="Ask the operator of this collector for a new key.",
    )
