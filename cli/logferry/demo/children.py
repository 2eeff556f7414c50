"""Child processes of the demo: started with a log, watched, ended by their own pid. Never touches any other process."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from logferry_model.errors import Damaged

PATIENCE = timedelta(seconds=5)
"""How long a child may take to end after it was asked to."""
TAIL = 12
"""Lines of a dead child's log that are worth showing."""

# Ctrl-C goes to everybody in the terminal's group; the order in which children end is ours to choose.
if sys.platform == "win32":
    OWN_GROUP, OWN_SESSION = subprocess.CREATE_NEW_PROCESS_GROUP, False
else:
    OWN_GROUP, OWN_SESSION = 0, True


@dataclass(frozen=True, slots=True)
class Child:
    """One process and where its words go."""

    name: str
    process: subprocess.Popen[bytes]
    logs: tuple[Path, ...]
    """What it prints, and its own log if it keeps one."""

    @property
    def ended(self) -> bool:
        """Whether it is gone."""
        return self.process.poll() is not None

    def tail(self) -> list[str]:
        """The last lines of its logs."""
        lines: list[str] = []
        for log in self.logs:
            with suppress(OSError):
                lines += log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL:]
        return lines

    def stop(self, *, patience: timedelta = PATIENCE) -> None:
        """Asks it to end, then makes it."""
        if self.ended:
            return
        self.process.terminate()
        try:
            self.process.wait(patience.total_seconds())
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Children:
    """Every process of one demo, in the order they were started."""

    def __init__(self) -> None:
        self.started: list[Child] = []
        self._interrupted = False

    def start(
        self, name: str, command: Sequence[str], *, log: Path, env: Mapping[str, str], own_log: Path | None = None
    ) -> Child:
        """Starts one; its output goes to `log`."""
        with log.open("ab") as out:
            process = subprocess.Popen(  # noqa: S603 -- our own programs, no shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=dict(env),
                start_new_session=OWN_SESSION,
                creationflags=OWN_GROUP,
            )
        child = Child(name, process, (log, own_log) if own_log else (log,))
        self.started.append(child)
        return child

    def check(self) -> None:
        """Damaged when one has died with a failure, or died that was to stay; KeyboardInterrupt when asked to end."""
        if self._interrupted:
            raise KeyboardInterrupt
        for child in self.started:
            code = child.process.poll()
            if code is not None and (code != 0 or child.name in STAYING):
                raise Damaged("child-died", f"The {child.name} ended with {code}.")

    def interrupt(self, *_: object) -> None:
        """Notes a signal; a second one does not wait for the next `check`.

        An exception out of a signal in the middle of starting a process would lose that process.
        """
        if self._interrupted:
            raise KeyboardInterrupt
        self._interrupted = True

    def stop(self) -> None:
        """Ends all, the last first."""
        for child in reversed(self.started):
            child.stop()


STAYING = frozenset({"collector", "daemon"})
"""Children that have no business ending by themselves."""


def logferry(*args: str) -> list[str]:
    """The command line of this very program, as a module of this interpreter or as the packaged program itself."""
    if getattr(sys, "frozen", False):
        return [sys.executable, *args]
    return [sys.executable, "-m", "logferry", *args]


@contextmanager
def open_children() -> Iterator[Children]:
    """Children that are all gone when the block ends, however it ends; Ctrl-C and SIGTERM come out of `check`."""
    children = Children()
    before = {number: signal.signal(number, children.interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield children
    finally:
        children.stop()
        for number, handler in before.items():
            signal.signal(number, handler)
