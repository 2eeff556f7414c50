"""The signals that ask a daemon to stop, as this system has them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

if sys.platform == "win32":

    @contextmanager
    def asked_to_stop(stop: asyncio.Event) -> Iterator[None]:
        """Ctrl-C and Ctrl-Break ask to stop. The loop has no signal handlers here: plain ones ring it awake."""
        loop = asyncio.get_running_loop()
        wanted = (signal.SIGINT, signal.SIGBREAK)
        before = {number: signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set)) for number in wanted}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

else:

    @contextmanager
    def asked_to_stop(stop: asyncio.Event) -> Iterator[None]:
        """SIGINT and SIGTERM ask to stop; a second one ends the process at once."""
        loop = asyncio.get_running_loop()

        def asked() -> None:
            if stop.is_set():
                os._exit(130)
            stop.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, asked)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)
