"""Tells the event log what happened, in order. Rows are read afresh, so listeners hear the state as it is."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from logferry_daemon.control import views
from logferry_daemon.core.gate import Gate
from logferry_daemon.ports import Clock, Ledger
from logferry_ipc.events import EventLog
from logferry_ipc.messages import EventKind
from logferry_model.errors import LogferryError

log = logging.getLogger(__name__)

AllGates = Callable[[], Awaitable[Mapping[str, Gate]]]


class News:
    """A queue of changes and the one task that publishes them."""

    def __init__(self, log: EventLog, ledger: Ledger, clock: Clock) -> None:
        self._log = log
        self._ledger = ledger
        self._clock = clock
        self._changed: asyncio.Queue[str] = asyncio.Queue()

    def session_found(self, session: str, tracker: str) -> None:
        """A session, or a new revision of it, is in the spool."""
        self._log.publish(EventKind.SESSION_FOUND, at=self._clock.now(), session=session, tracker=tracker)

    def session_deleted(self, session: str, tracker: str) -> None:
        """A session is gone from the spool, and will not come back."""
        self._log.publish(EventKind.SESSION_DELETED, at=self._clock.now(), session=session, tracker=tracker)

    def session_runs(self, kind: EventKind, session: str, tracker: str) -> None:
        """A session has begun or gone on."""
        self._log.publish(kind, at=self._clock.now(), session=session, tracker=tracker)

    def delivery_changed(self, delivery: str) -> None:
        """Something happened to a delivery."""
        self._changed.put_nowait(delivery)

    def state_changed(self) -> None:
        """Pause, resume, consent, a source, a destination."""
        self._log.publish(EventKind.STATE_CHANGED, at=self._clock.now())

    async def run(self, gates: AllGates) -> None:
        """Publish until cancelled; `gates` tells whether what is pending is held."""
        while True:
            delivery = await self._changed.get()
            try:
                await self._publish(delivery, gates)
            except LogferryError:
                continue  # the spool is in trouble, which its own users report
            except Exception:  # one piece of news less is no reason to stop
                log.exception("news not told", extra={"action": "news", "delivery": delivery})

    async def _publish(self, delivery: str, gates: AllGates) -> None:
        row = await self._ledger.delivery(delivery)
        if row is not None:
            message = views.delivery(row, await gates())
            self._log.publish(EventKind.DELIVERY_CHANGED, at=self._clock.now(), session=row.session, delivery=message)
