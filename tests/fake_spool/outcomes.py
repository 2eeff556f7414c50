"""What became of a delivery that was handed out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from logferry_daemon.core.delivery import State, Step
from logferry_daemon.core.exchange import Letter, Upload
from logferry_daemon.core.history import BROKEN_OFF, Ending
from logferry_model.envelope import Receipt
from tests.fake_spool.copies import Copies
from tests.fake_spool.filing import Filing
from tests.fake_spool.history import HistoryInMemory
from tests.fake_spool.shelves import KeptDelivery


class Outcomes(Filing, HistoryInMemory, Copies):
    """The part of the outbox that is told how it went."""

    async def keep_letter(self, delivery: str, letter: Letter) -> None:
        self._writable()
        if delivery in self._deliveries:  # else it was deleted meanwhile
            one = self._deliveries[delivery]
            one.letter, one.written = letter, True

    async def keep_upload(self, delivery: str, upload: Upload) -> bool:
        self._writable()
        if delivery not in self._deliveries:
            return False
        self._deliveries[delivery].upload = upload
        return True

    async def acked(self, delivery: str, receipt: Receipt | None, note: str, now: datetime, took: timedelta) -> None:
        one = self._writable_delivery(delivery)
        if one is None:
            return
        self._note_try(one, Ending.UPLOADED, note, took=took)
        url = (receipt.report_url or None) if receipt else None
        self._set(one, Step.ACK, last_error=note, attempts=one.row.attempts + 1, next_attempt=None, report_url=url)
        self._leave_upload(one)
        one.sent, one.letter = len(one.letter.body) if one.letter else 0, None
        one.took, one.uploaded_at, one.receipt = took, now, receipt
        self._supersede(one.row.session, one.row.destination)
        if error := self.broken_after:
            self.broken_after = None
            raise error

    async def deferred(
        self,
        delivery: str,
        reason: str,
        next_attempt: datetime,
        *,
        counts: bool,
        now: datetime | None = None,
        anew: bool = False,
        stuck: bool = False,
    ) -> None:
        one = self._writable_delivery(delivery)
        if one is None:
            return
        self._note_try(one, Ending.LATER, reason, now=now)
        attempts = one.row.attempts + counts
        began = one.row.last_attempt if now is None else now
        self._set(one, Step.DEFER, last_error=reason, attempts=attempts, next_attempt=next_attempt, last_attempt=began)
        if stuck:
            one.row = replace(one.row, stuck=one.row.stuck + 1, stuck_since=one.row.stuck_since or began)
        if anew:
            self._write_anew(one, cuts=one.upload.cuts)
        self._supersede(one.row.session, one.row.destination)

    async def parked(self, delivery: str, reason: str, now: datetime) -> None:
        one = self._writable_delivery(delivery)
        if one is None:
            return
        self._note_try(one, Ending.REFUSED, reason, now=now)
        attempts = one.row.attempts + 1
        self._set(one, Step.PARK, last_error=reason, attempts=attempts, next_attempt=None, last_attempt=now)
        self._supersede(one.row.session, one.row.destination)

    async def released(self, deliveries: Sequence[str]) -> None:
        self._writable()
        self._recover(one for one in self._all() if one.row.id in deliveries)

    async def hastened(self, deliveries: Sequence[str]) -> None:
        self._writable()
        for delivery in deliveries:
            one = self._deliveries.get(delivery)
            if one and one.row.state is State.PENDING:
                one.row = replace(one.row, next_attempt=None)

    def _recover(self, these: Iterable[KeptDelivery]) -> None:
        for one in these:
            if one.row.state is State.UPLOADING:
                self._note_try(one, Ending.BROKEN_OFF, BROKEN_OFF)
                self._set(one, Step.RECOVER, last_error="")
                self._supersede(one.row.session, one.row.destination)
