"""What travels: the envelope round a session, the receipt for it, and the problem when it is refused.

The wire contract is docs/wire.md. Pure: bytes in, values out.
"""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime
from enum import StrEnum

import msgspec
from msgspec import Raw, Struct, field

from logferry_model.errors import Damaged
from logferry_model.session import Session

SCHEMA_VERSION = 1

MEDIA_TYPE = "application/json"
PROBLEM_MEDIA_TYPE = "application/problem+json"


class Envelope(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One session revision on its way to a collector; `payload` is the session's own bytes."""

    schema_version: int
    tracker: str
    natural_key: str
    revision: int
    """Counts the versions of this session on the sending machine, from 1."""
    started_at: datetime
    install_id: str
    """Random, made once per installation and destination: names nobody."""
    app_version: str
    platform: str
    """`windows`, `macos` or `linux`."""
    payload: Raw
    account: str = ""
    """What the destination knows the owner by, where they told; empty for whoever is anonymous."""
    partial: bool = False
    """There is more to come: it still runs, or this is a summary of it. A partial never replaces a complete one."""
    ended_at: datetime | None = None


class ReceiptStatus(StrEnum):
    """What the collector did with a delivery."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    """The same content was already there; the report is the one that has it."""
    ACCEPTED = "accepted"
    """Taken, still being worked on; poll before believing it."""


class Receipt(Struct, frozen=True, kw_only=True):
    """The destination's proof of what it stored."""

    receipt_id: str
    report_id: str
    report_url: str
    """A path on the collector's own origin, or an absolute URL there."""
    status: ReceiptStatus
    natural_key: str
    revision: int
    received_digest: str
    """sha-256 hex of the bytes on the wire, as the collector saw them."""
    payload_digest: str
    """sha-256 hex of the session's bytes inside the envelope, decoded."""
    idempotency_key: str
    created_at: datetime


class Deletion(Struct, frozen=True, kw_only=True):
    """The destination's word that a report is gone."""

    report_id: str
    deleted_at: datetime


class JoinRequest(Struct, frozen=True, kw_only=True):
    """Asks an account to take over what was sent with a key that an installation made for itself."""

    key: str

    def __repr__(self) -> str:
        return "JoinRequest(***)"


class Joined(Struct, frozen=True, kw_only=True):
    """The destination's word that it did; the key opens nothing any more."""

    reports: int
    """How many there are of that key."""


class FieldProblem(Struct, frozen=True, kw_only=True):
    """One thing wrong with a request body."""

    pointer: str
    """JSON pointer to it."""
    reason: str


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 9457 problem details with our extensions; the body of every answer that is not a success."""

    title: str
    status: int
    code: str
    """Stable and machine readable."""
    type: str = "about:blank"
    detail: str = ""
    instance: str = ""
    """Id of the request, to find it in the server's log."""
    hint: str = ""
    retryable: bool = False
    retry_after: float | None = None
    """Seconds."""
    server_time: datetime | None = None
    errors: tuple[FieldProblem, ...] = field(default_factory=tuple)


def sha256_hex(data: bytes) -> str:
    """Lower-case hex sha-256 of `data`."""
    return hashlib.sha256(data).hexdigest()


def encode_session(session: Session) -> bytes:
    """The session's canonical bytes on the wire: these are what `payload_digest` covers."""
    return msgspec.json.encode(session)


def content_digest(body: bytes) -> str:
    """The value of a Content-Digest header over `body` (RFC 9530, sha-256)."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


_DIGEST_MEMBER = re.compile(r"([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/=]*):")
"""A member of the header: no byte sequence has a comma in it, so commas part the members."""


def parse_content_digest(header: str) -> bytes | None:
    """The 32 digest bytes of a Content-Digest header, or None when it names no readable sha-256."""
    members = [_DIGEST_MEMBER.fullmatch(member.strip(" \t")) for member in header.split(",")]
    # RFC 8941 4.2: of two equal keys the last counts, and one unreadable member makes the header unreadable.
    digests = {member[1]: member[2] for member in members if member}
    if None in members or "sha-256" not in digests:
        return None
    try:
        digest = base64.b64decode(digests["sha-256"], validate=True)
    except ValueError:
        return None
    return digest if len(digest) == hashlib.sha256().digest_size else None


def decode_receipt(body: bytes) -> Receipt:
    """The receipt in a response body, or Damaged when it is anything else."""
    try:
        return msgspec.json.decode(body, type=Receipt)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Damaged("receipt-unreadable", "The answer was not a receipt.") from error
