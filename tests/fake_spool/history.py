"""What came of each try at a delivery, and the receipts of what arrived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from logferry_daemon.core.delivery import State
from logferry_daemon.core.history import MOST_ATTEMPTS, Attempt, Ending
from logferry_daemon.ports import (
    ReceiptRow,
)
from tests.fake_spool.shelves import KeptDelivery, Shelves
from tests.fakes import NOON


class HistoryInMemory(Shelves):
    """The part of the spool that remembers how things went."""

    async def attempts(self, session: str) -> Mapping[str, Sequence[Attempt]]:
        return {one.row.id: list(one.tries) for one in self._all() if one.row.session == session and one.tries}

    async def receipts(self, session: str | None) -> Sequence[ReceiptRow]:
        done = [one for one in self._all() if one.row.state is State.UPLOADED and session in {None, one.row.session}]
        found = [
            ReceiptRow(
                delivery=one.row.id,
                session=one.row.session,
                destination=one.row.destination,
                revision=one.row.revision,
                receipt=one.receipt,
                note=one.row.last_error,
                report_url=one.row.report_url,
                uploaded_at=one.uploaded_at or NOON,
                bytes_sent=one.sent,
                took=one.took,
            )
            for one in done
        ]
        return sorted(found, key=lambda row: (-row.uploaded_at.timestamp(), row.delivery))

    def _note_try(
        self,
        one: KeptDelivery,
        outcome: Ending,
        reason: str,
        *,
        now: datetime | None = None,
        took: timedelta | None = None,
    ) -> None:
        began = one.row.last_attempt or now or NOON
        if took is None and now is not None:
            took = max(now - began, timedelta())
        size = len(one.letter.body) if one.letter else 0
        number = one.tries[-1].number + 1 if one.tries else 1
        tried = Attempt(number=number, started_at=began, took=took, bytes=size, outcome=outcome, reason=reason)
        one.tries = [*one.tries, tried][-MOST_ATTEMPTS:]
