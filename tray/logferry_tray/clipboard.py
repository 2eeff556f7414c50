"""Puts a text on the clipboard by the system's own tool. There may be none, and that is no trouble.

The text goes in by the tool's input, never through a shell or its arguments.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

log = logging.getLogger(__name__)

PATIENCE = timedelta(seconds=3)
"""A tool may wait for a desktop that does not answer."""

NO_WINDOW: int = getattr(subprocess, "CREATE_NO_WINDOW", 0)
"""On Windows a console would flash up."""

Find = Callable[[str], str | None]
"""The program of this name, or None."""


def tools(platform: str, environment: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """What may be there on this system, the likeliest first."""
    if platform == "win32":
        yield ("clip",)
    elif platform == "darwin":
        yield ("pbcopy",)
    else:
        if environment.get("WAYLAND_DISPLAY"):
            yield ("wl-copy",)
        if environment.get("DISPLAY"):
            yield ("xclip", "-selection", "clipboard")


class Clipboard:
    """The clipboard of whoever sits here."""

    def __init__(
        self,
        platform: str = sys.platform,
        environment: Mapping[str, str] = os.environ,
        find: Find = shutil.which,
        *,
        patience: timedelta = PATIENCE,
    ) -> None:
        self._platform = platform
        self._environment = environment
        self._find = find
        self._patience = patience

    def copy(self, text: str) -> bool:
        """Whether it is there now; the log says why not."""
        command = self._command()
        if command is None:
            log.info("nothing here copies to the clipboard", extra={"action": "clipboard-missing"})
            return False
        try:
            subprocess.run(  # noqa: S603 -- a fixed program that the system names, no shell
                command,
                input=text.encode(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                creationflags=NO_WINDOW,
                timeout=self._patience.total_seconds(),
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            fields = {"action": "clipboard-failed", "error": type(error).__name__}
            log.info("not copied to the clipboard: %s", type(error).__name__, extra=fields)
            return False
        return True

    def _command(self) -> tuple[str, ...] | None:
        for name, *options in tools(self._platform, self._environment):
            if program := self._find(name):
                return (program, *options)
        return None
