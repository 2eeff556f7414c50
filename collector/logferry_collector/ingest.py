"""What an upload has to be, step by step, and what it means for what is stored. Pure: no IO, no clock, no chance.

The order is the defence. Nothing is inflated before the digest of the wire bytes held, nothing is
parsed before it was inflated within its caps, nothing is stored before all of it was believed:

    headers -> wire digest -> inflate -> strict JSON -> schema -> session against envelope -> decision
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime
from enum import Enum
from typing import TypeVar

import msgspec
from msgspec import Struct
from msgspec.json import Decoder

from logferry_collector.decoders import ENVELOPES, SESSIONS
from logferry_collector.headers import Head
from logferry_collector.inflate import inflate
from logferry_collector.limits import Limits
from logferry_collector.plausible import check_session
from logferry_collector.rejections import Unacceptable, unacceptable
from logferry_collector.strict_json import check_json
from logferry_model.envelope import SCHEMA_VERSION, Envelope, Receipt, ReceiptStatus, sha256_hex
from logferry_model.errors import Refused, Unreachable
from logferry_model.session import Session

OPERATION = "ingest"
"""Keys are remembered per account and operation; there is one operation so far."""

_S = TypeVar("_S", bound=Struct)


class Parcel(Struct, frozen=True, kw_only=True):
    """An upload that passed every check."""

    idempotency_key: str
    fingerprint: str
    """Same key and same fingerprint is a repetition; same key and another one is a mistake."""
    received_digest: str
    payload_digest: str
    envelope: Envelope
    session: Session
    wire: bytes
    encoding: str


def open_parcel(head: Head, wire: bytes, limits: Limits) -> Parcel:
    """The upload behind `wire`, or Refused or Unacceptable at the first step that does not hold."""
    if not hmac.compare_digest(hashlib.sha256(wire).digest(), head.digest):
        raise Refused("digest-mismatch", "The body differs from its Content-Digest.", hint="Send it again.")
    document = inflate(wire, head.encoding, limits)
    check_json(document, limits)
    envelope = _envelope(document, head.schema_version)
    session = _decode(bytes(envelope.payload), SESSIONS, "/payload")
    check_session(envelope, session, limits)
    return Parcel(
        idempotency_key=head.idempotency_key,
        fingerprint=sha256_hex(OPERATION.encode() + b"\0" + document),
        received_digest=sha256_hex(wire),
        payload_digest=sha256_hex(bytes(envelope.payload)),
        envelope=envelope,
        session=session,
        wire=wire,
        encoding=head.encoding,
    )


def _envelope(document: bytes, announced_version: str | None) -> Envelope:
    envelope = _decode(document, ENVELOPES, "")
    if envelope.schema_version != SCHEMA_VERSION:
        raise unacceptable("schema-version-unsupported", "/schema_version", f"this collector reads {SCHEMA_VERSION}")
    if announced_version not in (None, str(envelope.schema_version)):
        raise unacceptable("schema-version-unsupported", "/schema_version", "the X-Schema-Version header differs")
    return envelope


_AT = re.compile(r" - at `(?:key in )?\$(?P<path>[^`]*)`$")


def _decode(document: bytes, decoder: Decoder[_S], base: str) -> _S:
    try:
        return decoder.decode(document)
    except msgspec.MsgspecError as error:
        found = _AT.search(str(error))
        pointer = base + _pointer(found["path"] if found else "")
        raise unacceptable("schema-invalid", pointer, _AT.sub("", str(error))) from error


def _pointer(path: str) -> str:
    """msgspec's `$.events[3].at` as a JSON pointer; it writes `[...]` for keys it does not name."""
    return re.sub(r"[.\[]", "/", path.replace("[...]", "[*]").replace("]", ""))


class Remembered(Struct, frozen=True):
    """What an idempotency key was used for."""

    fingerprint: str
    receipt: Receipt


class Known(Struct, frozen=True, kw_only=True):
    """What the store already has that bears on a parcel."""

    remembered: Remembered | None = None
    report_id: str | None = None
    """Of the same account, tracker and natural key."""
    has_digest: bool = False
    """That report holds this very payload."""
    deleted: bool = False
    """There was a report, and its owner deleted it."""


class Decision(Enum):
    """What to do with a parcel."""

    REPLAY = "replay"
    CONFLICT = "conflict"
    DUPLICATE = "duplicate"
    NEW_REVISION = "new-revision"
    NEW_REPORT = "new-report"
    DELETED = "deleted"


CREATED = frozenset({Decision.NEW_REPORT, Decision.NEW_REVISION})
"""What is new here, and told so."""


def decide(parcel: Parcel, known: Known) -> Decision:
    """The key is looked at first: a repeated request gets its old answer whatever happened since."""
    if known.remembered is not None:
        same = known.remembered.fingerprint == parcel.fingerprint
        return Decision.REPLAY if same else Decision.CONFLICT
    if known.deleted:
        return Decision.DELETED
    if known.report_id is None:
        return Decision.NEW_REPORT
    return Decision.DUPLICATE if known.has_digest else Decision.NEW_REVISION


def key_reused() -> Unacceptable:
    """The answer to Decision.CONFLICT."""
    return Unacceptable("idempotency-key-reused", "This Idempotency-Key was used for other content.")


def report_deleted() -> Refused:
    """The answer to Decision.DELETED, and to whoever asks for a report that is gone."""
    return Refused("report-deleted", "It stays deleted, whatever is sent.")


def key_digest(tracker: str, natural_key: str) -> str:
    """What is kept of a deleted report: enough to recognise its session, without what its sender wrote."""
    return sha256_hex(f"{tracker}\0{natural_key}".encode())


def in_flight() -> Unreachable:
    """The answer to a request whose twin is being worked on."""
    return Unreachable("in-flight", "A request with this Idempotency-Key is being worked on.")


def receipt_for(
    parcel: Parcel, *, receipt_id: str, report_id: str, report_url: str, duplicate: bool, now: datetime
) -> Receipt:
    """The proof of what was stored; `revision` is the sender's own count, echoed."""
    return Receipt(
        receipt_id=receipt_id,
        report_id=report_id,
        report_url=report_url,
        status=ReceiptStatus.DUPLICATE if duplicate else ReceiptStatus.STORED,
        natural_key=parcel.envelope.natural_key,
        revision=parcel.envelope.revision,
        received_digest=parcel.received_digest,
        payload_digest=parcel.payload_digest,
        idempotency_key=parcel.idempotency_key,
        created_at=now,
    )
