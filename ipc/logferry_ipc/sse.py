"""Server-sent events: how an event of the log looks on the wire, and back. Pure; knows no socket."""

from __future__ import annotations

import msgspec

from logferry_ipc.messages import StreamEvent

MEDIA_TYPE = "text/event-stream"
OPENING = b"retry: 2000\n: open\n\n"
"""Sent at once, so that a listener sees the stream open before anything happens."""
HEARTBEAT = b": still here\n\n"

MAX_LINE = 1024 * 1024
"""Longer than any event; a line that is longer is not from our daemon."""


def frame(event: StreamEvent) -> bytes:
    """One event, with its cursor as the id that browsers send back when they reconnect."""
    data = msgspec.json.encode(event)
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (event.cursor.encode(), event.kind.value.encode(), data)


def read_line(line: bytes) -> StreamEvent | None:
    """The event in one line of a stream; None for every other line and for kinds we do not know."""
    field, _, value = line.rstrip(b"\r\n").partition(b":")
    if field != b"data":
        return None
    try:
        return msgspec.json.decode(value, type=StreamEvent)
    except msgspec.DecodeError:
        return None
