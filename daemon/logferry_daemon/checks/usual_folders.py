"""Is there a game or tracker on this computer that is not followed yet?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from logferry_daemon.checks.check import Check
from logferry_daemon.core.reading import AnyTracker
from logferry_daemon.fleet import Fleet


@dataclass(frozen=True, slots=True)
class UsualFoldersCheck:
    """Looks at the places where trackers usually write."""

    fleet: Fleet
    there: Callable[[AnyTracker], Sequence[Path]]
    """Those of a tracker's usual folders that exist."""

    async def run(self) -> AsyncIterator[Check]:
        """Advice for each folder that could be a source and is none."""
        for tracker in self.fleet.trackers.values():
            for folder in await asyncio.to_thread(self.there, tracker):
                if not self._followed(tracker, folder):
                    hint = f'Follow it with: logferry sources add {tracker.name} --path "{folder}"'
                    message = f"{folder} is there and not followed."
                    yield Check(name=tracker.title, level="advice", message=message, hint=hint)

    def _followed(self, tracker: AnyTracker, folder: Path) -> bool:
        sources = (runner.source for runner in self.fleet.runners.values())
        return any(one.tracker.name == tracker.name and folder.is_relative_to(one.root) for one in sources)
