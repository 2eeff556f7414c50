"""Is there room for the spool, and are secrets kept where they should be?"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from logferry_daemon.checks.check import Check

LOW = 500 * 2**20
"""Bytes free: a year of sessions takes less, other programs may not."""


@dataclass(frozen=True, slots=True)
class StorageCheck:
    """Looks at the disk under the spool and at secrets outside a keyring."""

    spool: Path
    insecure: Callable[[], Sequence[str]]

    async def run(self) -> AsyncIterator[Check]:
        """Room, then secrets."""
        free = shutil.disk_usage(self.spool.parent).free
        room = f"{free / 2**30:.1f} GiB free where the spool is."
        if free < LOW:
            yield Check(
                name="disk", level="problem", message=room, hint="Free some space: no session can be kept without."
            )
        else:
            yield Check(name="disk", level="ok", message=room)
        for name in self.insecure():
            message = f"The key of {name} lies in a file and not in a keyring."
            hint = f"Set up a keyring, then: logferry login {name}"
            yield Check(name="keys", level="advice", message=message, hint=hint)
