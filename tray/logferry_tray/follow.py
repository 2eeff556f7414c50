"""Follows the daemon for the tray: the newest status in, commands out, all on threads of its own. Draws nothing.

One thread listens to the event stream and only says that something changed. The other does everything else in order:
it runs commands at once, asks for the status at most once a second, and is the only one that calls `show`.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
import webbrowser
from collections.abc import Callable, Sequence
from datetime import timedelta
from enum import Enum, auto
from typing import Protocol

from logferry_ipc.client import EventStream
from logferry_ipc.messages import (
    Changed,
    Done,
    EventKind,
    Identities,
    Identity,
    IdentityDecision,
    PauseRequest,
    RetryRequest,
    Status,
    StreamEvent,
)
from logferry_model.errors import LogferryError
from logferry_tray.menu import Act, Command, asks, report_page

CALM = timedelta(seconds=1)
"""Between two statuses: some systems write a file for every change of an icon."""
_FIRST_PATIENCE = timedelta(milliseconds=500)
_MOST_PATIENCE = timedelta(seconds=5)
"""Between two looks for a daemon that is not there; a look is one attempt to open a file."""
_GOODBYE = timedelta(seconds=2)

log = logging.getLogger(__name__)

Show = Callable[[Status | None, Sequence[Identity]], None]
"""A status, and the players that it asks about."""


class Daemon(Protocol):
    """What of DaemonClient the tray uses."""

    def status(self) -> Status: ...
    def upload_all(self) -> Changed: ...
    def retry(self, request: RetryRequest) -> Changed: ...
    def pause(self, request: PauseRequest) -> Done: ...
    def resume(self) -> Done: ...
    def identities(self) -> Identities: ...
    def decide_identity(self, decision: IdentityDecision) -> Identities: ...
    def events(self, cursor: str | None = None) -> EventStream: ...


class _News(Enum):
    """What the listening thread tells the working one."""

    CHANGED = auto()
    LOST = auto()
    STOP = auto()


def matters(event: StreamEvent) -> bool:
    """Whether the tray may look different after it; progress comes all through a game and changes nothing here."""
    return event.kind is not EventKind.SESSION_PROGRESS


def _nowhere(_: str) -> None:
    """Where there is no clipboard."""


class Follower:
    """Keeps a picture of the daemon up to date between `start` and `stop`."""

    def __init__(
        self,
        daemon: Daemon,
        *,
        show: Show,
        complain: Callable[[str], None],
        open_page: Callable[[str], object],
        copy: Callable[[str], object] = _nowhere,
        calm: timedelta = CALM,
    ) -> None:
        self._daemon = daemon
        self._show = show
        self._complain = complain
        self._open_page = open_page
        self._copy = copy
        self._report: str | None = None
        """The last one that is known; None before the first status."""
        self._calm = calm
        self._inbox: queue.SimpleQueue[_News | Command] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._stream: EventStream | None = None
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to follow; the first status is shown as soon as it is known."""
        for act in (self._listen, self._work):
            thread = threading.Thread(target=act, name=f"tray-{act.__name__}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Follow no more; nothing is shown after this."""
        self._stopping.set()
        self._inbox.put(_News.STOP)
        if (stream := self._stream) is not None:
            stream.close()
        for thread in self._threads:
            thread.join(_GOODBYE.total_seconds())

    def submit(self, command: Command) -> None:
        """Have this done soon; returns at once, from any thread."""
        self._inbox.put(command)

    def _listen(self) -> None:
        patience = _FIRST_PATIENCE
        while not self._stopping.is_set():
            try:
                with self._daemon.events() as stream:
                    self._stream = stream
                    patience = _FIRST_PATIENCE
                    self._hear(stream)
            except LogferryError as error:
                log.debug("daemon lost", extra={"action": "daemon-lost", "code": error.code})
            self._stream = None
            self._inbox.put(_News.LOST)
            self._stopping.wait(patience.total_seconds())
            patience = min(patience * 2, _MOST_PATIENCE)

    def _hear(self, stream: EventStream) -> None:
        """A status as soon as the stream is open, for what happened before, and after each event."""
        self._inbox.put(_News.CHANGED)
        while not self._stopping.is_set() and (event := next(stream, None)) is not None:
            if matters(event):
                self._inbox.put(_News.CHANGED)

    def _work(self) -> None:
        due: float | None = None
        calm_until = 0.0
        while True:
            match self._next(due):
                case _News.STOP:
                    return
                case _News.LOST:
                    due = None
                    self._show(None, ())
                case _News.CHANGED:
                    due = max(time.monotonic(), calm_until) if due is None else due
                case None:
                    due = None
                    calm_until = time.monotonic() + self._calm.total_seconds()
                    self._refresh()
                case command:
                    self._perform(command)

    def _next(self, due: float | None) -> _News | Command | None:
        """The next thing in the inbox, or None when a status is due before that."""
        try:
            if due is None:
                return self._inbox.get()
            return self._inbox.get(timeout=max(0.0, due - time.monotonic()))
        except queue.Empty:
            return None

    def _refresh(self) -> None:
        players: Sequence[Identity] = ()
        try:
            status: Status | None = self._daemon.status()
            if status is not None and asks(status):
                players = self._daemon.identities().identities
        except LogferryError as error:
            log.debug("no status", extra={"action": "status-missing", "code": error.code})
            status = None
        self._show(status, players)
        if status is not None:
            self._copy_new_report(status)

    def _copy_new_report(self, status: Status) -> None:
        """Never that of before the tray began: whatever is on the clipboard then was put there by its owner."""
        before, self._report = self._report, report_page(status)
        if status.copy_report_url and self._report and before not in {None, self._report}:
            self._copy(self._report)

    def _perform(self, command: Command) -> None:
        try:
            perform(command, self._daemon, self._open_page)
        except (LogferryError, OSError, webbrowser.Error) as error:
            self._complain(str(error))


def perform(command: Command, daemon: Daemon, open_page: Callable[[str], object]) -> None:
    """Ask the daemon, or the browser, for what was pressed."""
    match command.act:
        case Act.PAUSE:
            daemon.pause(PauseRequest(seconds=command.pause.total_seconds() if command.pause else None))
        case Act.RESUME:
            daemon.resume()
        case Act.UPLOAD_ALL:
            daemon.upload_all()
        case Act.RETRY:
            daemon.retry(RetryRequest())
        case Act.OPEN_REPORT:
            open_page(command.url)
        case Act.DECIDE:
            if command.decision is not None:
                daemon.decide_identity(command.decision)
        case Act.QUIT:
            pass  # the view ends; nobody else is asked
