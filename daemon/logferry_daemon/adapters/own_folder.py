"""Logferry's own folders at the start: what cannot be written to is told in a sentence, and not in a trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from logferry_model.errors import Misconfigured


@contextmanager
def writable(folder: Path) -> Iterator[None]:
    """Whatever the system says of `folder` inside, as Misconfigured."""
    try:
        yield
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise Misconfigured(
            "folder-unwritable",
            f"Logferry cannot start: its folder {folder} cannot be written to ({why}).",
            hint="Allow it or free some space there, and start again; nothing that was taken in is lost.",
        ) from error
