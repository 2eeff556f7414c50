"""How the collector speaks to whoever watches its terminal: one line each, the fixed sentence and then its fields."""

from __future__ import annotations

import logging

_OWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}
QUIET = ("alembic", "aiohttp.access")
"""Libraries that say at length what nobody asked."""


class Line(logging.Formatter):
    """`2026-11-20 15:05:59 INFO request served method=POST route=/api/v1/ingest status=201`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%d %H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 -- the library's name
        """The sentence and whatever else was given, which is never a body, a key or a signature."""
        fields = (f" {name}={value}" for name, value in record.__dict__.items() if name not in _OWN)
        return super().formatMessage(record) + "".join(fields)


def speak() -> None:
    """Log to the error stream from now on."""
    handler = logging.StreamHandler()
    handler.setFormatter(Line())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
