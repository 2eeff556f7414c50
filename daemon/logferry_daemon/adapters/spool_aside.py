"""Removes damaged files of a spool that were set aside: what is deleted, or has a key in it, is in them, too."""

from __future__ import annotations

from pathlib import Path

from logferry_daemon.adapters.database_sqlite import database_errors


def remove_aside(path: Path) -> None:
    """All of them, and their logs; Unreachable where one cannot be removed."""
    with database_errors(path):
        for kind in ("damaged-*", "left*"):
            for one in path.parent.glob(f"{path.name}.{kind}"):
                one.unlink(missing_ok=True)
