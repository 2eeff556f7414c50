"""What is done with sessions: sent now or later, cut anew, deleted, ended."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import msgspec
from msgspec.structs import replace

from logferry_ipc import messages as m
from logferry_model.errors import Misconfigured
from tests.fake_control.books import TRACKERS, Books


class Sessions(Books):
    """Moves deliveries from one state to the next."""

    async def upload(self, session: str) -> m.Changed:
        self.calls.append("upload")
        self._session(session)
        self._release(session)
        return m.Changed(changed=self._move({session}, m.DeliveryState.PENDING, m.DeliveryState.UPLOADED))

    async def upload_all(self, request: m.UploadAll = m.EVERYTHING) -> m.Changed:
        self.calls.append("upload_all")
        self.since = request.since
        for session in list(self.found.values()):
            if request.since is None or (session.ended_at or self.now) >= request.since:
                self._release(session.id)
        return m.Changed(changed=self._move(set(self.found), m.DeliveryState.PENDING, m.DeliveryState.UPLOADED))

    async def retry(self, request: m.RetryRequest) -> m.Changed:
        self.calls.append("retry")
        ids = set(request.ids) or set(self.found)
        return m.Changed(changed=self._move(ids, m.DeliveryState.FAILED, m.DeliveryState.PENDING))

    async def pause(self, request: m.PauseRequest) -> m.Done:
        self.calls.append("pause")
        self.paused = True
        self.paused_until = None
        if request.seconds is not None:
            self.paused_until = self.now + timedelta(seconds=request.seconds)
        self._changed()
        return m.Done()

    async def resume(self) -> m.Done:
        self.calls.append("resume")
        self.paused = False
        self.paused_until = None
        self._changed()
        return m.Done()

    async def recut(self, session: str, request: m.RecutRequest) -> m.Recut:
        self.calls.append("recut")
        self.recuts.append(request)
        before = [self._session(session), *(self._session(one) for one in request.merge)]
        began, ended = min(one.started_at for one in before), max(one.ended_at or self.now for one in before)
        cuts = [began, *request.at, ended]
        ids = [session, *(f"{number:016x}" for number in range(1, len(request.at) + 1))]
        after = [
            m.Part(id=identity, tracker=before[0].tracker, started_at=start, ended_at=end, events=1)
            for identity, start, end in zip(ids, cuts, cuts[1:], strict=False)
        ]
        told = [
            m.Part(id=one.id, tracker=one.tracker, started_at=one.started_at, ended_at=one.ended_at, events=one.events)
            for one in before
        ]
        return m.Recut(before=tuple(told), after=tuple(after), dry_run=request.dry_run)

    async def delete(self, session: str, request: m.DeleteRequest) -> m.Deleted:
        self.calls.append("delete")
        kept, run, gone = self.found.pop(session, None), self.runs.get(session), self.gone.get(session)
        known = kept or run or gone
        if known is None:
            raise Misconfigured("session-unknown", f"There is no session {session}.", hint="See sessions list.")
        copies = list(gone.copies if gone else ())
        copies += [
            m.Copy(destination=one.destination, state="kept", report_url=one.report_url)
            for one in (kept.deliveries if kept else ())
            if one.state is m.DeliveryState.UPLOADED
        ]
        if request.remote:
            copies = [replace(one, state="pending") if one.state != "deleted" else one for one in copies]
        self.gone[session] = m.DeletedSession(
            id=session, tracker=known.tracker, deleted_at=self.now, copies=tuple(copies)
        )
        self.log.publish(m.EventKind.SESSION_DELETED, at=self.now, session=session, tracker=known.tracker)
        return m.Deleted(sessions=(session,), copies=tuple(copies), running=run is not None, note="")

    async def end(self, session: str) -> m.Ended:
        self.calls.append("end")
        return self._end([self._run(session)])

    async def app_closed(self, app: str) -> m.Ended:
        self.calls.append("app_closed")
        if app not in TRACKERS:
            raise Misconfigured("app-unknown", f"No source has a program {app}.", hint=f"Known are: {TRACKERS}.")
        return self._end([one for one in self.runs.values() if one.tracker == app])

    async def preview(self, session: str, to: str) -> m.Preview:
        self._place(to)
        document = msgspec.json.encode({"id": self._session(session).id, "participants": [{"name": "player-0a1b"}]})
        return m.Preview(
            session=self._session(session).id,
            destination=to,
            content_type="application/json",
            content_encoding="identity",
            sha256=hashlib.sha256(document).hexdigest(),
            body=document,
            document=msgspec.Raw(document),
            removed=(m.Removal(field="tags", reason="by your choice for this destination", times=2),),
            state="pending",
        )

    def _end(self, over: list[m.RunningSession]) -> m.Ended:
        """What ran is found, with a delivery that waits; unless it is being written right now."""
        if self.writing:
            return m.Ended(waiting=len(over), note="Later.")
        for one in over:
            del self.runs[one.id]
            self.find(one.id, m.DeliveryState.PENDING, tracker=one.tracker)
        return m.Ended(ended=len(over), sessions=tuple(one.id for one in over))

    def _release(self, session: str) -> None:
        """What waits to be asked for is asked for."""
        kept = self.found[session]
        deliveries = tuple(
            replace(one, state=m.DeliveryState.PENDING, backlog=False, reason="") if one.backlog else one
            for one in kept.deliveries
        )
        self.found[session] = replace(kept, deliveries=deliveries)

    def _move(self, ids: set[str], old: m.DeliveryState, new: m.DeliveryState) -> int:
        """Every delivery of these sessions, or with these ids, from one state to another."""
        moved = 0
        for session in list(self.found.values()):
            deliveries = []
            for delivery in session.deliveries:
                hit = delivery.state is old and not self.paused and ids & {session.id, delivery.id}
                deliveries.append(replace(delivery, state=new) if hit else delivery)
                if hit:
                    moved += 1
                    kind = m.EventKind.DELIVERY_CHANGED
                    self.log.publish(kind, at=self.now, session=session.id, delivery=deliveries[-1])
            self.found[session.id] = replace(session, deliveries=tuple(deliveries))
        return moved
