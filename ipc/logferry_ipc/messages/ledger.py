"""What became of everything that was seen, and the proof of it."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from logferry_ipc.messages.sessions import DeliveryState
from logferry_ipc.messages.state import Counts


class LedgerGroup(Struct, frozen=True, kw_only=True):
    """What one day brought, or one source."""

    name: str
    """An ISO date on the daemon's own calendar, or the source's name."""
    sessions: int
    counts: Counts


class LedgerLine(Struct, frozen=True, kw_only=True):
    """So many deliveries of one state, for one reason."""

    state: DeliveryState
    rule: str
    """Stable, for programs; docs/ledger.md lists them."""
    reason: str
    """The same for people."""
    destination: str
    """Empty where the line is not about one."""
    count: int
    sessions: tuple[str, ...] = ()
    """Some of them."""


class LedgerUpload(Struct, frozen=True, kw_only=True):
    """One delivery that arrived."""

    session: str
    destination: str
    uploaded_at: datetime
    report_url: str | None = None


class LedgerTrouble(Struct, frozen=True, kw_only=True):
    """A file that cannot be read as it is; as of now, whatever the period."""

    source: str
    path: str
    code: str
    message: str


class Ledger(Struct, frozen=True, kw_only=True):
    """What became of everything that was found in a period. The counts of `lines` add up to `counts` by state."""

    since: datetime | None
    """None: from the beginning."""
    until: datetime
    """Now, or the earlier end that was asked for; what was found at that very time is not in it."""
    sessions: int
    counts: Counts
    days: tuple[LedgerGroup, ...] = ()
    """The latest first."""
    sources: tuple[LedgerGroup, ...] = ()
    lines: tuple[LedgerLine, ...] = ()
    uploads: tuple[LedgerUpload, ...] = ()
    """The latest thousand of them, the latest first."""
    deleted: int = 0
    """Sessions that their owner deleted in the period; they are in no other number."""
    troubles: tuple[LedgerTrouble, ...] = ()


class ReceiptInfo(Struct, frozen=True, kw_only=True):
    """The destination's proof of one delivery."""

    delivery: str
    session: str
    destination: str
    revision: int
    uploaded_at: datetime
    report_url: str | None = None
    report_id: str = ""
    receipt_id: str = ""
    received_digest: str = ""
    """sha-256 of the bytes on the wire."""
    payload_digest: str = ""
    """sha-256 of the session inside."""
    bytes_sent: int = 0
    note: str = ""
    """Why there is no receipt, where there is none."""


class Receipts(Struct, frozen=True, kw_only=True):
    """Everything that arrived, the latest first."""

    receipts: tuple[ReceiptInfo, ...]


class VerifyRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Deliveries to ask their destinations about, by id; at most twenty at a time."""

    deliveries: tuple[str, ...]


class Verified(Struct, frozen=True, kw_only=True):
    """What a destination says today of one delivery."""

    delivery: str
    session: str
    destination: str
    state: str
    """`verified`, `missing`, `different`, or `unclear` where it did not say."""
    reason: str = ""
    received_digest: str = ""
    """As the receipt has it that came with the upload."""
    payload_digest: str = ""
    received_there: str = ""
    """As the destination tells it today; empty where it told none."""
    payload_there: str = ""


class Verification(Struct, frozen=True, kw_only=True):
    """The answers, in the order that was asked in."""

    deliveries: tuple[Verified, ...]
