"""Where does this installation keep its things?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from logferry_daemon.checks.check import Check
from logferry_daemon.home import Home


@dataclass(frozen=True, slots=True)
class PlacesCheck:
    """Names what its owner may edit, and what he may be asked for."""

    home: Home

    async def run(self) -> AsyncIterator[Check]:
        """One finding; nothing of it can be wrong."""
        known = {
            "settings": self.home.settings_file,
            "own recipes": self.home.recipes_folder,
            "queue": self.home.spool_file,
            "log": self.home.log_file,
        }
        yield Check(name="files", level="ok", message="; ".join(_said(what, where) for what, where in known.items()))


def _said(what: str, where: Path) -> str:
    return f"{what}: {where}" if where.exists() else f"{what}: {where}, not there"
