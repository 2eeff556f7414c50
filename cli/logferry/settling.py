"""Follows deliveries until each stands still: sent, failed, held, or waiting for its destination. Prints nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from logferry_ipc.client import DaemonClient
from logferry_ipc.messages import DaemonState, Delivery, DeliveryState, EventKind, SessionList, StreamEvent
from logferry_model.errors import Unreachable

MOVING = frozenset({DeliveryState.PENDING, DeliveryState.UPLOADING})

LOOK_AGAIN = frozenset({EventKind.RESET, EventKind.STATE_CHANGED})
"""After these, anything may be different."""

Watch = Callable[[int, int], None]
"""Told how many deliveries stand still, and of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How the chosen deliveries stand in the end."""

    deliveries: tuple[Delivery, ...]
    homeless: int = 0
    """Chosen sessions that no destination is set for."""
    paused: bool = False

    def of(self, *states: DeliveryState) -> tuple[Delivery, ...]:
        """Those in one of these states."""
        return tuple(each for each in self.deliveries if each.state in states)


class Progress:
    """The chosen deliveries while they move. Fed with what the daemon says; asks nothing."""

    def __init__(self, before: Iterable[Delivery]) -> None:
        self._attempts = {each.id: each.attempts for each in before}
        self.deliveries: dict[str, Delivery] = {}

    def take(self, delivery: Delivery) -> None:
        """The newest word about one delivery."""
        self.deliveries[delivery.id] = delivery

    def stands_still(self, delivery: Delivery) -> bool:
        """Whether no more is to be expected of it now; after a failed try the next one may be hours away."""
        tried = delivery.attempts > self._attempts.get(delivery.id, 0)
        return delivery.state not in MOVING or (delivery.state is DeliveryState.PENDING and tried)

    @property
    def done(self) -> int:
        """How many stand still."""
        return sum(map(self.stands_still, self.deliveries.values()))


def follow(
    daemon: DaemonClient, *, start: Callable[[], object], chosen: Collection[str] | None, watch: Watch
) -> Outcome:
    """Calls `start` and returns when the deliveries of the `chosen` sessions (None: of all) stand still."""
    progress = Progress(each for _, each in _deliveries(daemon.sessions(), None))
    # The stream is open before anything starts, so no change can fall between the two.
    with daemon.events() as stream:
        start()
        known = _refresh(daemon, progress, chosen)
        paused = _is_paused(daemon)
        while progress.done < len(progress.deliveries) and not paused:
            watch(progress.done, len(progress.deliveries))
            event = _next(stream)
            if event.kind in LOOK_AGAIN or _is_pending(event):
                known = _refresh(daemon, progress, chosen)
                paused = _is_paused(daemon)
            elif event.delivery is not None and (chosen is None or event.session in chosen):
                progress.take(event.delivery)
    homeless = sum(1 for each in known.sessions if not each.deliveries and (chosen is None or each.id in chosen))
    return Outcome(deliveries=tuple(progress.deliveries.values()), homeless=homeless, paused=paused)


def _refresh(daemon: DaemonClient, progress: Progress, chosen: Collection[str] | None) -> SessionList:
    known = daemon.sessions()
    for _, delivery in _deliveries(known, chosen):
        progress.take(delivery)
    return known


def _deliveries(known: SessionList, chosen: Collection[str] | None) -> Iterator[tuple[str, Delivery]]:
    for session in known.sessions:
        if chosen is None or session.id in chosen:
            for delivery in session.deliveries:
                yield session.id, delivery


def _is_pending(event: StreamEvent) -> bool:
    """An event tells of a delivery alone: one that is pending in itself may be held for what its destination lacks."""
    return event.delivery is not None and event.delivery.state is DeliveryState.PENDING


def _is_paused(daemon: DaemonClient) -> bool:
    return daemon.status().state is DaemonState.PAUSED


def _next(stream: Iterator[StreamEvent]) -> StreamEvent:
    event = next(stream, None)
    if event is None or event.kind is EventKind.GOING_AWAY:
        raise Unreachable(
            "daemon-stopped",
            "The daemon stopped before everything was sent.",
            hint="Nothing is lost: it goes on when the daemon runs again.",
        )
    return event
