"""The worker: tasks on its standard input, letters on its standard output, until the other side is gone.

It opens no file and no connection, and knows nothing that it was not told through the pipe. A thread of its own reads
the pipe, so it ends at once when its daemon does, also in the middle of a letter.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from queue import SimpleQueue
from threading import Thread

from logferry_daemon.core.detectors import Detectors
from logferry_daemon.core.exchange import Dialect
from logferry_daemon.core.writing import write_letter
from logferry_daemon.dialects.catalogue import all_dialects
from logferry_daemon.workshop.humble import step_back
from logferry_daemon.workshop.messages import (
    Answer,
    Mistake,
    Ready,
    Refusal,
    Task,
    Wrote,
    encoded,
    hear,
    say,
    start_of,
    task_of,
)
from logferry_model.errors import LogferryError


def main() -> int:
    """The worker of the daemon."""
    return work(all_dialects())


def work(dialects: Mapping[str, Dialect]) -> int:
    """Works until there is nobody left to work for; never returns then."""
    step_back()
    # Whatever a library prints must not stand between two messages.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    told: SimpleQueue[bytes] = SimpleQueue()
    Thread(target=_listen, args=(told,), daemon=True).start()
    detectors = Detectors(start_of(told.get()).surroundings)
    say(out, encoded(Ready(pid=os.getpid())))
    while True:
        say(out, _answer(told.get(), dialects, detectors))


def _listen(told: SimpleQueue[bytes]) -> None:
    try:
        while (message := hear(sys.stdin.buffer)) is not None:
            told.put(message)
    finally:
        # Also when the pipe cannot be read: whoever hears nothing any more must not wait for ever. Not sys.exit: nobody
        # wants what is still being made, and nothing here has to be tidied up.
        os._exit(0)


def _answer(message: bytes, dialects: Mapping[str, Dialect], detectors: Detectors) -> bytes:
    try:
        return encoded(answer(task_of(message), dialects, detectors))
    except Exception as error:  # noqa: BLE001 -- whoever asked does it again, and sees it there
        return encoded(Mistake(kind=type(error).__name__))


def answer(task: Task, dialects: Mapping[str, Dialect], detectors: Detectors) -> Answer:
    """What becomes of one task."""
    try:
        return Wrote(written=write_letter(task.errand, dialects[task.dialect], detectors))
    except LogferryError as error:
        return Refusal(kind=type(error).__name__, code=error.code, message=error.message, hint=error.hint)


if __name__ == "__main__":
    sys.exit(main())
