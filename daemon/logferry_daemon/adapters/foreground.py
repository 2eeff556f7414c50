"""Which program's window has the focus, where the system tells."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping

from logferry_model.errors import Unreachable

if sys.platform == "win32":
    from logferry_daemon.adapters.foreground_windows import focused
elif sys.platform == "linux":
    from logferry_daemon.adapters.foreground_x11 import focused
else:

    def focused() -> int | None:
        """Nobody tells a program that is no part of the desktop."""
        raise Unreachable("focus-unknown", "this system does not tell which window has the focus")


PATIENCE = 2.0
"""Seconds: a desktop that is busy is not waited for."""


class SystemForeground:
    """The desktop of this computer."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._environment = environment

    async def pid(self) -> int | None:
        """Of the program; None when no window has the focus. Unreachable `focus-unknown` where nobody tells."""
        if self._environment.get("WAYLAND_DISPLAY"):
            raise Unreachable("focus-unknown", "a Wayland desktop does not tell which window has the focus")
        try:
            async with asyncio.timeout(PATIENCE):
                return await asyncio.to_thread(focused)
        except TimeoutError:
            raise Unreachable("focus-unknown", "the desktop does not answer which window has the focus") from None
