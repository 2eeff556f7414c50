"""The event log: a bounded window of what happened, for many readers. Opens no socket, reads no clock.

A reader holds a place in the window, not a queue of its own, so a slow reader costs nothing and delays
nobody; when the window has moved past its place it is told `reset` and goes on from the newest event.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from datetime import datetime

from logferry_ipc.messages import Delivery, EventKind, StreamEvent
from logferry_model.errors import Unreachable

CAPACITY = 1000
MAX_STREAMS = 32


class StreamsFull(Unreachable):
    """Every event stream the daemon offers is taken; ask again in a moment."""

    http_status = 429


class EventLog:
    """What happened since the start of this instance, by increasing sequence; belongs to one event loop."""

    def __init__(
        self,
        instance: str,
        *,
        started: datetime,
        capacity: int = CAPACITY,
        max_streams: int = MAX_STREAMS,
    ) -> None:
        self._instance = instance
        self._latest_at = started
        self._window: deque[StreamEvent] = deque(maxlen=capacity)
        self._sequence = 0
        self._max_streams = max_streams
        self._streams = 0
        self._closed = False
        self._news = asyncio.Event()

    @property
    def cursor(self) -> str:
        """The place after the newest event: what follows it is yet to come."""
        return f"{self._instance}.{self._sequence}"

    def publish(
        self,
        kind: EventKind,
        *,
        at: datetime,
        session: str | None = None,
        delivery: Delivery | None = None,
        tracker: str | None = None,
    ) -> StreamEvent:
        """Append one event and wake every reader; returns at once. After `close` nothing is added."""
        if self._closed:
            return self._reset()
        self._sequence += 1
        self._latest_at = at
        event = StreamEvent(cursor=self.cursor, kind=kind, at=at, session=session, delivery=delivery, tracker=tracker)
        self._window.append(event)
        self._wake()
        return event

    def close(self, *, at: datetime) -> None:
        """Tell every reader `going-away` and end all streams, now and later."""
        if not self._closed:
            self.publish(EventKind.GOING_AWAY, at=at)
            self._closed = True

    def follow(self, cursor: str | None) -> AsyncIterator[StreamEvent]:
        """Everything after `cursor`, then everything new; `reset` first when the cursor is not known.

        The place is taken now, before the first event is asked for. StreamsFull when too many follow already.
        """
        self._refuse_when_full()
        return self._read(self._sequence if cursor is None else self._place(cursor))

    async def _read(self, place: int | None) -> AsyncIterator[StreamEvent]:
        self._refuse_when_full()
        self._streams += 1
        try:
            while True:
                if place is None or place < self._sequence - len(self._window):
                    place = self._sequence
                    yield self._reset()
                elif place < self._sequence:
                    place += 1
                    yield self._window[place - self._sequence - 1]
                elif self._closed:
                    return
                else:
                    await self._news.wait()
        finally:
            self._streams -= 1

    def _refuse_when_full(self) -> None:
        if self._streams >= self._max_streams:
            raise StreamsFull("streams-full", f"All {self._max_streams} event streams are taken.")

    def _place(self, cursor: str) -> int | None:
        """The sequence a cursor stands after, or None when this window cannot continue from there."""
        instance, _, digits = cursor.rpartition(".")
        if instance != self._instance or not (digits.isascii() and digits.isdigit() and len(digits) < 20):
            return None
        place = int(digits)
        return place if self._sequence - len(self._window) <= place <= self._sequence else None

    def _reset(self) -> StreamEvent:
        return StreamEvent(cursor=self.cursor, kind=EventKind.RESET, at=self._latest_at)

    def _wake(self) -> None:
        """Wake those who wait now; whoever waits from here on waits for the next event."""
        news, self._news = self._news, asyncio.Event()
        news.set()
