"""What there is and how it stands: counts, sessions, deliveries, troubles."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from logferry_daemon.core.delivery import State
from logferry_daemon.core.papers import Journaled
from logferry_daemon.core.reading import Trouble
from logferry_daemon.ports import (
    Backlog,
    DeliveryRow,
    Sent,
    SessionRow,
    Totals,
)
from logferry_model.session import Session
from tests.fake_spool.asking import Asking
from tests.fake_spool.shelves import KeptDelivery, ended_at
from tests.fakes import NOON


class LedgerInMemory(Asking):
    """The part of the spool that is looked at and changes nothing."""

    async def totals(self) -> Totals:
        done = [one for one in self._all() if one.row.state is State.UPLOADED]
        took = [one.took / timedelta(milliseconds=1) for one in done if one.took is not None]
        by_state: dict[tuple[str, State], int] = {}
        for one in self._all():
            key = one.row.destination, one.row.state
            by_state[key] = by_state.get(key, 0) + 1
        reports = [one for one in done if not (one.row.report_url or "file:").startswith("file:")]
        last = max(reports, key=lambda one: one.uploaded_at or NOON) if reports else None
        at_home = {one.row.session for one in self._all()}
        homeless = [key for key, kept in self._sessions.items() if key not in at_home and not kept.merged_into]
        return Totals(
            by_state=by_state,
            found=len([*self._all(), *homeless]),
            homeless=len(homeless),
            uploaded=len(done),
            bytes_sent=sum(one.sent for one in done),
            average_ms=sum(took) / len(took) if took else None,
            last_upload=max((one.uploaded_at for one in done if one.uploaded_at), default=None),
            last_report_url=last.row.report_url if last else None,
            backlog=self._backlog(),
            unasked=self._unasked_numbers(),
            barred=self._barred(),
            sent=self._sent(done),
        )

    def _sent(self, done: Sequence[KeptDelivery]) -> dict[str, Sent]:
        there: dict[str, list[KeptDelivery]] = {}
        for one in done:
            there.setdefault(one.row.destination, []).append(one)
        return {
            name: Sent(
                uploaded=len(these),
                bytes_sent=sum(one.sent for one in these),
                timed=sum(one.took is not None for one in these),
                took=sum((one.took for one in these if one.took is not None), timedelta()),
                last_upload=max((one.uploaded_at for one in these if one.uploaded_at), default=None),
            )
            for name, these in there.items()
        }

    def _backlog(self) -> Backlog | None:
        waiting = {one.row.session for one in self._all() if one.row.state is State.BACKLOG and self._is_wanted(one)}
        these = [self._sessions[key] for key in waiting]
        if not these:
            return None
        first = min(one.new.session.started_at for one in these)
        return Backlog(sessions=len(these), first=first, last=max(map(ended_at, these)))

    async def sessions(self) -> Sequence[tuple[SessionRow, Sequence[DeliveryRow]]]:
        newest = sorted(self._sessions, key=lambda key: (-self._start(key), key))
        return [(self._session_row(key), self._rows_of(key)) for key in newest]

    async def session(self, session: str) -> tuple[SessionRow, Sequence[DeliveryRow], Session] | None:
        found = [key for key in self._sessions if key.startswith(session)]
        if not session or len(found) != 1:
            return None
        document = msgspec.json.decode(self._sessions[found[0]].new.document, type=Session)
        return self._session_row(found[0]), self._rows_of(found[0]), document

    def _session_row(self, key: str) -> SessionRow:
        kept = self._sessions[key]
        session, end = kept.new.session, kept.new.session.end
        return SessionRow(
            id=session.id,
            tracker=session.tracker,
            source=kept.source,
            started_at=session.started_at,
            ended_at=session.ended_at,
            events=kept.new.events,
            revision=kept.revision,
            end_rule=end.rule if end else "",
            end_evidence=end.evidence if end else "",
            end_confidence=end.confidence if end else 0.0,
            found_at=kept.found_at,
            merged_into=kept.merged_into,
        )

    async def delivery(self, delivery: str) -> DeliveryRow | None:
        return self._judged(self._deliveries[delivery]) if delivery in self._deliveries else None

    async def failures(self, limit: int) -> Sequence[DeliveryRow]:
        failed = [self._judged(one) for one in self._all() if one.row.state is State.FAILED and self._is_wanted(one)]
        return sorted(failed, key=lambda row: row.last_attempt or NOON, reverse=True)[:limit]

    async def troubles(self) -> Sequence[tuple[str, str, Trouble]]:
        return [(*key, trouble) for key in sorted(self._files) for trouble in self._files[key].troubles]

    async def paper_changes(self, after: int) -> Sequence[Journaled]:
        return self._journal[after:]
