"""A mistake of ours ends nothing: it is logged, told and tried again, and stays with the file that it came by."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from logferry_model.errors import Damaged, LogferryError

log = logging.getLogger(__name__)


def said_of(mistake: Exception) -> str:
    """What a person is told of it: never its text, which may hold a line of a log."""
    return f"A mistake in Logferry: {type(mistake).__name__}; it is tried again."


@contextmanager
def mistakes_as_damage() -> Iterator[None]:
    """A mistake that one file brings to light is that file's trouble: the others go on."""
    try:
        yield
    except LogferryError:
        raise
    except Exception as error:
        log.exception("reader failed", extra={"action": "file"})
        raise Damaged("reader-failed", f"reading it failed: {type(error).__name__}.") from error
