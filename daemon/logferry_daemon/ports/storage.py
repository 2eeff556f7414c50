"""The spool as something on a disk, which may be full or break."""

from __future__ import annotations

from typing import Protocol

from logferry_model.errors import LogferryError


class Storage(Protocol):
    """The spool as something on a disk."""

    @property
    def trouble(self) -> LogferryError | None:
        """Why it could not be used the last time; None once something was written, or taken in, since."""
        ...

    async def measure(self) -> None:
        """Find out whether there is room again where there was none: what did not fit may never be tried again."""
        ...

    async def probe(self) -> None:
        """Write something, to find out whether that works; else the same error that everybody gets."""
        ...
