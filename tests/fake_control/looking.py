"""Questions that change nothing: the status, the ledger, sessions, receipts."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime

from msgspec.structs import replace

from logferry_ipc import messages as m
from logferry_model.figures import Statistics
from tests.fake_control.books import START, Books

RULES = {
    m.DeliveryState.PENDING: "queued",
    m.DeliveryState.UPLOADING: "under-way",
    m.DeliveryState.UPLOADED: "uploaded",
    m.DeliveryState.FAILED: "refused",
    m.DeliveryState.HELD: "not-asked",
    m.DeliveryState.EXCLUDED: "superseded",
}


class Looking(Books):
    """Shows what is in the books."""

    async def status(self) -> m.Status:
        self.calls.append("status")
        states = Counter(delivery.state for delivery in self._deliveries())
        return m.Status(
            state=self.state or self._state(states),
            version="0.0.0",
            counts=m.Counts(found=states.total(), **{state.value: count for state, count in states.items()}),
            destinations=tuple(self._destination_status(name) for name in self.places),
            attention=self.troubles,
            metrics=m.Metrics(uploaded=states[m.DeliveryState.UPLOADED]),
            paused=self.paused,
            paused_until=self.paused_until,
            last_report_url=self.last_report_url,
            running=tuple(self.runs.values()),
            copy_report_url=self.copy_report_url,
        )

    async def metrics(self) -> m.Exposition:
        self.calls.append("metrics")
        return m.Exposition(text=f"# TYPE logferry_found gauge\nlogferry_found {len(self._deliveries())}\n")

    async def doctor(self) -> m.Checks:
        self.calls.append("doctor")
        return m.Checks(checks=(m.Check(name="clock", level="ok", message="The clock is right."),))

    def events(self, cursor: str | None) -> AsyncIterator[m.StreamEvent]:
        self.calls.append("events")
        return self.log.follow(cursor)

    async def stop(self) -> m.Stopped:
        self.calls.append("stop")
        self.stopping = True
        counts = (await self.status()).counts
        return m.Stopped(waiting=counts.pending + counts.uploading, counts=counts)

    async def sessions(self) -> m.SessionList:
        self.calls.append("sessions")
        newest_first = sorted(self.found.values(), key=lambda session: session.started_at, reverse=True)
        return m.SessionList(
            sessions=tuple(newest_first), running=tuple(self.runs.values()), deleted=tuple(self.gone.values())
        )

    async def session(self, session: str) -> m.SessionDetail:
        self.calls.append("session")
        return m.SessionDetail(session=self._session(session), statistics=Statistics())

    async def running(self) -> m.RunningSessions:
        self.calls.append("running")
        return m.RunningSessions(sessions=tuple(self.runs.values()))

    async def running_session(self, session: str) -> m.RunningSession:
        self.calls.append("running_session")
        return self._run(session)

    async def papers(self, after: str) -> m.PaperChanges:
        self.calls.append("papers")
        made = (
            m.PaperChange(seq=n, source="table", kind="party", id=f"p{n}", action="CREATE", at=START) for n in (1, 2)
        )
        return m.PaperChanges(changes=tuple(one for one in made if one.seq > int(after)))

    async def ledger(self, since: str, until: str) -> m.Ledger:
        self.calls.append("ledger")
        self.ledgers.append((since, until))
        states = Counter(delivery.state for delivery in self._deliveries())
        counts = m.Counts(found=states.total(), **{state.value: count for state, count in states.items()})
        group = m.LedgerGroup(name="main", sessions=len(self.found), counts=counts)
        return m.Ledger(
            since=datetime.fromisoformat(since) if since else None,
            until=self.now,
            sessions=len(self.found),
            counts=counts,
            days=(replace(group, name="2026-03-01"),),
            sources=(group,),
            lines=tuple(
                m.LedgerLine(
                    state=one.state,
                    rule=RULES[one.state],
                    reason=one.last_error or RULES[one.state],
                    destination=one.destination,
                    count=1,
                    sessions=(session.id,),
                )
                for session in self.found.values()
                for one in session.deliveries
            ),
            uploads=tuple(
                m.LedgerUpload(
                    session=one.session,
                    destination=one.destination,
                    uploaded_at=one.uploaded_at,
                    report_url=one.report_url,
                )
                for one in self._receipts()
            ),
            deleted=len(self.gone),
            troubles=tuple(
                m.LedgerTrouble(source="main", path="a.log", code=one.code, message=one.message)
                for one in self.troubles
            ),
        )

    async def receipts(self, session: str) -> m.Receipts:
        self.calls.append("receipts")
        if session:
            self._session(session)
        return m.Receipts(receipts=tuple(one for one in self._receipts() if session in {"", one.session}))

    async def verify(self, request: m.VerifyRequest) -> m.Verification:
        self.calls.append("verify")
        known = {one.delivery: one for one in self._receipts()}
        return m.Verification(deliveries=tuple(self._verified(known[one]) for one in request.deliveries))

    def _state(self, states: Counter[m.DeliveryState]) -> m.DaemonState:
        if self.paused:
            return m.DaemonState.PAUSED
        if self.troubles or states[m.DeliveryState.FAILED]:
            return m.DaemonState.ATTENTION
        return m.DaemonState.WORKING if states[m.DeliveryState.UPLOADING] else m.DaemonState.IDLE

    def _receipts(self) -> list[m.ReceiptInfo]:
        return [
            m.ReceiptInfo(
                delivery=one.id,
                session=session.id,
                destination=one.destination,
                revision=one.revision,
                uploaded_at=self.now,
                report_url=one.report_url,
                report_id="report",
                received_digest="ab" * 32,
                payload_digest="cd" * 32,
            )
            for session in self.found.values()
            for one in session.deliveries
            if one.state is m.DeliveryState.UPLOADED
        ]

    def _verified(self, one: m.ReceiptInfo) -> m.Verified:
        state = self.proofs.get(one.delivery, "verified")
        return m.Verified(
            delivery=one.delivery,
            session=one.session,
            destination=one.destination,
            state=state,
            reason="" if state == "verified" else "it says so",
            received_digest=one.received_digest,
            payload_digest=one.payload_digest,
            received_there=one.received_digest if state == "verified" else "",
            payload_there=one.payload_digest if state == "verified" else "",
        )
