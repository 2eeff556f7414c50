"""What an owner has done with deliveries: let go, hurried, tried again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from logferry_daemon.core.delivery import State, Step
from tests.fake_spool.filing import Filing
from tests.fake_spool.shelves import ended_at


class Orders(Filing):
    """The part of the spool that does as it is told."""

    async def release(self, session: str | None, since: datetime | None) -> int:
        self._writable()
        chosen = [
            one
            for one in self._all()
            if one.row.state is State.BACKLOG
            and session in {None, one.row.session}
            and (since is None or since <= ended_at(self._sessions[one.row.session]))
        ]
        for one in chosen:
            self._set(one, Step.RELEASE)
        return len(chosen)

    async def hurry(self, session: str | None, now: datetime, *, asked: bool = True) -> int:
        self._writable()
        chosen = [one for one in self._all() if one.row.state is State.PENDING and session in {None, one.row.session}]
        for one in chosen:
            one.row = replace(one.row, next_attempt=None, asked=one.row.asked or asked)
        return len(chosen)

    async def retry(self, ids: Sequence[str], now: datetime) -> int:
        self._writable()
        failed = [one for one in self._all() if one.row.state is State.FAILED]
        beginnings = tuple(one for one in ids if one)
        chosen = [
            one
            for one in failed
            if not ids or one.row.id.startswith(beginnings) or one.row.session.startswith(beginnings)
        ]
        for one in chosen:
            self._set(one, Step.RETRY, attempts=0, next_attempt=None, asked=True, stuck=0, stuck_since=None)
            self._supersede(one.row.session, one.row.destination)
        return len(chosen)
