"""The daemon's own log: JSON lines, bounded, of fixed sentences and fields. Never a line of a player's file."""

from __future__ import annotations

import json
import logging
import logging.handlers
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from logferry_daemon.adapters.own_folder import writable

MAX_BYTES = 2 * 2**20
KEPT = 3
_OWN = frozenset(logging.makeLogRecord({}).__dict__)


class JsonLines(logging.Formatter):
    """One object a line: time, level, logger, sentence, fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The line for a record."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        fields = {key: value for key, value in record.__dict__.items() if key not in _OWN and key != "message"}
        line = {"at": at, "level": record.levelname, "logger": record.name, "message": record.getMessage(), **fields}
        if record.exc_info and record.exc_info[0]:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


class PatientFile(logging.handlers.RotatingFileHandler):
    """A file that may be on a full disk: what does not fit is missing from it, and nobody is told of each line."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 -- the name is logging's
        """The trouble stands in the status; the lines come back with the space."""


@contextmanager
def own_log(path: Path, level: str) -> Iterator[None]:
    """Write the log while the context lasts."""
    with writable(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handler = PatientFile(path, maxBytes=MAX_BYTES, backupCount=KEPT, encoding="utf-8")
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(level)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
        handler.close()
