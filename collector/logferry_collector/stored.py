"""What the store hands out: values and how to read them. Touches no database."""

from __future__ import annotations

import gzip
import sys
from datetime import datetime

from msgspec import Struct

from logferry_collector.decoders import ENVELOPES, SESSIONS
from logferry_collector.ingest import Decision
from logferry_model.envelope import Receipt
from logferry_model.session import Session

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

AS_SENT = frozenset({"gzip", "zstd"})
"""Bodies that are kept as they came; any other is packed first."""


class Taken(Struct, frozen=True, kw_only=True):
    """What became of a parcel."""

    decision: Decision
    receipt: Receipt


class Shown(Struct, frozen=True, kw_only=True):
    """The revision of a report that is shown, as stored."""

    report_id: str
    body: bytes
    """The envelope's bytes, packed."""
    encoding: str = "gzip"
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
        return bytes(ENVELOPES.decode(unpacked(self.body, self.encoding)).payload)

    def session(self) -> Session:
        """The session; it was believed once, so it is not checked again."""
        return SESSIONS.decode(self.payload())


def keepable(wire: bytes, encoding: str) -> tuple[bytes, str]:
    """How a body is stored, and by which name."""
    return (wire, encoding) if encoding in AS_SENT else (gzip.compress(wire, mtime=0), "gzip")


def unpacked(body: bytes, encoding: str) -> bytes:
    """The envelope's bytes of what is stored; they were unpacked within bounds when they came."""
    return zstd.decompress(body) if encoding == "zstd" else gzip.decompress(body)
