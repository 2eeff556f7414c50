"""What the store hands out: values and how to read them. Touches no database."""

from __future__ import annotations

import gzip
from datetime import datetime

from msgspec import Struct

from logferry_collector.decoders import ENVELOPES, SESSIONS
from logferry_collector.ingest import Decision
from logferry_model.envelope import Receipt
from logferry_model.session import Session


class Taken(Struct, frozen=True, kw_only=True):
    """What became of a parcel."""

    decision: Decision
    receipt: Receipt


class Shown(Struct, frozen=True, kw_only=True):
    """The revision of a report that is shown, as stored."""

    report_id: str
    body: bytes
    """The envelope's bytes, gzip."""
    payload_digest: str
    revision: int
    revisions: int
    """How many are stored."""
    partial: bool
    received_at: datetime
    app_version: str
    platform: str

    def payload(self) -> bytes:
        """The session's bytes exactly as they were sent: `payload_digest` is theirs."""
        return bytes(ENVELOPES.decode(gzip.decompress(self.body)).payload)

    def session(self) -> Session:
        """The session; it was believed once, so it is not checked again."""
        return SESSIONS.decode(self.payload())
