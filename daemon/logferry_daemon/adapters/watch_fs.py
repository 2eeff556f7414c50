"""Says that something may have changed below a folder. A hint that shortens the wait, never the record.

On Linux the kernel is asked directly: watchfiles sleeps in small steps, twenty wake-ups a second for as long as the
daemon lives. Elsewhere it is watchfiles. Both lose events when they come too fast, so nothing may depend on them.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

from logferry_daemon.adapters.filesystems import kind_of
from logferry_daemon.core.filesystems import is_silent
from logferry_model.errors import Unreachable

if sys.platform == "linux":
    from logferry_daemon.adapters.watch_inotify import changes
else:
    from logferry_daemon.adapters.watch_portable import changes


class FolderWatcher:
    """Changes below a folder of this computer."""

    async def hints(self, root: Path) -> AsyncIterator[None]:
        """One item when it begins to watch, because something may have come before, and one for every burst.

        Ends when the folder is another one or cannot be watched now; Unreachable says why it cannot be watched at all.
        """
        kind = await asyncio.to_thread(kind_of, root)
        if is_silent(kind):
            raise Unreachable("watch-silent", f"{root} is on a drive that does not tell about changes ({kind}).")
        async with aclosing(changes(root)) as bursts:
            async for _ in bursts:
                yield
