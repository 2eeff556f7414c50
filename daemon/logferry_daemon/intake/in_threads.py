"""Reads and prepares in threads of this process."""

from __future__ import annotations

import asyncio

from logferry_daemon.core.new_session import NewSession
from logferry_daemon.core.orders import Order, prepared
from logferry_daemon.core.reading import Document, DocumentTracker, Reading


class InThreads:
    """For what is small, and for when no process can be had; the event loop waits for its turn between them."""

    async def read(self, tracker: DocumentTracker, document: Document) -> Reading:
        """What the document holds."""
        return await asyncio.to_thread(tracker.read, document)

    async def prepare(self, order: Order) -> NewSession:
        """The session as it may be kept."""
        return await asyncio.to_thread(prepared, order)
