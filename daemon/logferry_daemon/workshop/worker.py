"""The worker: tasks on its standard input, answers on its standard output, until the other side is gone.

It opens no file and no connection, and knows nothing that it was not told through the pipe. A thread of its own reads
the pipe, so it ends at once when its daemon does, also in the middle of a task.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread

from logferry_daemon.core.carried import carried_reading, found_of
from logferry_daemon.core.detectors import Detectors
from logferry_daemon.core.exchange import Dialect
from logferry_daemon.core.orders import Order, prepared
from logferry_daemon.core.reading import DocumentTracker
from logferry_daemon.core.sanitise import Privacy
from logferry_daemon.core.writing import write_letter
from logferry_daemon.dialects.catalogue import all_dialects
from logferry_daemon.recipes.match.tracker import MatchTracker
from logferry_daemon.workshop.humble import step_back
from logferry_daemon.workshop.messages import (
    Answer,
    Held,
    Mistake,
    Prepare,
    Prepared,
    Read,
    Ready,
    Refusal,
    Task,
    Write,
    Wrote,
    encoded,
    hear,
    say,
    start_of,
    task_of,
)
from logferry_model.errors import LogferryError

Trackers = Mapping[str, DocumentTracker]


@dataclass(frozen=True, slots=True)
class Tools:
    """What a worker works with."""

    detectors: Detectors
    dialects: Mapping[str, Dialect]
    trackers: Callable[[], Trackers]
    """Those with code. Called when a document is to be read: who makes letters alone need not load them."""


def main() -> int:
    """The worker of the daemon."""
    return work(all_dialects(), known_trackers)


def known_trackers() -> Trackers:
    """Those of documents."""
    from logferry_daemon.trackers.catalogue import trackers_with_code  # noqa: PLC0415 -- see Tools.trackers

    return {one.name: one for one in trackers_with_code() if isinstance(one, DocumentTracker)}


def work(dialects: Mapping[str, Dialect], trackers: Callable[[], Trackers]) -> int:
    """Works until there is nobody left to work for; never returns then."""
    step_back()
    # Whatever a library prints must not stand between two messages.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    told: SimpleQueue[bytes] = SimpleQueue()
    Thread(target=_listen, args=(told,), daemon=True).start()
    tools = Tools(Detectors(start_of(told.get()).surroundings), dialects, trackers)
    say(out, encoded(Ready(pid=os.getpid())))
    while True:
        say(out, answered(told.get(), tools))


def _listen(told: SimpleQueue[bytes]) -> None:
    try:
        while (message := hear(sys.stdin.buffer)) is not None:
            told.put(message)
    finally:
        # Also when the pipe cannot be read: whoever hears nothing any more must not wait for ever. Not sys.exit: nobody
        # wants what is still being made, and nothing here has to be tidied up.
        os._exit(0)


def answered(message: bytes, tools: Tools) -> bytes:
    """The answer to one message."""
    try:
        return encoded(answer(task_of(message), tools))
    except Exception as error:  # noqa: BLE001 -- whoever asked does it again, and sees it there
        return encoded(Mistake(kind=type(error).__name__))


def answer(task: Task, tools: Tools) -> Answer:
    """What becomes of one task."""
    try:
        match task:
            case Write():
                return Wrote(written=write_letter(task.errand, tools.dialects[task.dialect], tools.detectors))
            case Read():
                return Held(reading=carried_reading(_tracker(task, tools).read(task.document)))
            case Prepare():
                return Prepared(new=prepared(_order(task, tools.detectors)))
    except LogferryError as error:
        return Refusal(kind=type(error).__name__, code=error.code, message=error.message, hint=error.hint)


def _tracker(task: Read, tools: Tools) -> DocumentTracker:
    return tools.trackers()[task.tracker] if task.recipe is None else MatchTracker(task.recipe)


def _order(task: Prepare, detectors: Detectors) -> Order:
    privacy = Privacy(
        slots=task.slots, detectors=detectors, listing=task.listing, keeps=task.keeps, secrets=task.secrets
    )
    return Order(
        found=found_of(task.found),
        end=task.end,
        only_grows=task.only_grows,
        privacy=privacy,
        names_player=task.names_player,
        beside=task.beside,
    )


if __name__ == "__main__":
    sys.exit(main())
