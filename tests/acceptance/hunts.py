"""Finished hunts of Artemis, as they lie in its folder: old enough to be read at the first look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.acceptance.running import make_quiet
from tests.factories import artemis_document, encode_document, file_name

BEGAN = datetime(2026, 2, 1, 18, 0, tzinfo=UTC)


def hunt(number: int, *, events: int = 10, apart: timedelta = timedelta(hours=2)) -> dict[str, Any]:
    """The hunt of this number: a number always gives the same one."""
    return artemis_document(number, start=BEGAN + number * apart, events=events)


def put(folder: Path, document: dict[str, Any]) -> None:
    """There it lies."""
    file = folder / file_name(document)
    file.write_bytes(encode_document(document))
    make_quiet(file)
