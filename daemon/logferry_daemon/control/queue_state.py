"""What the status says of the queue: that it cannot be used, is full, or was built anew. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Protocol

from logferry_daemon.core.salvage import IS_NEWS, decode_rebuilt
from logferry_ipc.messages import Attention
from logferry_model.errors import LogferryError


class Runner(Protocol):
    """A source that is followed, as far as it can be."""

    @property
    def state(self) -> str:
        """In words."""
        ...

    @property
    def failed_by(self) -> str:
        """The code of what keeps it from going on."""
        ...


def queue_attention(trouble: LogferryError | None) -> Iterator[Attention]:
    """One sentence and what to do, however many sources and destinations meet the same trouble."""
    if trouble is not None:
        yield Attention(code=trouble.code, message=trouble.message, hint=trouble.hint)


def rebuilt_attention(note: str | None, now: datetime) -> Iterator[Attention]:
    """Said for a while: some things may be asked for a second time, and the owner has to know why."""
    rebuilt = decode_rebuilt(note)
    if rebuilt is None or now - rebuilt.at > IS_NEWS:
        return
    what = f"{rebuilt.sessions:,} sessions and {rebuilt.receipts:,} receipts"
    kept = f"The damaged file is kept as {rebuilt.aside} until you delete a session or one of your keys is found in one"
    gone = "The damaged file is removed: something was in it that was to be gone"
    yield Attention(
        code="queue-rebuilt",
        message=f"The queue was damaged and was built anew at {rebuilt.at:%Y-%m-%d %H:%M} UTC: {what} were taken over, "
        "everything else is read again from its files and recognised where it was sent before.",
        hint=f"Agree again where you are asked to. {kept if rebuilt.aside else gone}. Look after that disk.",
    )


def without_queue(runners: Mapping[str, Runner], trouble: LogferryError | None) -> Mapping[str, str]:
    """Name -> state of the sources; those that only wait for the queue are as well as they can be."""
    said = trouble.code if trouble else None
    return {name: "watching" if one.failed_by == said else one.state for name, one in runners.items()}
