"""Times, sizes and states as people read them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from logferry.blocks import Span, Tone
from logferry_ipc.messages import DaemonState, DeliveryState

SHORT_ID = 8
"""Letters of an id that a list shows; any longer prefix that fits one thing alone is understood as well."""

_TONES: Mapping[str, Tone] = {
    DeliveryState.PENDING: Tone.BUSY,
    DeliveryState.UPLOADING: Tone.BUSY,
    DeliveryState.UPLOADED: Tone.GOOD,
    DeliveryState.FAILED: Tone.BAD,
    DeliveryState.HELD: Tone.WARN,
    DeliveryState.EXCLUDED: Tone.DIM,
    DaemonState.IDLE: Tone.GOOD,
    DaemonState.WORKING: Tone.BUSY,
    DaemonState.PAUSED: Tone.WARN,
    DaemonState.ATTENTION: Tone.BAD,
    DaemonState.OFFLINE: Tone.WARN,
    "ready": Tone.GOOD,
    "waiting": Tone.BUSY,
    "watching": Tone.GOOD,
    "missing": Tone.BAD,
    "ok": Tone.GOOD,
    "advice": Tone.WARN,
    "problem": Tone.BAD,
    "available": Tone.GOOD,
    "absent": Tone.WARN,
    "locked": Tone.WARN,
    "denied": Tone.BAD,
    "stuck": Tone.BAD,
}


def state(word: str) -> Span:
    """A state in its colour."""
    return Span(str(word), _TONES.get(word, Tone.PLAIN))


def moment(at: datetime | None) -> str:
    """A time on the reader's own clock; a dash when there is none."""
    return f"{at.astimezone():%Y-%m-%d %H:%M}" if at else "-"


def clock(at: datetime | None) -> str:
    """A time of today on the reader's own clock; a dash when there is none."""
    return f"{at.astimezone():%H:%M}" if at else "-"


def duration(length: timedelta | None) -> str:
    """`2 h 05 min`, `7 min` or `12 s`; a dash when it is not over."""
    if length is None:
        return "-"
    seconds = int(length.total_seconds())
    if seconds >= 3600:
        return f"{seconds // 3600} h {seconds % 3600 // 60:02} min"
    return f"{seconds // 60} min" if seconds >= 60 else f"{seconds} s"


def size(count: int) -> str:
    """Bytes, kB, MB or GB."""
    amount = float(count)
    for unit in ("bytes", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


def counted(count: int, noun: str) -> str:
    """`1 session`, `2 sessions`, `2 deliveries`."""
    if count == 1:
        return f"1 {noun}"
    return f"{count:,} {noun[:-1]}ies" if noun.endswith("y") else f"{count:,} {noun}s"


def short(identity: str) -> str:
    """An id as lists show it."""
    return identity[:SHORT_ID]
