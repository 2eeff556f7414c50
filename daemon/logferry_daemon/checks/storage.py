"""Is there room for the spool?"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from logferry_daemon.checks.check import Check

LOW = 500 * 2**20
"""Bytes free: a year of sessions takes less, other programs may not."""


@dataclass(frozen=True, slots=True)
class StorageCheck:
    """Looks at the disk under the spool."""

    spool: Path

    async def run(self) -> AsyncIterator[Check]:
        """How much room there is."""
        free = shutil.disk_usage(self.spool.parent).free
        room = f"{free / 2**30:.1f} GiB free where the spool is."
        if free < LOW:
            yield Check(
                name="disk", level="problem", message=room, hint="Free some space: no session can be kept without."
            )
        else:
            yield Check(name="disk", level="ok", message=room)
