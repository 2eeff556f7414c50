"""Answers what became of everything, and what proofs there are. How it adds up stands in core/ledger.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from logferry_daemon.control import views
from logferry_daemon.core.gate import OPEN, Gate
from logferry_daemon.core.ledger import NO_DESTINATION_TEXT, Entry, Group, Line, Rule, book, why
from logferry_daemon.ports import Clock, DeliveryRow, ReceiptRow, SessionRow, Spool, UnknownSession
from logferry_ipc import messages as m
from logferry_model.errors import Misconfigured

MOST_UPLOADS = 1000
"""That a ledger names; the receipts have all of them."""


AllGates = Callable[[], Awaitable[Mapping[str, Gate]]]
"""Of every destination that there is, by name."""


class LedgerDesk:
    """Reads the spool and adds up."""

    def __init__(self, gates: AllGates, spool: Spool, clock: Clock, zone: tzinfo | None = None) -> None:
        self._gates = gates
        self._spool = spool
        self._clock = clock
        self._zone = zone
        """Whose calendar the days are of; None is the system's."""

    async def ledger(self, since: str, until: str) -> m.Ledger:
        """Of everything that was found in between."""
        period = Period.asked(since, until, self._clock.now())
        gates = await self._gates()
        found = [one for one in await self._spool.sessions() if one[0].found_at in period]
        added = book(entry for row, deliveries in found for entry in self._entries(row, deliveries, gates))
        known = {row.id for row, _ in found}
        uploads = [one for one in await self._spool.receipts(None) if one.session in known]
        deleted = [one for one in await self._spool.deleted() if one.deleted_at in period]
        return m.Ledger(
            since=period.begin,
            until=period.end or self._clock.now(),
            sessions=added.sessions,
            counts=views.counted(Counter(added.by_state)),
            days=tuple(map(_group, added.days)),
            sources=tuple(map(_group, added.sources)),
            lines=tuple(map(_line, added.lines)),
            uploads=tuple(map(_upload, uploads[:MOST_UPLOADS])),
            deleted=len(deleted),
            troubles=tuple(
                m.LedgerTrouble(source=source, path=path, code=trouble.code, message=trouble.message)
                for source, path, trouble in await self._spool.troubles()
            ),
        )

    def _entries(
        self, row: SessionRow, deliveries: Sequence[DeliveryRow], gates: Mapping[str, Gate]
    ) -> Iterator[Entry]:
        day = row.found_at.astimezone(self._zone).date()
        if not deliveries and row.merged_into is None:
            yield Entry(
                day=day,
                source=row.source,
                session=row.id,
                destination="",
                state="held",
                rule=Rule.NO_DESTINATION,
                reason=NO_DESTINATION_TEXT,
            )
        for one in deliveries:
            gate = gates.get(one.destination, OPEN)
            state, rule, reason = why(one.state, gate, one.standing, attempts=one.attempts, note=one.last_error)
            yield Entry(
                day=day,
                source=row.source,
                session=row.id,
                destination=views.place_name(one.destination),
                state=state,
                rule=rule,
                reason=reason,
            )

    async def receipts(self, session: str) -> m.Receipts:
        """Of one session, by the beginning of its id, or of all."""
        if not session:
            return m.Receipts(receipts=tuple(map(receipt_info, await self._spool.receipts(None))))
        found = await self._spool.session(session)
        if found is None:
            raise UnknownSession(session)
        return m.Receipts(receipts=tuple(map(receipt_info, await self._spool.receipts(found[0].id))))


@dataclass(frozen=True, slots=True)
class Period:
    """From a beginning to an end that is not in it; None is where there is none."""

    begin: datetime | None
    end: datetime | None

    @classmethod
    def asked(cls, since: str, until: str, now: datetime) -> Period:
        """As two times in a question say, or Misconfigured. One that is to end later than now has not ended."""
        begin, end = moment(since, "since"), moment(until, "until")
        if begin is not None and end is not None and end <= begin:
            raise Misconfigured("period-unusable", "The period ends before it begins.", hint="Give a later `until`.")
        return cls(begin, end if end is None or end <= now else None)

    def __contains__(self, at: datetime) -> bool:
        return (self.begin is None or at >= self.begin) and (self.end is None or at < self.end)


def moment(text: str, name: str) -> datetime | None:
    """The time in a question, or Misconfigured; None for none."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is not None:
            return at
    except ValueError:
        pass
    said = f'"{text[:40]}" is no time with a zone.'
    raise Misconfigured(f"{name}-unusable", said, hint="As in: 2026-01-01T00:00:00Z")


def receipt_info(row: ReceiptRow) -> m.ReceiptInfo:
    """One receipt, in the words of the local API."""
    proof = row.receipt
    return m.ReceiptInfo(
        delivery=row.delivery,
        session=row.session,
        destination=views.place_name(row.destination),
        revision=row.revision,
        uploaded_at=row.uploaded_at,
        report_url=row.report_url,
        report_id=proof.report_id if proof else "",
        receipt_id=proof.receipt_id if proof else "",
        received_digest=proof.received_digest if proof else "",
        payload_digest=proof.payload_digest if proof else "",
        bytes_sent=row.bytes_sent,
        note=row.note,
    )


def _upload(row: ReceiptRow) -> m.LedgerUpload:
    return m.LedgerUpload(
        session=row.session,
        destination=views.place_name(row.destination),
        uploaded_at=row.uploaded_at,
        report_url=row.report_url,
    )


def _group(group: Group) -> m.LedgerGroup:
    return m.LedgerGroup(name=group.name, sessions=group.sessions, counts=views.counted(Counter(group.by_state)))


def _line(line: Line) -> m.LedgerLine:
    return m.LedgerLine(
        state=m.DeliveryState(line.state),
        rule=line.rule.value,
        reason=line.reason,
        destination=line.destination,
        count=line.count,
        sessions=line.sessions,
    )
