"""The native dialect: one post to Logferry's own collector. The contract is docs/wire.md. Pure; no sockets."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import quote, urlsplit, urlunsplit

from msgspec.structs import replace

from logferry_daemon.core.exchange import (
    Acked,
    Conversation,
    ErasingConversation,
    Later,
    Letter,
    Outcome,
    Parcel,
    Report,
    Request,
    Response,
)
from logferry_daemon.core.proof import ProvingConversation
from logferry_daemon.dialects.erasing import erasing
from logferry_daemon.dialects.native import envelope_of
from logferry_daemon.dialects.status import outcome_of_failure
from logferry_daemon.dialects.verifying import verifying
from logferry_model.envelope import (
    MEDIA_TYPE,
    SCHEMA_VERSION,
    Receipt,
    ReceiptStatus,
    content_digest,
    decode_receipt,
    sha256_hex,
)
from logferry_model.errors import Damaged

PATH = "/api/v1/ingest"
ASK_AGAIN = timedelta(seconds=10)
"""After "accepted": the same request again is answered by the receipt."""
LEVEL = 6
"""zlib's best ratio for its time on session documents; 9 halves the speed for 4 % fewer bytes."""


class LogferryDialect:
    """Envelope, gzip, Content-Digest, Idempotency-Key; believes only a receipt that echoes both digests and the key."""

    name = "logferry"

    def write(self, parcel: Parcel) -> Letter:
        """The envelope round the session, compressed once."""
        # mtime=0: the same session makes the same bytes.
        body = gzip.compress(envelope_of(parcel), LEVEL, mtime=0)
        headers = {
            "Content-Type": MEDIA_TYPE,
            "Content-Encoding": "gzip",
            "Content-Digest": content_digest(body),
            "Idempotency-Key": f'"{parcel.idempotency_key}"',
            "X-Schema-Version": str(SCHEMA_VERSION),
        }
        return Letter(body=body, headers=headers, payload_digest=sha256_hex(parcel.document))

    def delete(self, report: Report, *, now: datetime) -> ErasingConversation:
        """As dialects/erasing.py has it."""
        return erasing(report, now)

    def verify(self, receipt: Receipt, *, now: datetime) -> ProvingConversation:
        """As dialects/verifying.py has it."""
        return verifying(receipt, now)

    def credentials(self, secret: str, request: Request, now: datetime) -> Mapping[str, str]:
        """A bearer key."""
        return {"Authorization": f"Bearer {secret}"}

    def deliver(self, letter: Letter, *, url: str, now: datetime) -> Conversation:
        """One post."""
        response = yield Request(method="POST", path=PATH, headers=letter.headers, body=letter.body)
        found = outcome(letter, response, now)
        if isinstance(found, Acked):
            return Acked(receipt=replace(found.receipt, report_url=on_origin(url, found.receipt.report_url)))
        return found


def on_origin(url: str, report_url: str) -> str:
    """The report's address at the destination itself, wherever the receipt points: only the owner names hosts."""
    origin = urlsplit(url)
    try:
        named = urlsplit(report_url).path
    except ValueError:
        named = ""  # it is no address, and what was uploaded is uploaded all the same
    path = quote("/" + named.lstrip("/"), safe="/%:@-._~!$&'()*+,;=")
    return urlunsplit((origin.scheme, origin.netloc, path, "", ""))


def outcome(letter: Letter, response: Response, now: datetime) -> Outcome:
    """What the answer to the post means."""
    if response.status not in {200, 201, 202}:
        return outcome_of_failure(response, now)
    if "html" in response.headers.get("content-type", ""):
        return outcome_of_failure(response, now)
    try:
        receipt = decode_receipt(response.body)
    except Damaged:
        return Later(reason=f"the answer ({response.status}) was not a receipt")
    if receipt.received_digest != sha256_hex(letter.body) or receipt.payload_digest != letter.payload_digest:
        return Later(reason="the receipt is for other bytes than were sent")
    if receipt.idempotency_key != letter.headers["Idempotency-Key"].strip('"'):
        return Later(reason="the receipt is for another delivery")
    if receipt.status is ReceiptStatus.ACCEPTED:
        return Later(reason="accepted, not stored yet", floor=ASK_AGAIN, trouble=False, free=True)
    return Acked(receipt=receipt)
