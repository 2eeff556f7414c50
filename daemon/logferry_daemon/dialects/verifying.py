"""How a Logferry collector is asked for the proof of what it stored. The contract is docs/wire.md. Pure.

The daemon has the receipt that came with the upload. What the collector says today is held against it: the digest of
what went over the wire, that of the session inside, and the report that it became.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote

import msgspec

from logferry_daemon.core.exchange import Request, Response
from logferry_daemon.core.proof import Different, Missing, Proof, ProvingConversation, Unclear, Verified
from logferry_daemon.dialects.status import outcome_of_failure
from logferry_model.envelope import Problem, Receipt, decode_receipt
from logferry_model.errors import Damaged

RECEIPTS = "/api/v1/receipts/"


def verifying(receipt: Receipt, now: datetime) -> ProvingConversation:
    """Ask for the receipt under the key of the request, and compare."""
    response = yield Request(method="GET", path=RECEIPTS + quote(receipt.idempotency_key, safe=""))
    if response.status == 404 and _code(response) == "not-found":
        return Missing(reason="there is no receipt under its key any more")
    if response.status != 200:
        return _unclear(response, now)
    try:
        there = decode_receipt(response.body)
    except Damaged:
        return Unclear(reason=f"the answer ({response.status}) was not a receipt")
    return compared(receipt, there)


def compared(here: Receipt, there: Receipt) -> Proof:
    """What was promised and what is there."""
    if there.idempotency_key != here.idempotency_key:
        return Unclear(reason="the receipt is for another delivery")
    before, after = _figures(here), _figures(there)
    different = tuple(name for name in before if before[name] != after[name])
    if different:
        return Different(received_digest=there.received_digest, payload_digest=there.payload_digest, fields=different)
    return Verified(received_digest=there.received_digest, payload_digest=there.payload_digest)


def _figures(receipt: Receipt) -> Mapping[str, object]:
    return {
        "received_digest": receipt.received_digest,
        "payload_digest": receipt.payload_digest,
        "report_id": receipt.report_id,
        "natural_key": receipt.natural_key,
        "revision": receipt.revision,
    }


def _unclear(response: Response, now: datetime) -> Unclear:
    found = outcome_of_failure(response, now)
    return Unclear(reason=getattr(found, "reason", "") or f"the answer was {response.status}")


def _code(response: Response) -> str:
    try:
        return msgspec.json.decode(response.body, type=Problem).code
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
