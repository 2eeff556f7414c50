"""Tells the way of each session, event by event, as lines of a transcript. Pure: what happened in, lines out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from logferry.blocks import Line, Span, Tone, Words, dim, line
from logferry.demo.views import DETAIL_INDENT, happening
from logferry.views.words import counted, short, state
from logferry_ipc.messages import Delivery, DeliveryState, SessionList, SessionSummary, StreamEvent


class Journey:
    """What has happened to every session so far."""

    def __init__(self) -> None:
        self._trackers: dict[str, str] = {}
        self._told: dict[str, str] = {}
        """Delivery -> what was last told of it."""
        self.held: set[str] = set()
        self.uploaded: dict[str, str] = {}
        """Session -> report URL."""

    def take(self, event: StreamEvent, *, after: timedelta) -> Iterator[Line]:
        """Lines for this event, if it tells anything new; `after` is the time since the demo began."""
        if event.session is not None and event.delivery is not None:
            yield from self._step(event.session, event.delivery, after)

    def look(self, known: SessionList, *, after: timedelta) -> Iterator[Line]:
        """Lines for what is new and what is held.

        Held is no event: a delivery is held by what its destination lacks, not by anything that happens to it.
        """
        for session in reversed(known.sessions):
            if session.id not in self._trackers:
                self._trackers[session.id] = session.tracker
                yield from self._found(session, after)
            for delivery in session.deliveries:
                if delivery.state is DeliveryState.HELD:
                    yield from self._step(session.id, delivery, after)

    def _found(self, session: SessionSummary, after: timedelta) -> Iterator[Line]:
        events = counted(session.events, "event")
        yield self._line(session.id, after, Span("found", Tone.STRONG), f": {events}, ended by")
        if session.end is not None:
            yield line(dim(session.end.evidence), indent=DETAIL_INDENT)

    def _step(self, session: str, delivery: Delivery, after: timedelta) -> Iterator[Line]:
        self.held.discard(session)
        if delivery.state is DeliveryState.HELD:
            self.held.add(session)
        elif delivery.state is DeliveryState.UPLOADED:
            self.uploaded[session] = delivery.report_url or ""
        told = f"{delivery.state} {delivery.reason} {delivery.last_error}"
        if self._told.get(delivery.id) != told:
            self._told[delivery.id] = told
            yield self._line(session, after, *_words(delivery))
            if delivery.state is DeliveryState.UPLOADED and delivery.report_url:
                yield line(delivery.report_url, indent=DETAIL_INDENT)

    def _line(self, session: str, after: timedelta, *words: Words) -> Line:
        return happening(after, self._trackers.get(session, ""), *words, session=short(session))


def _words(delivery: Delivery) -> tuple[Words, ...]:
    word = state(delivery.state)
    remark = delivery.reason or delivery.last_error
    return (word, f": {remark}") if remark else (word,)
