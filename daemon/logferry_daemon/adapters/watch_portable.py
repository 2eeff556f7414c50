"""Changes below a folder by watchfiles, on systems where nothing leaner was tried."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import watchfiles

STEP_MS = 70
"""How long it waits for more of a burst, and how often it wakes; a change is told after two steps at the most."""


async def changes(root: Path) -> AsyncGenerator[None, None]:
    """One item when it begins to watch, and one for every burst; ends when it cannot watch."""
    try:
        watched = _identity(root)
        yield
        async for found in watchfiles.awatch(
            root,
            watch_filter=None,
            step=STEP_MS,
            debounce=1_000,
            recursive=True,
            yield_on_timeout=True,
            force_polling=False,
            ignore_permission_denied=True,
        ):
            if found:
                yield
            if _identity(root) != watched:
                return  # another folder of that name is watched by nobody
    except (OSError, RuntimeError, UnicodeError, ExceptionGroup):
        # Missing folder, too few watches, one undecodable name: all end the watch, none ends the scans.
        return


def _identity(root: Path) -> tuple[int, int]:
    found = root.stat()
    return found.st_dev, found.st_ino
