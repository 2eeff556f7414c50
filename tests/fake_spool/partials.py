"""Sessions that were kept while they ran."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from logferry_daemon.core.boundary import GONE, end_by
from logferry_daemon.core.preparing import ended
from logferry_daemon.ports import (
    Admitted,
)
from logferry_model.session import EndRule, SessionId
from tests.fake_spool.filing import Filing
from tests.fake_spool.shelves import KeptSession, ended_at, whole


class Partials(Filing):
    """A part of the intake."""

    async def partials(self, source: str) -> Mapping[SessionId, datetime]:
        these = [(key, kept) for key, kept in self._sessions.items() if kept.source == source and kept.runs]
        return {SessionId(key): self._came_at(kept) for key, kept in sorted(these)}

    async def sources_of_partials(self) -> Sequence[str]:
        return sorted({kept.source for kept in self._sessions.values() if kept.runs})

    async def complete(self, session: SessionId, destinations: Sequence[str], now: datetime) -> Admitted | None:
        self._writable()
        kept = self._sessions.get(session)
        if kept is None or not kept.runs:
            return None
        old, end = kept.new, end_by(EndRule.SILENCE, GONE)
        new = ended(whole(old), ended_at(kept), end, leaks=old.leaks, removed=old.removed)
        return self._keep(kept.source, replace(new, identity=old.identity), destinations, now)

    def _came_at(self, kept: KeptSession) -> datetime:
        rows = [row for row in self._rows_of(kept.new.session.id) if row.revision == kept.revision]
        return max((row.created_at for row in rows), default=kept.found_at)
