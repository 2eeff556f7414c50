"""Which deliveries go now: handed out once, oldest first."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from logferry_daemon.core.delivery import State, Step
from logferry_daemon.core.exchange import Parcel
from logferry_daemon.core.identities import Standing
from logferry_daemon.core.summaries import summary_of
from logferry_daemon.core.waiting import is_ahead
from logferry_daemon.ports import (
    Claimed,
    DeliveryRow,
)
from tests.fake_spool.due import LONG_AGO, due_at, is_due
from tests.fake_spool.players import Players
from tests.fake_spool.shelves import KeptDelivery


class Claiming(Players):
    """The part of the outbox that hands out."""

    async def claim(
        self,
        destination: str,
        now: datetime,
        limit: int,
        *,
        backfill: int,
        only_asked: bool = False,
        longest_untried: bool = False,
        but: Collection[str] = (),
    ) -> Sequence[Claimed]:
        self._writable()
        waiting = self._may_go(destination, only_asked=only_asked)
        due = [one for one in waiting if is_due(one.row, now) and not _kept_from(one.row, but)]
        due.sort(key=lambda one: (self._sessions[one.row.session].new.session.started_at, one.row.id))
        if longest_untried and (left := [one for one in due if backfill > 0 or not one.backfill]):
            # Of those that were left alone as long as the first: what goes by itself before a backfill.
            first = min(left, key=lambda one: (_tried(one.row, now), one.backfill))
            since = _tried(first.row, now)
            due = [one for one in left if _tried(one.row, now) == since and one.backfill is first.backfill]
        fresh = [one for one in due if not one.backfill][:limit]
        old = [one for one in due if one.backfill][: min(limit - len(fresh), backfill)]
        return [self._claim(one, now) for one in (*fresh, *old)]

    def _claim(self, one: KeptDelivery, now: datetime) -> Claimed:
        self._set(one, Step.CLAIM, last_attempt=now, next_attempt=None)
        return self._claimed(one, whole=one.letter is None)

    def _claimed(self, one: KeptDelivery, *, whole: bool) -> Claimed:
        new = self._sessions[one.row.session].new
        session = new.session
        document = summary_of(new.document) if one.summary else new.document
        parcel = Parcel(
            session=session.id,
            tracker=session.tracker,
            natural_key=session.natural_key,
            revision=one.row.revision,
            started_at=session.started_at,
            ended_at=session.ended_at,
            partial=one.summary or session.end is None,
            document=document if whole else b"",
            idempotency_key=one.key,
            install_id=self._notes.setdefault(f"install-id:{one.row.destination}", self.chance.token()),
            app_version="1.2.3",
            platform="linux",
        )
        return Claimed(
            row=one.row,
            parcel=parcel,
            letter=one.letter,
            upload=one.upload,
            backfill=one.backfill,
            leaks=new.leaks,
            removed=new.removed,
        )

    async def look_at(self, session: str, destination: str) -> Claimed | None:
        these = [one for one in self._all() if (one.row.session, one.row.destination) == (session, destination)]
        return self._claimed(max(these, key=lambda one: one.row.revision), whole=True) if these else None

    async def kept(self, document: bytes) -> Mapping[str, str]:
        return {slot: text for (slot, _), text in self._kept.items() if slot.encode() in document}

    async def next_due(
        self,
        destination: str,
        now: datetime,
        *,
        backfill: bool,
        only_asked: bool = False,
        but: Collection[str] = (),
    ) -> datetime | None:
        these = [one for one in self._may_go(destination, only_asked=only_asked) if one.backfill is backfill]
        return min((due_at(one.row, now) for one in these if not _kept_from(one.row, but)), default=None)

    def _may_go(self, destination: str, *, only_asked: bool = False) -> list[KeptDelivery]:
        these = [one for one in self._pending(destination) if one.row.asked or not only_asked]
        after = self._after_summaries(destination)
        allowed = (one for one in these if (one.row.session, one.row.revision) not in after)
        return [one for one in allowed if self._judged(one).standing is Standing.ALLOWED]

    def _after_summaries(self, destination: str) -> set[tuple[str, int]]:
        """Sessions and revisions that wait for their summary."""
        return {
            (one.row.session, one.row.revision + 1)
            for one in self._all()
            if one.summary and one.row.destination == destination and one.row.state in {State.PENDING, State.UPLOADING}
        }


def _tried(row: DeliveryRow, now: datetime) -> datetime:
    """The last time; long ago where it never was, or where the clock was set back since."""
    return LONG_AGO if row.last_attempt is None or is_ahead(row.last_attempt, now) else row.last_attempt


def _kept_from(row: DeliveryRow, but: Collection[str]) -> bool:
    return row.next_attempt is not None and row.id in but
