"""What the status says of the queue: that it cannot be used, or is full. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

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


def without_queue(runners: Mapping[str, Runner], trouble: LogferryError | None) -> Mapping[str, str]:
    """Name -> state of the sources; those that only wait for the queue are as well as they can be."""
    said = trouble.code if trouble else None
    return {name: "watching" if one.failed_by == said else one.state for name, one in runners.items()}
