"""Does a damaged queue lie beside the one in use?"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from logferry_daemon.checks.check import Check


@dataclass(frozen=True, slots=True)
class AsideCheck:
    """Names the files of a queue that were set aside, as long as they are there."""

    aside: Callable[[], Iterable[Path]]

    async def run(self) -> AsyncIterator[Check]:
        """One finding, or none: this is rare."""
        if files := sorted(self.aside()):
            names = ", ".join(one.name for one in files)
            yield Check(
                name="damaged queue",
                level="advice",
                message=f"Set aside in {files[0].parent}: {names}. What was in the queue then may be in there still: "
                "sessions, letters that waited, names you chose to keep, and a key if a log told one.",
                hint="Remove it if you need it for no report. It goes by itself when you delete a session, or when one "
                "of your keys is found in what is kept.",
            )
