"""Says that something may have changed, by watchfiles. A hint that shortens the wait, never the record.

watchfiles loses events without a word when its queue overflows or its folder is replaced, so nothing may depend on it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import watchfiles

STEP_MS = 100
"""How long it waits for more of a burst. It wakes that often: ten times a second costs about 0.1 % of a core."""


class FolderWatcher:
    """Changes below a folder of this computer."""

    async def hints(self, root: Path) -> AsyncIterator[None]:
        """One item for every burst; ends when the folder cannot be watched, so that the caller tries again later."""
        try:
            watched = _identity(root)
            async for changes in watchfiles.awatch(
                root,
                watch_filter=None,
                step=STEP_MS,
                debounce=1_000,
                recursive=True,
                yield_on_timeout=True,
            ):
                if changes:
                    yield
                if _identity(root) != watched:
                    return  # another folder of that name is watched by nobody
        except (OSError, RuntimeError, UnicodeError, ExceptionGroup):
            # Missing folder, too few watches, one undecodable name: all end the watch, none ends the scans.
            return


def _identity(root: Path) -> tuple[int, int]:
    found = root.stat()
    return found.st_dev, found.st_ino
