"""Is a file in a folder still what was written? Pure: a receipt and what was read, a proof out."""

from __future__ import annotations

import msgspec

from logferry_daemon.core.exchange import Response
from logferry_daemon.core.proof import Different, Missing, Proof, Unclear, Verified
from logferry_daemon.dialects.folder_label import label_of
from logferry_model.envelope import Receipt, sha256_hex


class _Content(msgspec.Struct):
    payload: msgspec.Raw


def proof_of(receipt: Receipt, read: Response) -> Proof:
    """What was promised, and what is there."""
    if read.status == 404:
        return Missing(reason=f"{receipt.report_id} is not in the folder any more")
    received, payload = sha256_hex(read.body), _payload_digest(read.body)
    if received == receipt.received_digest:
        return Verified(received_digest=received, payload_digest=payload)
    if _took_its_place(receipt, read.body):
        return Unclear(reason="a newer version of the session is in its place", alone=True)
    fields = ("received_digest", *(("payload_digest",) if payload != receipt.payload_digest else ()))
    return Different(received_digest=received, payload_digest=payload, fields=fields)


def _took_its_place(receipt: Receipt, body: bytes) -> bool:
    there = label_of(body)
    return there is not None and there.natural_key == receipt.natural_key and there.revision > receipt.revision


def _payload_digest(body: bytes) -> str:
    """Of the session inside; empty where there is none."""
    try:
        return sha256_hex(bytes(msgspec.json.decode(body, type=_Content).payload))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
