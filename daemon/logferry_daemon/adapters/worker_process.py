"""One worker: the process, and what goes through its pipes."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

import psutil

from logferry_daemon.workshop.messages import hear, say

GOODBYE = timedelta(seconds=2)
_NEEDED = frozenset({"SYSTEMROOT", "WINDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TZ"})
"""What an interpreter may need to start, and where times without a zone are; the rest is nobody's business there."""


class Gone(Exception):
    """The worker ended, or was ended, before it answered; the text says how."""


class Worker:
    """One process. Its methods wait, so they are for threads; `kill` may come from anywhere at any time."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @classmethod
    def started(cls, command: Sequence[str]) -> Worker:
        """A new one; OSError where none can be started."""
        flags = getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0)
        process = subprocess.Popen(  # noqa: S603 -- our own program, no shell
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: value for name, value in os.environ.items() if name.upper() in _NEEDED},
            creationflags=flags,
        )
        return cls(process)

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def lives(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def computed(self) -> timedelta:
        """The processor's time that it has used; none when that cannot be seen. Takes no time itself."""
        with suppress(psutil.Error, OSError):
            times = psutil.Process(self.pid).cpu_times()
            return timedelta(seconds=times.user + times.system)
        return timedelta()

    def exchange(self, data: bytes) -> bytes:
        """The answer to one message; Gone when there is none."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the worker was started without pipes")
        try:
            say(self._process.stdin, data)
            answer = hear(self._process.stdout)
        except (OSError, ValueError) as error:
            raise Gone(self._how_it_ended()) from error
        if answer is None:
            raise Gone(self._how_it_ended())
        return answer

    def kill(self) -> None:
        """At once."""
        with suppress(OSError):
            self._process.kill()

    def end(self) -> None:
        """It is told by the end of its input, and nothing of it is left."""
        with suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        try:
            self._process.wait(GOODBYE.total_seconds())
        except (subprocess.TimeoutExpired, OSError):  # the latter where a clock is set in the middle of the wait
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _how_it_ended(self) -> str:
        """Its pipe is closed, so it ends now or has ended."""
        with suppress(subprocess.TimeoutExpired):
            code = self._process.wait(GOODBYE.total_seconds())
            return f"it was ended by signal {-code}" if code < 0 else f"it ended with code {code}"
        return "it answered no more"
