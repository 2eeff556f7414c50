"""Removes damaged files of a spool that were set aside: what is deleted, or has a key in it, is in them, too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from logferry_daemon.adapters.database_errors import database_errors


def aside_of(path: Path) -> Iterator[Path]:
    """All of them, and their logs."""
    for kind in ("damaged-*", "left*"):
        yield from path.parent.glob(f"{path.name}.{kind}")


def remove_aside(path: Path) -> None:
    """All of them; Unreachable where one cannot be removed."""
    with database_errors(path):
        for one in [*aside_of(path)]:
            one.unlink(missing_ok=True)
