"""Keeps sessions and their deliveries: what is news, what follows what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from logferry_daemon.core.delivery import NEXT, State, Step, first_state, stays_asked
from logferry_daemon.core.new_session import NewSession
from logferry_daemon.ports import UNASKED, Admitted, DeliveryRow, destination_note, followed, source_note
from tests.fake_spool.remnants import RemnantsInMemory
from tests.fake_spool.shelves import KeptDelivery, KeptSession, ended_at


class Filing(RemnantsInMemory):
    """Files what others hand in."""

    def _keep(
        self,
        source: str,
        new: NewSession,
        destinations: Sequence[str],
        now: datetime,
        *,
        plan: str | None = None,
        parents: Sequence[str] = (),
        first: Sequence[str] = (),
    ) -> Admitted:
        known = self._sessions.get(new.session.id)
        revision = (known.revision + 1 if known else 1) + bool(first)
        before = {to: self._before(to, (new.session.id, *parents)) for to in destinations}
        asked = {to: self._still_asked(to, (new.session.id, *parents)) for to in destinations}
        found_at = known.found_at if known else now
        self._sessions[new.session.id] = KeptSession(new, known.source if known else source, revision, found_at, plan)
        if plan is None:
            self._keep_texts(new)
        for destination in destinations:
            if new.session.end is None and before[destination] is State.FAILED:
                continue
            if destination in first:
                self._deliver(
                    new.session.id, destination, now, before[destination], asked=asked[destination], summary=True
                )
            self._deliver(new.session.id, destination, now, before[destination], asked=asked[destination])
        return Admitted(session=new.session.id, revision=revision, new=True)

    def _keep_texts(self, new: NewSession) -> None:
        left = {key: text for key, text in self._kept.items() if key[1] != new.session.id}
        self._kept = left | {(slot, str(new.session.id)): text for slot, text in new.kept.items()}

    def _before(self, destination: str, sessions: Sequence[str]) -> State | None:
        """Where the newest delivery of one of them stands: of one that was asked for rather than of another."""
        states = [
            max(rows, key=lambda row: row.revision).state
            for session in sessions
            if (rows := [row for row in self._rows_of(session) if row.destination == destination])
        ]
        waiting = [state for state in states if state in {State.BACKLOG, State.EXCLUDED}]
        return next((state for state in states if state not in waiting), next(iter(waiting), None))

    def _still_asked(self, destination: str, sessions: Sequence[str]) -> bool:
        newest = [
            max(rows, key=lambda row: row.revision)
            for session in sessions
            if (rows := [row for row in self._rows_of(session) if row.destination == destination])
        ]
        return any(stays_asked(row.state, asked=row.asked) for row in newest)

    def _deliver(
        self,
        session: str,
        destination: str,
        now: datetime,
        before: State | None,
        *,
        asked: bool = False,
        summary: bool = False,
    ) -> None:
        kept = self._sessions[session]
        since = [followed(note) for key in self._since(kept, destination) if (note := self._notes.get(key))]
        old = bool(since) and ended_at(kept) < max(since)
        row = DeliveryRow(
            id=self.chance.token()[:16],
            session=kept.new.session.id,
            destination=destination,
            revision=kept.revision - summary,
            state=first_state(old=old, unasked=UNASKED in self._notes, before=before),
            attempts=0,
            created_at=now,
            asked=asked,
        )
        self._deliveries[row.id] = KeptDelivery(row, self.chance.token(), backfill=old, summary=summary)
        self._supersede(session, destination)

    def _since(self, kept: KeptSession, destination: str) -> tuple[str, str]:
        return source_note(kept.source), destination_note(destination)

    def _supersede(self, session: str, destination: str) -> None:
        # Not as pairs: a tuple for each of ten thousand, ten thousand times, can be felt.
        these = [one for one in self._all() if one.row.session == session and one.row.destination == destination]
        newest = max((one.row.revision for one in these), default=0)
        into = self._sessions[session].merged_into
        reason = f"merged into {into}" if into else f"superseded by revision {newest}"
        for one in these:
            overtaken = one.row.revision < newest and not self._goes_first(one, these, newest)
            if (into or overtaken) and (one.row.state, Step.SUPERSEDE) in NEXT:
                self._set(one, Step.SUPERSEDE, last_error=reason)
                self._leave_upload(one)

    def _goes_first(self, one: KeptDelivery, these: Sequence[KeptDelivery], newest: int) -> bool:
        there = any(other.row.revision == newest and other.row.state is State.UPLOADED for other in these)
        return one.summary and one.row.revision == newest - 1 and not there
