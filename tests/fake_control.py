"""A daemon without disk or network: Control in memory, with the manners of the real one. Time stands still unless moved."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec.structs import replace

from logferry_ipc import messages as m
from logferry_ipc.events import EventLog
from logferry_model.errors import Misconfigured, Refused, Unreachable
from logferry_model.figures import Measure, Statistics

START = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
TRACKERS = ("artemis", "resonance")
DIALECTS = ("logferry", "artemis-rest")
TAKES = {"putt": ("putt",)}


RULES = {
    m.DeliveryState.PENDING: "queued",
    m.DeliveryState.UPLOADING: "under-way",
    m.DeliveryState.UPLOADED: "uploaded",
    m.DeliveryState.FAILED: "refused",
    m.DeliveryState.HELD: "not-asked",
    m.DeliveryState.EXCLUDED: "superseded",
}


def policy(destination: m.DestinationInfo, terms: Mapping[str, str]) -> str:
    chosen = "".join(f"\n- {treatment}: {group}" for group, treatment in sorted(terms.items()))
    return f"Finished sessions are sent to {destination.url}, without names and chat.{chosen}"


class FakeControl:
    """Implements `logferry_ipc.control.Control`; tests put sessions in and look at what became of them."""

    def __init__(self, *, instance: str = "boot1", capacity: int = 1000) -> None:
        self.now = START
        self.log = EventLog(instance, started=START, capacity=capacity)
        self.found: dict[str, m.SessionSummary] = {}
        self.watched: dict[str, m.SourceInfo] = {}
        self.places: dict[str, m.DestinationInfo] = {}
        self.granted_at: dict[str, datetime] = {}
        self.secrets: dict[str, str] = {}
        self.tests: dict[str, m.DestinationTest] = {}
        """What destinations say of their keys."""
        self.terms: dict[str, dict[str, str]] = {}
        self.agreed_terms: tuple[str, ...] = ()
        """Destination -> group -> what its owner chose for it."""
        self.login_note = ""
        self.logout_note = ""
        self.logins: list[tuple[bool, bool]] = []
        """Of each, whether a key was to be made, and whether an account was to take over."""
        self.players: list[m.Identity] = []
        self.rules: list[m.IdentityRule] = []
        self.troubles: tuple[m.Attention, ...] = ()
        self.paused = False
        self.paused_until: datetime | None = None
        self.last_report_url: str | None = None
        self.state: m.DaemonState | None = None
        """Set to say which state it is in, instead of working it out."""
        self.stopping = False
        self.copy_report_url = False
        self.proofs: dict[str, str] = {}
        """Delivery -> what its destination says of it today, where that is not `verified`."""
        self.ledgers: list[str] = []
        """Since when each was asked for."""
        self.since: datetime | None = None
        """Of the last `upload_all`."""
        self.recuts: list[m.RecutRequest] = []
        self.gone: dict[str, m.DeletedSession] = {}
        self.runs: dict[str, m.RunningSession] = {}
        self.writing = False
        """Whether their logs are being written right now, so that nothing can end."""
        self.neighbours: tuple[m.Candidate, ...] = ()
        self.searched = 0.0
        """For how long, the last time."""
        self.keys: dict[str, str] = {}
        """Address -> the fingerprint shown there."""
        self.calls: list[str] = []

    # what a test does

    def find(
        self,
        session: str,
        *states: m.DeliveryState,
        tracker: str = "artemis",
        error: str = "",
    ) -> m.SessionSummary:
        """A session turns up, with one delivery per state."""
        deliveries = tuple(
            m.Delivery(id=f"{session}-{place}", destination=f"place{place}", revision=1, state=state, last_error=error)
            for place, state in enumerate(states)
        )
        summary = m.SessionSummary(
            id=session,
            tracker=tracker,
            source="main",
            started_at=self.now,
            ended_at=self.now + timedelta(hours=1),
            events=3,
            revision=1,
            deliveries=deliveries,
        )
        self.found[session] = summary
        self.log.publish(m.EventKind.SESSION_FOUND, at=self.now, session=session, tracker=tracker)
        return summary

    def join(self, session: str, other: str) -> None:
        """The owner joined a session to another one."""
        self.found[session] = replace(self.found[session], merged_into=other)

    def play(self, session: str, *, tracker: str = "artemis", events: int = 3) -> m.RunningSession:
        """A session runs, or has gone on."""
        measures = (Measure(name="loot", label="Loot", value=events / 2, unit="PED"),)
        running = m.RunningSession(
            id=session,
            tracker=tracker,
            source="main",
            started_at=self.now,
            last_at=self.now + timedelta(minutes=events),
            events=events,
            statistics=Statistics(events=events, measures=measures),
        )
        kind = m.EventKind.SESSION_PROGRESS if session in self.runs else m.EventKind.SESSION_STARTED
        self.runs[session] = running
        self.log.publish(kind, at=self.now, session=session, tracker=tracker)
        return running

    def trouble(self, *attention: m.Attention) -> None:
        """These things want a person from now on."""
        self.troubles = attention
        self._changed()

    # what Control offers

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

    async def ledger(self, since: str) -> m.Ledger:
        self.calls.append("ledger")
        self.ledgers.append(since)
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

    async def verify(self, request: m.VerifyRequest) -> m.Verification:
        self.calls.append("verify")
        known = {one.delivery: one for one in self._receipts()}
        return m.Verification(deliveries=tuple(self._verified(known[one]) for one in request.deliveries))

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

    async def sessions(self) -> m.SessionList:
        self.calls.append("sessions")
        newest_first = sorted(self.found.values(), key=lambda session: session.started_at, reverse=True)
        return m.SessionList(
            sessions=tuple(newest_first), running=tuple(self.runs.values()), deleted=tuple(self.gone.values())
        )

    async def session(self, session: str) -> m.SessionDetail:
        self.calls.append("session")
        return m.SessionDetail(session=self._session(session), statistics=Statistics())

    async def upload(self, session: str) -> m.Changed:
        self.calls.append("upload")
        self._session(session)
        self._release(session)
        return m.Changed(changed=self._move({session}, m.DeliveryState.PENDING, m.DeliveryState.UPLOADED))

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

    async def papers(self, after: str) -> m.PaperChanges:
        self.calls.append("papers")
        made = (
            m.PaperChange(seq=n, source="table", kind="party", id=f"p{n}", action="CREATE", at=START) for n in (1, 2)
        )
        return m.PaperChanges(changes=tuple(one for one in made if one.seq > int(after)))

    async def running(self) -> m.RunningSessions:
        self.calls.append("running")
        return m.RunningSessions(sessions=tuple(self.runs.values()))

    async def running_session(self, session: str) -> m.RunningSession:
        self.calls.append("running_session")
        return self._run(session)

    async def end(self, session: str) -> m.Ended:
        self.calls.append("end")
        return self._end([self._run(session)])

    async def app_closed(self, app: str) -> m.Ended:
        self.calls.append("app_closed")
        if app not in TRACKERS:
            raise Misconfigured("app-unknown", f"No source has a program {app}.", hint=f"Known are: {TRACKERS}.")
        return self._end([one for one in self.runs.values() if one.tracker == app])

    async def upload_all(self, request: m.UploadAll = m.EVERYTHING) -> m.Changed:
        self.calls.append("upload_all")
        self.since = request.since
        for session in list(self.found.values()):
            if request.since is None or (session.ended_at or self.now) >= request.since:
                self._release(session.id)
        return m.Changed(changed=self._move(set(self.found), m.DeliveryState.PENDING, m.DeliveryState.UPLOADED))

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

    async def sources(self) -> m.Sources:
        self.calls.append("sources")
        return m.Sources(sources=tuple(self.watched.values()), trackers=TRACKERS)

    async def add_source(self, source: m.NewSource) -> m.Sources:
        self.calls.append("add_source")
        if source.tracker not in TRACKERS:
            raise Misconfigured("tracker-unknown", f"There is no tracker {source.tracker}.", hint="See recipe list.")
        name = source.name or source.tracker
        self.watched[name] = m.SourceInfo(name=name, tracker=source.tracker, path=source.path, state="watching")
        self._changed()
        return await self.sources()

    async def remove_source(self, name: str) -> m.Sources:
        self.calls.append("remove_source")
        if self.watched.pop(name, None) is None:
            raise Misconfigured("source-unknown", f"There is no source {name}.")
        self._changed()
        return await self.sources()

    async def destinations(self) -> m.Destinations:
        self.calls.append("destinations")
        return m.Destinations(destinations=tuple(map(self._place, self.places)), dialects=DIALECTS, takes=TAKES)

    async def add_destination(self, destination: m.NewDestination) -> m.Destinations:
        self.calls.append("add_destination")
        if destination.name in self.places:
            raise Refused("destination-exists", f"There is a destination {destination.name} already.")
        self.places[destination.name] = m.DestinationInfo(
            name=destination.name,
            dialect=destination.dialect,
            url=destination.url,
            pin=destination.pin,
            account=destination.account,
            trackers=destination.trackers,
            upload_hosts=destination.upload_hosts,
            token_url=destination.token_url,
        )
        self._changed()
        return await self.destinations()

    async def pin_destination(self, name: str, pin: m.NewPin) -> m.Destinations:
        self.calls.append("pin_destination")
        self.places[name] = replace(self._place(name), pin=pin.pin)
        self.granted_at.pop(name, None)
        self._changed()
        return await self.destinations()

    async def change_account(self, name: str, account: m.NewAccount) -> m.Destinations:
        self.calls.append("change_account")
        self.places[name] = replace(self._place(name), account=account.account)
        self.granted_at.pop(name, None)
        self._changed()
        return await self.destinations()

    async def change_trackers(self, name: str, trackers: m.NewTrackers) -> m.Destinations:
        self.calls.append("change_trackers")
        self.places[name] = replace(self._place(name), trackers=trackers.trackers)
        self._changed()
        return await self.destinations()

    async def test_destination(self, name: str) -> m.DestinationTest:
        self.calls.append("test_destination")
        status = self._destination_status(name)
        told = self.tests.get(name, m.DestinationTest(name=name, state=status.state, key_reason="nobody answered"))
        return replace(told, state=status.state)

    async def discover(self, request: m.DiscoverRequest) -> m.Candidates:
        self.calls.append("discover")
        self.searched = request.seconds
        return m.Candidates(candidates=self.neighbours)

    async def fingerprint(self, request: m.FingerprintRequest) -> m.Fingerprint:
        self.calls.append("fingerprint")
        if request.url not in self.keys:
            raise Unreachable("refused", f"{request.url} cannot be reached.", hint="Is it running?")
        return m.Fingerprint(url=request.url, fingerprint=self.keys[request.url])

    async def remove_destination(self, name: str, wanted: m.Forgetting = m.FORGET) -> m.Destinations:
        self.calls.append("remove_destination")
        self._check_loss(name, wanted)
        for kept in (self.places, self.granted_at, self.secrets):
            kept.pop(name, None)
        self._changed()
        return await self.destinations()

    async def change_privacy(self, destination: str, change: m.PrivacyChange) -> m.Consent:
        self.terms[destination] = {**self.terms.get(destination, {}), **change.treatments}
        await self.revoke(destination)
        return await self.consent(destination)

    async def consent(self, destination: str) -> m.Consent:
        self.calls.append("consent")
        chosen = self.terms.get(destination, {})
        text = policy(self._place(destination), chosen)
        return m.Consent(
            destination=destination,
            granted=destination in self.granted_at,
            policy=text,
            policy_digest=hashlib.sha256(text.encode()).hexdigest(),
            granted_at=self.granted_at.get(destination),
            terms=tuple(f"{treatment}: {group}" for group, treatment in sorted(chosen.items())),
            agreed_terms=self.agreed_terms,
            identities=tuple(one for one in self.players if one.destination == destination),
        )

    async def grant(self, destination: str, grant: m.ConsentGrant) -> m.Consent:
        self.calls.append("grant")
        if grant.policy_digest != (await self.consent(destination)).policy_digest:
            raise Refused("policy-changed", "The policy is not the one that was agreed to.", hint="Read it again.")
        for one in grant.identities:
            self._decide(destination, one.tracker, one.identity, allowed=True)
        self.granted_at[destination] = self.now
        self._changed()
        return await self.consent(destination)

    async def revoke(self, destination: str) -> m.Consent:
        self.calls.append("revoke")
        self._place(destination)
        self.granted_at.pop(destination, None)
        self._changed()
        return await self.consent(destination)

    async def identities(self) -> m.Identities:
        self.calls.append("identities")
        return m.Identities(identities=tuple(self.players), rules=tuple(self.rules))

    async def decide_identity(self, decision: m.IdentityDecision) -> m.Identities:
        self.calls.append("decide_identity")
        self._place(decision.destination)
        self._decide(decision.destination, decision.tracker, decision.identity, allowed=decision.allowed)
        self._changed()
        return m.Identities(identities=tuple(self.players), rules=tuple(self.rules))

    async def login(self, destination: str, login: m.Login) -> m.Done:
        self.calls.append("login")
        self._place(destination)
        self.logins.append((login.anonymous, login.join))
        self.secrets[destination] = login.secret or "made up"
        return m.Done(note=self.login_note)

    def _check_loss(self, destination: str, wanted: m.Forgetting) -> None:
        lost = self._place(destination).lost_with_key
        if lost and wanted.confirm != m.OWN_KEY_ONLY:
            raise Refused(m.OWN_KEY_ONLY, lost, hint="Say that its owner agrees.")

    async def logout(self, destination: str, wanted: m.Forgetting = m.FORGET) -> m.Done:
        self.calls.append("logout")
        self._check_loss(destination, wanted)
        self.secrets.pop(destination, None)
        return m.Done(note=self.logout_note)

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

    # how it keeps its books

    def _deliveries(self) -> list[m.Delivery]:
        return [delivery for session in self.found.values() for delivery in session.deliveries]

    def _state(self, states: Counter[m.DeliveryState]) -> m.DaemonState:
        if self.paused:
            return m.DaemonState.PAUSED
        if self.troubles or states[m.DeliveryState.FAILED]:
            return m.DaemonState.ATTENTION
        return m.DaemonState.WORKING if states[m.DeliveryState.UPLOADING] else m.DaemonState.IDLE

    def _destination_status(self, name: str) -> m.DestinationStatus:
        if self.paused:
            return m.DestinationStatus(name=name, state="paused")
        state, trackers = "ready" if name in self.granted_at else "held", self.places[name].trackers
        return m.DestinationStatus(name=name, state=state, trackers=trackers)

    def _session(self, session: str) -> m.SessionSummary:
        if session not in self.found:
            raise Misconfigured("session-unknown", f"There is no session {session}.", hint="See sessions list.")
        return self.found[session]

    def _run(self, session: str) -> m.RunningSession:
        if session not in self.runs:
            raise Misconfigured("session-unknown", f"There is no running session {session}.", hint="See sessions list.")
        return self.runs[session]

    def _end(self, over: list[m.RunningSession]) -> m.Ended:
        """What ran is found, with a delivery that waits; unless it is being written right now."""
        if self.writing:
            return m.Ended(waiting=len(over), note="Later.")
        for one in over:
            del self.runs[one.id]
            self.find(one.id, m.DeliveryState.PENDING, tracker=one.tracker)
        return m.Ended(ended=len(over), sessions=tuple(one.id for one in over))

    def _decide(self, destination: str, tracker: str, identity: str, *, allowed: bool | None) -> None:
        """One rule more or less; whose name it is, or everybody, is what it says."""
        about = destination, tracker, identity
        self.rules = [one for one in self.rules if (one.destination, one.tracker, one.identity) != about]
        if allowed is not None:
            self.rules.append(
                m.IdentityRule(
                    destination=destination,
                    tracker=tracker,
                    identity=identity,
                    allowed=allowed,
                    decided_at=self.now,
                )
            )
        state = {None: "unknown", True: "allowed", False: "denied"}[allowed]
        self.players = [
            replace(one, state=state)
            if one.destination == destination and identity in {one.identity, "*"} and tracker in {one.tracker, "*"}
            else one
            for one in self.players
        ]

    def meet(self, identity: str, *, tracker: str = "artemis", destination: str = "home", waiting: int = 1) -> None:
        """Somebody plays whom nobody was asked about, and the status tells of a question."""
        self.players.append(
            m.Identity(
                destination=destination,
                tracker=tracker,
                title=tracker.title(),
                identity=identity,
                sessions=waiting,
                waiting=waiting,
                state="unknown",
            )
        )
        self.trouble(m.Attention(code="identity-unknown", message="Somebody new played.", hint="Answer."))

    def _place(self, name: str) -> m.DestinationInfo:
        if name not in self.places:
            raise Misconfigured("destination-unknown", f"There is no destination {name}.")
        return replace(
            self.places[name],
            consent=name in self.granted_at,
            credential="available" if name in self.secrets else "absent",
        )

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

    def _changed(self) -> None:
        self.log.publish(m.EventKind.STATE_CHANGED, at=self.now)
