"""Where documents are read, and sessions made ready for the spool."""

from __future__ import annotations

from typing import Protocol

from logferry_daemon.core.new_session import NewSession
from logferry_daemon.core.orders import Order
from logferry_daemon.core.reading import Document, DocumentTracker, Reading


class ReadingRoom(Protocol):
    """Does that work off the event loop. The same bytes make the same values in each of them.

    Damaged `worker-lost` when the process that was to do it is gone over it.
    """

    async def read(self, tracker: DocumentTracker, document: Document) -> Reading:
        """What the document holds; Damaged when it is none of this tracker's."""
        ...

    async def prepare(self, order: Order) -> NewSession:
        """The session as it may be kept."""
        ...
