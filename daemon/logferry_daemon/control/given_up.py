"""What is lost with a key that Logferry made for itself: said before it is given up, or told where nobody was asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from logferry_daemon.core.removal import CopyState
from logferry_daemon.ports import DeletedRow
from logferry_ipc.messages import Attention

LOST = "Logferry had made it for itself: what was sent with it can be deleted by the operator over there alone."
IS_NEWS = timedelta(days=30)
"""As long as it is told."""


def waiting_for(destination: str, rows: Sequence[DeletedRow]) -> int:
    """Deletions that are asked for with the key that the destination has now."""
    copies = (copy for row in rows for copy in row.copies)
    return sum(copy.destination == destination and copy.state is CopyState.PENDING for copy in copies)


def what_is_lost(waiting: int) -> str:
    """In words, for whoever is about to give it up."""
    if not waiting:
        return LOST
    what = "1 deletion waits" if waiting == 1 else f"{waiting:,} deletions wait"
    return f"{LOST} {what} for it, and cannot be done without it."


def attention(lost: Mapping[str, str | None], now: datetime) -> Iterator[Attention]:
    """Of destinations whose address was changed in the settings; `lost` says since when each is without its old key."""
    for name, note in lost.items():
        if note is not None and now - datetime.fromisoformat(note) <= IS_NEWS:
            yield Attention(
                code="own-key-lost",
                message=f"{name} has another address since {note[:10]}. The key that Logferry had made for the earlier "
                "one is given up: what was sent with it can be deleted by the operator over there alone.",
                hint="There is nothing to do here; ask whoever runs the earlier one where something has to go.",
            )
