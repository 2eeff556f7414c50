"""Every bound of the collector as one frozen value. Enforces nothing itself: whoever reads, checks."""

from __future__ import annotations

from msgspec import Struct

KIB = 1024
MIB = 1024 * KIB


class Limits(Struct, frozen=True, kw_only=True):
    """What the collector takes at most; `/info` publishes exactly this, so nothing in here may be decoration."""

    wire_bytes: int = 8 * MIB
    """One request body as it travels, compressed or not."""
    decoded_bytes: int = 32 * MIB
    """The same body inflated."""
    inflate_ratio: int = 100
    """Decoded bytes per wire byte."""
    inflate_ratio_from: int = MIB
    """Decoded bytes below which the ratio is not looked at: tiny repetitive bodies are honest."""
    json_depth: int = 64
    """Objects and lists inside each other."""
    json_tokens: int = 4_000_000
    """Brackets and commas in one document: a list of empty lists costs thirty times its bytes in memory."""
    string_bytes: int = MIB
    """One JSON string, key or value, in UTF-8."""
    events: int = 200_000
    """Events of one session."""
    participants: int = 500
    """Participants of one session."""
    bosses: int = 500
    """Bosses of one session."""
    skills: int = 20_000
    """Skills of one session, each participant's counted apart."""
    hits: int = 200_000
    """Hits in the timelines of all skills of one session."""
    rows: int = 20_000
    """Rows of each table: loot, skills, loadouts, measures, tags, attachments."""
    entries: int = 200
    """Facts, figures or fields of one thing: the session, a participant, a skill, an event."""
    batch_parts: int = 100
    """Uploads in one batch; all together they are one request body."""
    idempotency_key_min: int = 16
    """Characters."""
    idempotency_key_max: int = 255
    """Characters."""
    newcomers_per_hour: int = 20
    """Installations from one address that may begin to upload by a key of their own making, where those are taken."""
    connections: int = 256
    """Open at once; one more is turned away."""
    head_seconds: float = 10.0
    """How long a connection may go without a whole request head, from its beginning or the last answer."""
    body_grace_seconds: float = 30.0
    """How long a body may be slower than `body_bytes_per_second` on average."""
    body_bytes_per_second: int = KIB
    """What a body has to bring on average once the grace is over."""
