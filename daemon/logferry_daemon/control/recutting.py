"""Splits and joins sessions for their owner: from words of the local API to an order for the spool, and back."""

from __future__ import annotations

from collections.abc import Sequence

from logferry_daemon.core.recut import Merge, Recut, Split
from logferry_daemon.fleet import Fleet
from logferry_daemon.ports import Clock, Ledger, UnknownSession
from logferry_ipc import messages as m
from logferry_model.errors import Misconfigured
from logferry_model.session import Session


class RecutDesk:
    """Takes orders, and tells everybody what became of them."""

    def __init__(self, fleet: Fleet, ledger: Ledger, clock: Clock) -> None:
        self._fleet = fleet
        self._ledger = ledger
        self._clock = clock

    async def recut(self, session: str, request: m.RecutRequest) -> m.Recut:
        """Carry it out, or only tell what would come of it."""
        order = await self._order(session, request)
        now, destinations = self._clock.now(), self._fleet.destinations()
        done = await self._ledger.recut(order, destinations, now, only_look=request.dry_run)
        if not request.dry_run:
            for part in done.after:
                self._fleet.listeners.session_found(part.id, part.tracker)
            self._fleet.listeners.state_changed()
            self._fleet.wake_couriers()
        return m.Recut(before=_parts(done.before), after=_parts(done.after), dry_run=request.dry_run)

    async def _order(self, session: str, request: m.RecutRequest) -> Recut:
        if bool(request.at) == bool(request.merge):
            hint = "As in: logferry sessions recut SESSION --at 21:30:00"
            raise Misconfigured(
                "recut-what", "Say where to split it or what to join it with: one of the two.", hint=hint
            )
        if any(at.tzinfo is None for at in request.at):
            raise Misconfigured("recut-zone", "The time has no zone.", hint="As in: 2026-01-01T21:30:00Z")
        whole = await self._whole_id(session)
        if request.at:
            return Split(whole, request.at)
        return Merge((whole, *[await self._whole_id(one) for one in request.merge]))

    async def _whole_id(self, beginning: str) -> str:
        found = await self._ledger.session(beginning)
        if found is None:
            raise UnknownSession(beginning)
        return found[0].id


def _parts(sessions: Sequence[Session]) -> tuple[m.Part, ...]:
    return tuple(
        m.Part(
            id=one.id,
            tracker=one.tracker,
            started_at=one.started_at,
            ended_at=one.ended_at,
            events=len(one.events),
            end=one.end,
        )
        for one in sessions
    )
