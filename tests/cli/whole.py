"""A file read at once, in the way of its tracker."""

from logferry_daemon.core.reading import DatabaseTracker, Document, LogTracker, Reading
from logferry_daemon.trackers.catalogue import all_trackers


def read_whole(name: str, data: bytes) -> Reading:
    """What the tracker of this name makes of all of it."""
    tracker = all_trackers()[name]
    assert not isinstance(tracker, DatabaseTracker)
    if not isinstance(tracker, LogTracker):
        return tracker.read(Document(data=data))
    reader = tracker.reader()
    reader.feed(data)
    return reader.reading(settled=True)
