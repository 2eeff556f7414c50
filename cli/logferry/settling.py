"""Follows deliveries until each stands still: sent, failed, held, or waiting for its destination. Prints nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from logferry_ipc.client import DaemonClient
from logferry_ipc.messages import (
    Delivery,
    DeliveryState,
    DestinationStatus,
    EventKind,
    SessionList,
    Status,
    StreamEvent,
)
from logferry_model.errors import Unreachable

MOVING = frozenset({DeliveryState.PENDING, DeliveryState.UPLOADING})

CLOSED = frozenset({"waiting", "offline"})
"""States of a destination that takes nothing before its `next_attempt`."""

LOOK_AGAIN = frozenset({EventKind.RESET, EventKind.STATE_CHANGED})
"""After these, anything may be different."""

Now = Callable[[], datetime]

Watch = Callable[[int, int], None]
"""Told how many deliveries stand still, and of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How the chosen deliveries stand in the end."""

    deliveries: tuple[Delivery, ...]
    arrived: int = 0
    """Uploaded since the command began."""
    closed: tuple[DestinationStatus, ...] = ()
    """Destinations that some of them wait for, each with the time of the next try."""
    homeless: int = 0
    """Chosen sessions that no destination is set for."""
    paused: bool = False

    def of(self, *states: DeliveryState) -> tuple[Delivery, ...]:
        """Those in one of these states."""
        return tuple(each for each in self.deliveries if each.state in states)


class Progress:
    """The chosen deliveries while they move. Fed with what the daemon says; asks nothing."""

    def __init__(self, before: Iterable[Delivery], now: Now) -> None:
        self._before = {each.id: each for each in before}
        self._now = now
        self._closed: dict[str, DestinationStatus] = {}
        self.deliveries: dict[str, Delivery] = {}

    def take(self, delivery: Delivery) -> None:
        """The newest word about one delivery."""
        self.deliveries[delivery.id] = delivery

    def look(self, status: Status) -> None:
        """The newest word about every destination."""
        self._closed = {
            each.name: each for each in status.destinations if each.state in CLOSED and self._later(each.next_attempt)
        }

    def stands_still(self, delivery: Delivery) -> bool:
        """Whether no more is to be expected of it now; after a failed try the next one may be hours away."""
        if delivery.state is not DeliveryState.PENDING:
            return delivery.state not in MOVING
        before = self._before.get(delivery.id)
        tried = delivery.attempts > (before.attempts if before else 0)
        # A try that was put off is not counted among the attempts, and a retry counts them afresh.
        return tried or delivery.destination in self._closed or self._later(delivery.next_attempt)

    def _later(self, at: datetime | None) -> bool:
        return at is not None and at > self._now()

    @property
    def arrived(self) -> int:
        """How many were uploaded since the beginning."""
        old = {each.id for each in self._before.values() if each.state is DeliveryState.UPLOADED}
        return sum(each.state is DeliveryState.UPLOADED and each.id not in old for each in self.deliveries.values())

    @property
    def waited_for(self) -> tuple[DestinationStatus, ...]:
        """Closed destinations that something is pending for, by name."""
        names = {each.destination for each in self.deliveries.values() if each.state is DeliveryState.PENDING}
        return tuple(self._closed[name] for name in sorted(names & self._closed.keys()))

    @property
    def done(self) -> int:
        """How many stand still."""
        return sum(map(self.stands_still, self.deliveries.values()))


def follow(
    daemon: DaemonClient, *, start: Callable[[], object], chosen: Collection[str] | None, watch: Watch, now: Now
) -> Outcome:
    """Calls `start` and returns when the deliveries of the `chosen` sessions (None: of all) stand still."""
    progress = Progress((each for _, each in _deliveries(daemon.sessions(), None)), now)
    # The stream is open before anything starts, so no change can fall between the two.
    with daemon.events() as stream:
        start()
        known, paused = _refresh(daemon, progress, chosen)
        while progress.done < len(progress.deliveries) and not paused:
            watch(progress.done, len(progress.deliveries))
            event = _next(stream)
            if event.kind in LOOK_AGAIN or _is_pending(event):
                known, paused = _refresh(daemon, progress, chosen)
            elif event.delivery is not None and (chosen is None or event.session in chosen):
                progress.take(event.delivery)
    homeless = sum(1 for each in known.sessions if not each.deliveries and (chosen is None or each.id in chosen))
    return Outcome(
        deliveries=tuple(progress.deliveries.values()),
        arrived=progress.arrived,
        closed=progress.waited_for,
        homeless=homeless,
        paused=paused,
    )


def _refresh(daemon: DaemonClient, progress: Progress, chosen: Collection[str] | None) -> tuple[SessionList, bool]:
    """What the daemon knows, and whether it is paused."""
    known = daemon.sessions()
    for _, delivery in _deliveries(known, chosen):
        progress.take(delivery)
    # After the deliveries: a gate that closed between the two is seen, and tells of its opening by an event.
    status = daemon.status()
    progress.look(status)
    return known, status.paused


def _deliveries(known: SessionList, chosen: Collection[str] | None) -> Iterator[tuple[str, Delivery]]:
    for session in known.sessions:
        if chosen is None or session.id in chosen:
            for delivery in session.deliveries:
                yield session.id, delivery


def _is_pending(event: StreamEvent) -> bool:
    """An event tells of a delivery alone: one that is pending in itself may be held for what its destination lacks."""
    return event.delivery is not None and event.delivery.state is DeliveryState.PENDING


def _next(stream: Iterator[StreamEvent]) -> StreamEvent:
    event = next(stream, None)
    if event is None or event.kind is EventKind.GOING_AWAY:
        raise Unreachable(
            "daemon-stopped",
            "The daemon stopped before everything was sent.",
            hint="Nothing is lost: it goes on when the daemon runs again.",
        )
    return event
