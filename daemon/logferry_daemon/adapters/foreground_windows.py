"""The foreground window of Windows and its process, by two calls of user32."""

from __future__ import annotations

import ctypes
import sys

if sys.platform == "win32":

    def focused() -> int | None:
        """The process whose window has the focus; None while none has, as on the lock screen."""
        window = ctypes.windll.user32.GetForegroundWindow()
        if not window:
            return None
        process = ctypes.c_ulong()
        ctypes.windll.user32.GetWindowThreadProcessId(window, ctypes.byref(process))
        return process.value or None
