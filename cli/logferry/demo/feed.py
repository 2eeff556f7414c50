"""Follows the daemon's events in a thread, so that the demo can watch its children meanwhile. Understands nothing."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from logferry_ipc.client import DaemonClient, EventStream
from logferry_ipc.messages import StreamEvent
from logferry_model.errors import LogferryError


class Feed:
    """Events as they come; an error of the stream comes out where it is taken."""

    def __init__(self, stream: EventStream) -> None:
        self._stream = stream
        self._news: queue.SimpleQueue[StreamEvent | LogferryError] = queue.SimpleQueue()

    def take(self, patience: timedelta) -> StreamEvent | None:
        """The next event, or None when there is none for so long."""
        try:
            news = self._news.get(timeout=patience.total_seconds())
        except queue.Empty:
            return None
        if isinstance(news, LogferryError):
            raise news
        return news

    def pump(self) -> None:
        """Moves events from the stream to the queue until the stream ends."""
        try:
            for event in self._stream:
                self._news.put(event)
        except LogferryError as error:
            self._news.put(error)


@contextmanager
def open_feed(daemon: DaemonClient) -> Iterator[Feed]:
    """A feed of everything that happens from now on."""
    stream = daemon.events()
    feed = Feed(stream)
    thread = threading.Thread(target=feed.pump, name="demo-feed", daemon=True)
    thread.start()
    try:
        yield feed
    finally:
        stream.close()
        thread.join()
