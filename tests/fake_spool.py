"""The spool in memory. It passes the same contract tests as the one in SQLite, step by step beside it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import msgspec

from logferry_daemon.core.backoff import RETRY_AFTER_CAP
from logferry_daemon.core.boundary import GONE, end_by
from logferry_daemon.core.consent import Grant
from logferry_daemon.core.delivery import NEXT, UNSENT, State, Step, first_state, stays_asked, step
from logferry_daemon.core.evening import REACH, Told
from logferry_daemon.core.exchange import Letter, Parcel, Upload
from logferry_daemon.core.history import BROKEN_OFF, MOST_ATTEMPTS, Attempt, Ending
from logferry_daemon.core.identities import UNSURE, Binding, Player, Standing, decided, standing, together, void
from logferry_daemon.core.known_secrets import Secrets
from logferry_daemon.core.packing import unpacked
from logferry_daemon.core.papers import Journaled, changes
from logferry_daemon.core.policy import Group
from logferry_daemon.core.preparing import ended, is_frame, part_of, withheld
from logferry_daemon.core.queue_bound import HINT, QUEUE_FULL, Bound, Extent, full
from logferry_daemon.core.reading import Paper, Trouble
from logferry_daemon.core.recut import (
    Merge,
    Plan,
    Recount,
    Recut,
    check_neighbours,
    makers,
    merge,
    parts,
    split,
    uncounted,
)
from logferry_daemon.core.removal import NEXT as COPY_NEXT
from logferry_daemon.core.removal import CopyState, CopyStep, copy_step
from logferry_daemon.core.revision import is_news
from logferry_daemon.core.slots import slot_of
from logferry_daemon.core.summaries import summary_of
from logferry_daemon.ports import (
    HEEDED,
    NO_SUMMARIES,
    UNASKED,
    Admitted,
    Backlog,
    Claimed,
    CopyRow,
    DeletedRow,
    DeliveryRow,
    FileRow,
    NewSession,
    ReceiptRow,
    Recutting,
    Removed,
    Seen,
    Sent,
    SessionRow,
    StillRuns,
    Totals,
    UnknownSession,
    Withheld,
    destination_note,
    earlier,
    followed,
    heard_of,
    place_note,
    source_note,
    summarised,
    terms_note,
    trackers_in,
    trackers_note,
    version_of,
)
from logferry_model.envelope import Receipt
from logferry_model.errors import LogferryError, Unreachable
from logferry_model.session import EndRule, Session, SessionId
from tests.fakes import NOON, FixedChance

WAITING = frozenset({State.PENDING, State.UPLOADING, State.FAILED})


@dataclass
class _Session:
    new: NewSession
    source: str
    revision: int
    found_at: datetime
    plan: str | None = None
    merged_into: SessionId | None = None

    @property
    def runs(self) -> bool:
        return self.new.session.end is None and not self.merged_into


@dataclass
class _Delivery:
    row: DeliveryRow
    key: str
    letter: Letter | None = None
    written: bool = False
    """Also once the letter was emptied."""
    upload: Upload = Upload()  # noqa: RUF009 -- it cannot change
    sent: int = 0
    took: timedelta | None = None
    uploaded_at: datetime | None = None
    backfill: bool = False
    summary: bool = False
    receipt: Receipt | None = None
    tries: list[Attempt] = field(default_factory=list)


@dataclass
class _Plan:
    originals: dict[str, _Session] = field(default_factory=dict)
    cuts: tuple[int, ...] = ()

    @property
    def plan(self) -> Plan:
        return Plan(tuple(self.originals[key].new.session for key in sorted(self.originals)), self.cuts)


@dataclass
class MemorySpool:
    """All five parts of the spool, in dictionaries."""

    chance: FixedChance = field(default_factory=FixedChance)
    broken: Exception | None = None
    """Set: nothing can be written, as on a full disk."""
    broken_after: LogferryError | None = None
    """Set: what comes of the next delivery is kept, and said to have failed."""
    bound: Bound = field(default_factory=Bound)
    no_room: Unreachable | None = None
    recount: Recount = uncounted
    _files: dict[tuple[str, str], FileRow] = field(default_factory=dict)
    _sessions: dict[str, _Session] = field(default_factory=dict)
    _deliveries: dict[str, _Delivery] = field(default_factory=dict)
    _grants: dict[str, Grant] = field(default_factory=dict)
    _bindings: list[Binding] = field(default_factory=list)
    _notes: dict[str, str] = field(default_factory=dict)
    _plans: dict[str, _Plan] = field(default_factory=dict)
    _papers: dict[tuple[str, str], tuple[Paper, ...]] = field(default_factory=dict)
    _journal: list[Journaled] = field(default_factory=list)
    _kept: dict[tuple[str, str], str] = field(default_factory=dict)
    """Slot and session -> text."""
    _deleted: dict[str, DeletedRow] = field(default_factory=dict)
    _copies: dict[str, CopyRow] = field(default_factory=dict)
    dirty: bool = False
    """Something was deleted since the last scrub."""

    def restart(self) -> None:
        """The daemon was ended and started."""
        self._recover(self._all())

    def _recover(self, these: Iterable[_Delivery]) -> None:
        for one in these:
            if one.row.state is State.UPLOADING:
                self._note_try(one, Ending.BROKEN_OFF, BROKEN_OFF)
                self._set(one, Step.RECOVER, last_error="")
                self._supersede(one.row.session, one.row.destination)

    # Intake

    async def files(self, source: str) -> Sequence[FileRow]:
        return [row for row in self._files.values() if row.source == source]

    async def admit(
        self,
        row: FileRow,
        sessions: Sequence[NewSession],
        destinations: Sequence[str],
        now: datetime,
        papers: Sequence[Paper] | None = None,
        *,
        summaries: Mapping[str, int] = NO_SUMMARIES,
    ) -> Sequence[Admitted]:
        self._writable()
        self._check_room(sessions)
        if papers is not None:
            self._note_papers((row.source, row.path), papers, now)
        admitted = [self._admit(row.source, one, destinations, now, summaries) for one in sessions]
        self._files[row.source, row.path] = row
        self.no_room = None if sessions else self.no_room
        return [one for some in admitted for one in some]

    def _check_room(self, sessions: Sequence[NewSession]) -> None:
        extent = self._extent()
        new = [one for one in sessions if one.session.id not in self._sessions and one.session.id not in self._deleted]
        if new and not self.bound.leaves_room(extent):
            self.no_room = Unreachable(QUEUE_FULL, full(extent, self.bound), hint=HINT)
            raise self.no_room

    def _extent(self) -> Extent:
        waiting = {one.row.session for one in self._all() if one.row.state in WAITING}
        return Extent(sessions=len(waiting), bytes=sum(len(self._sessions[one].new.document) for one in waiting))

    async def measure(self) -> None:
        if self.no_room and self.bound.leaves_room(self._extent()):
            self.no_room = None

    @property
    def trouble(self) -> LogferryError | None:
        return self.broken if isinstance(self.broken, LogferryError) else self.no_room

    async def probe(self) -> None:
        self._writable()

    def _note_papers(self, file: tuple[str, str], papers: Sequence[Paper], now: datetime) -> None:
        before = self._papers.get(file, ())
        for change in changes(before, papers):
            number = len(self._journal) + 1
            self._journal.append(Journaled(seq=number, source=file[0], path=file[1], change=change, at=now))
        self._papers[file] = tuple(papers)

    async def paper_changes(self, after: int) -> Sequence[Journaled]:
        return self._journal[after:]

    async def forget_file(self, source: str, path: str, now: datetime) -> None:
        self._writable()
        self._note_papers((source, path), (), now)
        self._files.pop((source, path), None)

    def _admit(
        self,
        source: str,
        new: NewSession,
        destinations: Sequence[str],
        now: datetime,
        summaries: Mapping[str, int],
    ) -> list[Admitted]:
        if new.session.id in self._deleted:
            return []
        known = self._sessions.get(new.session.id)
        name = next((name for name, plan in self._plans.items() if new.session.id in plan.originals), None)
        told = known if name is None else self._plans[name].originals[new.session.id]
        before = told.new.identity if told else None
        new = replace(new, identity=new.identity or before or (UNSURE if new.names_player else None))
        if told:
            told.new = replace(told.new, identity=new.identity)
        if known and told and not is_news(version_of(told.new), version_of(new)):
            return [Admitted(session=new.session.id, revision=known.revision, new=False)]
        if name is not None and told:
            told.new = new
            self._keep_texts(new)
            return self._carry_out(name, destinations, now, leaks=new.leaks)
        first = [] if known else summarised(new, destinations, summaries)
        return [self._keep(source, new, destinations, now, first=first)]

    def _keep(
        self,
        source: str,
        new: NewSession,
        destinations: Sequence[str],
        now: datetime,
        *,
        plan: str | None = None,
        parents: Sequence[str] = (),
        first: Sequence[str] = (),
    ) -> Admitted:
        known = self._sessions.get(new.session.id)
        revision = (known.revision + 1 if known else 1) + bool(first)
        before = {to: self._before(to, (new.session.id, *parents)) for to in destinations}
        asked = {to: self._still_asked(to, (new.session.id, *parents)) for to in destinations}
        found_at = known.found_at if known else now
        self._sessions[new.session.id] = _Session(new, known.source if known else source, revision, found_at, plan)
        if plan is None:
            self._keep_texts(new)
        for destination in destinations:
            if new.session.end is None and before[destination] is State.FAILED:
                continue
            if destination in first:
                self._deliver(
                    new.session.id, destination, now, before[destination], asked=asked[destination], summary=True
                )
            self._deliver(new.session.id, destination, now, before[destination], asked=asked[destination])
        return Admitted(session=new.session.id, revision=revision, new=True)

    async def partials(self, source: str) -> Mapping[SessionId, datetime]:
        these = [(key, kept) for key, kept in self._sessions.items() if kept.source == source and kept.runs]
        return {SessionId(key): self._came_at(kept) for key, kept in sorted(these)}

    async def sources_of_partials(self) -> Sequence[str]:
        return sorted({kept.source for kept in self._sessions.values() if kept.runs})

    def _came_at(self, kept: _Session) -> datetime:
        rows = [row for row in self._rows_of(kept.new.session.id) if row.revision == kept.revision]
        return max((row.created_at for row in rows), default=kept.found_at)

    async def complete(self, session: SessionId, destinations: Sequence[str], now: datetime) -> Admitted | None:
        self._writable()
        kept = self._sessions.get(session)
        if kept is None or not kept.runs:
            return None
        old, end = kept.new, end_by(EndRule.SILENCE, GONE)
        new = ended(old.session, _ended(kept), end, leaks=old.leaks, removed=old.removed)
        return self._keep(kept.source, replace(new, identity=old.identity), destinations, now)

    def _keep_texts(self, new: NewSession) -> None:
        left = {key: text for key, text in self._kept.items() if key[1] != new.session.id}
        self._kept = left | {(slot, str(new.session.id)): text for slot, text in new.kept.items()}

    def _before(self, destination: str, sessions: Sequence[str]) -> State | None:
        """Where the newest delivery of one of them stands: of one that was asked for rather than of another."""
        states = [
            max(rows, key=lambda row: row.revision).state
            for session in sessions
            if (rows := [row for row in self._rows_of(session) if row.destination == destination])
        ]
        waiting = [state for state in states if state in {State.BACKLOG, State.EXCLUDED}]
        return next((state for state in states if state not in waiting), next(iter(waiting), None))

    def _still_asked(self, destination: str, sessions: Sequence[str]) -> bool:
        newest = [
            max(rows, key=lambda row: row.revision)
            for session in sessions
            if (rows := [row for row in self._rows_of(session) if row.destination == destination])
        ]
        return any(stays_asked(row.state, asked=row.asked) for row in newest)

    def _deliver(
        self,
        session: str,
        destination: str,
        now: datetime,
        before: State | None,
        *,
        asked: bool = False,
        summary: bool = False,
    ) -> None:
        kept = self._sessions[session]
        since = [followed(note) for key in self._since(kept, destination) if (note := self._notes.get(key))]
        old = bool(since) and _ended(kept) < max(since)
        row = DeliveryRow(
            id=self.chance.token()[:16],
            session=kept.new.session.id,
            destination=destination,
            revision=kept.revision - summary,
            state=first_state(old=old, unasked=UNASKED in self._notes, before=before),
            attempts=0,
            created_at=now,
            asked=asked,
        )
        self._deliveries[row.id] = _Delivery(row, self.chance.token(), backfill=old, summary=summary)
        self._supersede(session, destination)

    def _since(self, kept: _Session, destination: str) -> tuple[str, str]:
        return source_note(kept.source), destination_note(destination)

    def _supersede(self, session: str, destination: str) -> None:
        # Not as pairs: a tuple for each of ten thousand, ten thousand times, can be felt.
        these = [one for one in self._all() if one.row.session == session and one.row.destination == destination]
        newest = max((one.row.revision for one in these), default=0)
        into = self._sessions[session].merged_into
        reason = f"merged into {into}" if into else f"superseded by revision {newest}"
        for one in these:
            overtaken = one.row.revision < newest and not self._goes_first(one, these, newest)
            if (into or overtaken) and (one.row.state, Step.SUPERSEDE) in NEXT:
                self._set(one, Step.SUPERSEDE, last_error=reason)

    def _goes_first(self, one: _Delivery, these: Sequence[_Delivery], newest: int) -> bool:
        there = any(other.row.revision == newest and other.row.state is State.UPLOADED for other in these)
        return one.summary and one.row.revision == newest - 1 and not there

    # Recut

    async def recut(self, order: Recut, destinations: Sequence[str], now: datetime, *, only_look: bool) -> Recutting:
        self._writable()
        named = order.sessions if isinstance(order, Merge) else (order.session,)
        chosen = [self._whole(one) for one in dict.fromkeys(named)]
        names = list(dict.fromkeys(one.plan or str(one.new.session.id) for one in chosen))
        alone = {str(one.new.session.id): one for one in chosen}
        held = [self._plans.get(name) or _Plan({name: replace(alone[name])}) for name in names]
        plans = [one.plan for one in held]
        if isinstance(order, Merge):
            check_neighbours([one.new.session for one in chosen], self._timeline({one.source for one in chosen}))
            made = merge(plans, order, self.recount)
        else:
            made = split(plans[0], order, self.recount)
        before = [part for plan in plans for part in parts(plan, self.recount)]
        after = parts(made, self.recount)
        if not only_look:
            self._write_down(names, held, made)
            self._carry_out(names[0], destinations, now)
        return Recutting(
            before=tuple(part for part in before if part not in after),
            after=tuple(part for part in after if part not in before),
        )

    def _whole(self, session: str) -> _Session:
        kept = self._sessions.get(session)
        if kept is None or kept.merged_into:
            raise UnknownSession(session, kept.merged_into if kept else None)
        if kept.runs:
            raise StillRuns(session)
        return kept

    def _timeline(self, sources: set[str]) -> list[str]:
        these = [key for key, kept in self._sessions.items() if kept.source in sources and not kept.merged_into]
        return sorted(these, key=lambda key: (self._start(key), key))

    def _write_down(self, names: Sequence[str], held: Sequence[_Plan], made: Plan) -> None:
        for name in names:
            self._plans.pop(name, None)
            for key, kept in self._sessions.items():
                if name in {key, kept.plan}:
                    kept.plan = names[0]
        together = {key: kept for one in held for key, kept in one.originals.items()}
        self._plans[names[0]] = _Plan(together, made.cuts)

    def _carry_out(
        self, name: str, destinations: Sequence[str], now: datetime, *, leaks: Sequence[str] = ()
    ) -> list[Admitted]:
        plan = self._plans[name]
        present = [key for key, kept in self._sessions.items() if kept.plan == name and not kept.merged_into]
        sources = {key: plan.originals[key].source for key in sorted(plan.originals)}
        if any(is_frame(one.new.session) for one in plan.originals.values()):
            known_leaks = [place for kept in self._sessions.values() if kept.plan == name for place in kept.new.leaks]
            leaks = leaks or tuple(dict.fromkeys(known_leaks)) or ("a session that it is made of",)
        made = [
            replace(part_of(part, leaks), identity=together(plan.originals[one].new.identity for one in originals))
            for part, originals in zip(parts(plan.plan, self.recount), makers(plan.plan), strict=True)
        ]
        admitted = []
        for part in made:
            known = self._sessions.get(part.session.id)
            if known:
                known.new = replace(known.new, identity=part.identity)
            if known and not known.merged_into and known.new.fingerprint == part.fingerprint:
                admitted.append(Admitted(session=part.session.id, revision=known.revision, new=False))
                continue
            if not known and part.session.id in self._deleted:
                continue
            source = sources.get(part.session.id, next(iter(sources.values())))
            admitted.append(self._keep(source, part, destinations, now, plan=name, parents=present))
        self._merge_away(set(present), [part.session for part in made])
        return admitted

    def _merge_away(self, present: set[str], made: Sequence[Session]) -> None:
        for gone in sorted(present - {part.id for part in made}):
            kept = self._sessions[gone]
            earlier_ones = [part for part in made if part.started_at <= kept.new.session.started_at]
            kept.merged_into = max(earlier_ones, key=lambda part: part.started_at, default=made[0]).id
            for destination in {row.destination for row in self._rows_of(gone)}:
                self._supersede(gone, destination)

    # Outbox

    async def claim(
        self,
        destination: str,
        now: datetime,
        limit: int,
        *,
        backfill: int,
        only_asked: bool = False,
        longest_untried: bool = False,
    ) -> Sequence[Claimed]:
        self._writable()
        due = [one for one in self._may_go(destination, only_asked=only_asked) if self._is_due(one.row, now)]
        due.sort(key=lambda one: (self._sessions[one.row.session].new.session.started_at, one.row.id))
        if longest_untried and (left := [one for one in due if backfill > 0 or not one.backfill]):
            # Of those that were left alone as long as the first: what goes by itself before a backfill.
            first = min(left, key=lambda one: (_tried(one.row), one.backfill))
            due = [one for one in left if _tried(one.row) == _tried(first.row) and one.backfill is first.backfill]
        fresh = [one for one in due if not one.backfill][:limit]
        old = [one for one in due if one.backfill][: min(limit - len(fresh), backfill)]
        return [self._claim(one, now) for one in (*fresh, *old)]

    def _is_due(self, row: DeliveryRow, now: datetime) -> bool:
        return row.next_attempt is None or not now < row.next_attempt <= now + RETRY_AFTER_CAP

    def _claim(self, one: _Delivery, now: datetime) -> Claimed:
        self._set(one, Step.CLAIM, last_attempt=now)
        return self._claimed(one, whole=one.letter is None)

    def _claimed(self, one: _Delivery, *, whole: bool) -> Claimed:
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

    async def kept(self, document: bytes) -> Mapping[str, str]:
        return {slot: text for (slot, _), text in self._kept.items() if slot.encode() in document}

    async def look_at(self, session: str, destination: str) -> Claimed | None:
        these = [one for one in self._all() if (one.row.session, one.row.destination) == (session, destination)]
        return self._claimed(max(these, key=lambda one: one.row.revision), whole=True) if these else None

    async def keep_letter(self, delivery: str, letter: Letter) -> None:
        self._writable()
        if delivery in self._deliveries:  # else it was deleted meanwhile
            one = self._deliveries[delivery]
            one.letter, one.written = letter, True

    async def keep_upload(self, delivery: str, upload: Upload) -> None:
        self._writable()
        if delivery in self._deliveries:
            self._deliveries[delivery].upload = upload

    async def acked(self, delivery: str, receipt: Receipt | None, note: str, now: datetime, took: timedelta) -> None:
        one = self._writable_delivery(delivery)
        if one is None:
            return
        self._note_try(one, Ending.UPLOADED, note, took=took)
        url = (receipt.report_url or None) if receipt else None
        self._set(one, Step.ACK, last_error=note, attempts=one.row.attempts + 1, next_attempt=None, report_url=url)
        one.sent, one.letter = len(one.letter.body) if one.letter else 0, None
        one.upload = Upload(offset=one.upload.offset, cuts=one.upload.cuts)
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
    ) -> None:
        one = self._writable_delivery(delivery)
        if one is None:
            return
        self._note_try(one, Ending.LATER, reason, now=now)
        attempts = one.row.attempts + counts
        self._set(one, Step.DEFER, last_error=reason, attempts=attempts, next_attempt=next_attempt)
        if anew:
            self._write_anew(one, cuts=one.upload.cuts)
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

    async def parked(self, delivery: str, reason: str, now: datetime) -> None:
        one = self._writable_delivery(delivery)
        if one is None:
            return
        self._note_try(one, Ending.REFUSED, reason, now=now)
        attempts = one.row.attempts + 1
        self._set(one, Step.PARK, last_error=reason, attempts=attempts, next_attempt=None, last_attempt=now)
        self._supersede(one.row.session, one.row.destination)

    async def told_about(self, delivery: str) -> Sequence[Told]:
        about = self._deliveries[delivery].row
        start = self._sessions[about.session].new.session.started_at
        found = []
        for one in self._all():
            new = self._sessions[one.row.session].new.session
            if one.row.destination == about.destination and one.receipt and abs(new.started_at - start) <= REACH:
                until = _ended(self._sessions[one.row.session])
                told = Told(session=new.id, started_at=new.started_at, ended_at=until, report_id=one.receipt.report_id)
                found.append((new.started_at, new.id, one.row.revision, told))
        return [told for *_, told in sorted(found, key=lambda row: row[:3])]

    async def let_go(self, destination: str, tracker: str | None) -> int:
        self._writable()
        these = [one for one in self._unasked(destination) if tracker in {None, self._tracker(one)}]
        for one in these:
            one.row = replace(one.row, asked=True)
        return len(these)

    async def heed_only(self, destinations: Collection[str]) -> None:
        self._writable()
        kept = {f"{HEEDED}{name}" for name in destinations}
        self._notes = {key: text for key, text in self._notes.items() if not key.startswith(HEEDED) or key in kept}

    async def unasked(self, destination: str) -> Sequence[str]:
        return sorted({self._tracker(one) for one in self._unasked(destination) if self._is_wanted(one)})

    def _unasked_numbers(self) -> dict[str, int]:
        numbers: dict[str, int] = {}
        for one in self._all():
            if one.row.state is State.PENDING and not one.row.asked and self._is_wanted(one):
                numbers[one.row.destination] = numbers.get(one.row.destination, 0) + 1
        return numbers

    def _unasked(self, destination: str) -> list[_Delivery]:
        return [one for one in self._pending(destination) if not one.row.asked]

    def _tracker(self, one: _Delivery) -> str:
        return self._sessions[one.row.session].new.session.tracker

    async def next_due(self, destination: str, *, backfill: bool, only_asked: bool = False) -> datetime | None:
        long_ago = datetime(1970, 1, 1, tzinfo=UTC)
        these = [one for one in self._may_go(destination, only_asked=only_asked) if one.backfill is backfill]
        return min((one.row.next_attempt or long_ago for one in these), default=None)

    # Ledger

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

    def _sent(self, done: Sequence[_Delivery]) -> dict[str, Sent]:
        there: dict[str, list[_Delivery]] = {}
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

    # History

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
        one: _Delivery,
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

    def _barred(self) -> dict[tuple[str, State, Standing], int]:
        numbers: dict[tuple[str, State, Standing], int] = {}
        for row in map(self._judged, self._all()):
            left_out = row.standing is Standing.OTHER_TRACKER and row.state not in UNSENT
            if row.standing is not Standing.ALLOWED and not left_out:
                key = row.destination, row.state, row.standing
                numbers[key] = numbers.get(key, 0) + 1
        return numbers

    def _backlog(self) -> Backlog | None:
        waiting = {one.row.session for one in self._all() if one.row.state is State.BACKLOG and self._is_wanted(one)}
        these = [self._sessions[key] for key in waiting]
        if not these:
            return None
        first = min(one.new.session.started_at for one in these)
        return Backlog(sessions=len(these), first=first, last=max(map(_ended, these)))

    async def sessions(self) -> Sequence[tuple[SessionRow, Sequence[DeliveryRow]]]:
        newest = sorted(self._sessions, key=lambda key: (-self._start(key), key))
        return [(self._session_row(key), self._rows_of(key)) for key in newest]

    def _start(self, session: str) -> float:
        return self._sessions[session].new.session.started_at.timestamp()

    def _rows_of(self, session: str) -> list[DeliveryRow]:
        rows = [self._judged(one) for one in self._all() if one.row.session == session]
        return sorted(rows, key=lambda row: (row.revision, row.destination))

    def _session_row(self, key: str) -> SessionRow:
        kept = self._sessions[key]
        session, end = kept.new.session, kept.new.session.end
        return SessionRow(
            id=session.id,
            tracker=session.tracker,
            source=kept.source,
            started_at=session.started_at,
            ended_at=session.ended_at,
            events=len(session.events),
            revision=kept.revision,
            end_rule=end.rule if end else "",
            end_evidence=end.evidence if end else "",
            end_confidence=end.confidence if end else 0.0,
            found_at=kept.found_at,
            merged_into=kept.merged_into,
        )

    async def session(self, session: str) -> tuple[SessionRow, Sequence[DeliveryRow], Session] | None:
        found = [key for key in self._sessions if key.startswith(session)]
        if not session or len(found) != 1:
            return None
        document = msgspec.json.decode(self._sessions[found[0]].new.document, type=Session)
        return self._session_row(found[0]), self._rows_of(found[0]), document

    async def troubles(self) -> Sequence[tuple[str, str, Trouble]]:
        return [(*key, trouble) for key in sorted(self._files) for trouble in self._files[key].troubles]

    async def release(self, session: str | None, since: datetime | None) -> int:
        self._writable()
        chosen = [
            one
            for one in self._all()
            if one.row.state is State.BACKLOG
            and session in {None, one.row.session}
            and (since is None or since <= _ended(self._sessions[one.row.session]))
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
            self._set(one, Step.RETRY, attempts=0, next_attempt=None, asked=True)
            self._supersede(one.row.session, one.row.destination)
        return len(chosen)

    async def delivery(self, delivery: str) -> DeliveryRow | None:
        return self._judged(self._deliveries[delivery]) if delivery in self._deliveries else None

    async def failures(self, limit: int) -> Sequence[DeliveryRow]:
        failed = [self._judged(one) for one in self._all() if one.row.state is State.FAILED and self._is_wanted(one)]
        return sorted(failed, key=lambda row: row.last_attempt or NOON, reverse=True)[:limit]

    # Choices

    async def grants(self) -> Mapping[str, Grant]:
        return dict(self._grants)

    async def grant(self, grant: Grant) -> None:
        self._writable()
        note = terms_note(grant.destination)
        if self._notes.get(note, grant.policy_digest) != grant.policy_digest:
            for one in self._all():
                if one.row.destination == grant.destination and one.row.state is not State.UPLOADED and one.letter:
                    self._write_anew(one, cuts=one.upload.cuts)
        self._notes[note] = grant.policy_digest
        self._grants[grant.destination] = grant

    async def keep_only(self, groups: Collection[Group]) -> None:
        self._writable()
        self._kept = {key: text for key, text in self._kept.items() if (of := slot_of(key[0])) and of[0] in groups}

    async def revoke(self, destination: str) -> None:
        self._writable()
        self._grants.pop(destination, None)

    async def enlist(self, destination: str, place: str, now: datetime) -> int:
        self._writable()
        self._move(destination, place, now)
        has = {(one.row.session, one.row.revision) for one in self._all() if one.row.destination == destination}
        strangers = [
            key
            for key, kept in self._sessions.items()
            if (key, kept.revision) not in has and not kept.merged_into and not kept.runs
        ]
        for key in strangers:
            self._deliver(key, destination, now, self._before(destination, (key,)))
        return len(strangers)

    async def dismiss(self, destination: str) -> None:
        self._writable()
        self._move(destination, None)
        self._grants.pop(destination, None)

    def _move(self, destination: str, place: str | None, now: datetime | None = None) -> None:
        before = self._notes.get(place_note(destination))
        if place is None or before not in {None, place}:
            for one in self._all():
                if one.row.destination == destination and one.row.state is not State.UPLOADED:
                    del self._deliveries[one.row.id]
            self._bindings = [one for one in self._bindings if one.destination != destination]
            for copy in self._copies_at(destination, CopyState.PENDING):
                reason = "its destination was removed, or has another address now"
                self._copy(copy.id, CopyStep.REFUSE, last_error=reason, next_attempt=None)
            self._rename(destination, earlier(destination, before or ""))
            self._notes.pop(f"install-id:{destination}", None)
            self._notes.pop(place_note(destination), None)
            self._notes.pop(destination_note(destination), None)
            self._notes.pop(trackers_note(destination), None)
        if place is not None and now is not None and before != place:
            self._rename(earlier(destination, place), destination)
            self._notes[place_note(destination)] = place
            self._notes[destination_note(destination)] = now.isoformat()

    def _rename(self, destination: str, to: str) -> None:
        for one in self._all():
            if one.row.destination == destination:
                one.row = replace(one.row, destination=to)
        for copy in self._copies_at(destination):
            self._copies[copy.id] = replace(copy, destination=to)

    async def note(self, key: str) -> str | None:
        return self._notes.get(key)

    async def set_note(self, key: str, value: str | None) -> None:
        self._writable()
        if value is None:
            self._notes.pop(key, None)
        else:
            self._notes[key] = value

    # Roster

    async def seen(self) -> Sequence[Seen]:
        found: dict[tuple[str, Player], tuple[set[str], set[str]]] = {}
        for one in self._all():
            player = self._player(one.row.session)
            if player is not None and not self._sessions[one.row.session].merged_into and self._is_wanted(one):
                sessions, waiting = found.setdefault((one.row.destination, player), (set(), set()))
                sessions.add(one.row.session)
                waiting |= {one.row.session} if one.row.state is State.PENDING else set()
        return [
            Seen(destination=to, player=player, sessions=len(sessions), waiting=len(waiting))
            for (to, player), (sessions, waiting) in sorted(found.items())
        ]

    async def bindings(self) -> Sequence[Binding]:
        return sorted(self._bindings, key=lambda one: (one.destination, one.tracker, one.identity))

    async def bind(self, bindings: Sequence[Binding]) -> None:
        self._writable()
        for one in bindings:
            gone = void(self._bindings, one.destination, one.tracker, one.identity)
            self._bindings = [*(old for old in self._bindings if old not in gone), one]

    async def unbind(self, destination: str, tracker: str, identity: str) -> int:
        self._writable()
        gone = void(self._bindings, destination, tracker, identity)
        self._bindings = [one for one in self._bindings if one not in gone]
        return len(gone)

    def _player(self, session: str) -> Player | None:
        new = self._sessions[session].new
        return Player(new.session.tracker, new.identity) if new.identity is not None else None

    def _judged(self, one: _Delivery) -> DeliveryRow:
        said = standing(decided(self._bindings), one.row.destination, self._player(one.row.session))
        return replace(one.row, standing=said if self._is_wanted(one) else Standing.OTHER_TRACKER)

    def _is_wanted(self, one: _Delivery) -> bool:
        note = self._notes.get(trackers_note(one.row.destination))
        return note is None or self._sessions[one.row.session].new.session.tracker in trackers_in(note)

    def _may_go(self, destination: str, *, only_asked: bool = False) -> list[_Delivery]:
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

    # Removals

    async def delete(self, session: str, tracker: str, now: datetime, *, ask: Collection[str]) -> Removed:
        self._writable()
        kept = self._sessions.get(session)
        if kept and kept.merged_into:
            raise UnknownSession(session, kept.merged_into)
        self.dirty = True
        siblings = {key: one for key, one in self._sessions.items() if kept and kept.plan and one.plan == kept.plan}
        siblings.pop(session, None)
        gone = [session, *sorted(key for key, one in siblings.items() if one.merged_into)]
        texts = {slot: text for (slot, _), text in self._kept.items()}
        stopped = [one for key in gone for one in self._drop(key, now)]
        plan = self._plans.pop(kept.plan, None) if kept and kept.plan else None
        self._file_texts({*siblings, *(plan.originals if plan else ())}, texts, siblings)
        for key in (*gone, *(plan.originals if plan else ())):
            row = DeletedRow(session=SessionId(key), tracker=tracker, deleted_at=now, copies=())
            self._deleted.setdefault(key, row)
        outdated = []
        for key, one in sorted(siblings.items()):
            if not one.merged_into:
                one.plan = None
                held_up, sent = self._detach(key, one.revision)
                stopped += held_up
                outdated += [SessionId(key)] if sent else []
        for copy in [copy for copy in self._copies.values() if copy.session in gone and copy.destination in ask]:
            if (copy.state, CopyStep.ASK) in COPY_NEXT:
                self._copy(copy.id, CopyStep.ASK, attempts=0, last_error="", next_attempt=None)
        return Removed(
            sessions=tuple(map(SessionId, gone)),
            stopped=tuple(stopped),
            copies=tuple(one for key in gone for one in self._copies_of(key)),
            outdated=tuple(outdated),
        )

    def _file_texts(self, holders: Collection[str], texts: Mapping[str, str], left: Mapping[str, _Session]) -> None:
        self._kept = {key: text for key, text in self._kept.items() if key[1] not in holders}
        for key, one in left.items():
            found = {slot for slot in texts if slot.encode() in one.new.document and not one.merged_into}
            self._kept |= {(slot, key): texts[slot] for slot in found}

    def _drop(self, session: str, now: datetime) -> Sequence[str]:
        these = [one for one in self._all() if one.row.session == session]
        known: set[str] = set()
        for one in sorted(these, key=lambda one: (one.row.state is not State.UPLOADED, -one.row.revision)):
            uploaded = one.row.state is State.UPLOADED
            tried = one.written and one.row.last_attempt is not None
            if uploaded or (tried and one.row.destination not in known):
                known.add(one.row.destination)
                if one.receipt or not uploaded:
                    self._note_copy(session, one, now)
        for key, copy in self._copies.items():
            if copy.session == session and not copy.report_id and copy.state is CopyState.KEPT:
                self._copies[key] = replace(copy, stopped_at=now)
        for one in these:
            del self._deliveries[one.row.id]
        self._sessions.pop(session, None)
        self._kept = {key: text for key, text in self._kept.items() if key[1] != session}
        return [one.row.id for one in these]

    def _note_copy(self, session: str, one: _Delivery, now: datetime) -> None:
        copy = CopyRow(
            id=self.chance.token()[:16],
            session=SessionId(session),
            destination=one.row.destination,
            report_id=one.receipt.report_id if one.receipt else "",
            idempotency_key="" if one.receipt else one.key,
            report_url=one.row.report_url,
            stopped_at=now,
            state=CopyState.KEPT,
        )
        if not any(_same_copy(copy, other) for other in self._copies.values()):
            self._copies[copy.id] = copy

    def _detach(self, session: str, revision: int) -> tuple[list[str], bool]:
        older = [one for one in self._all() if one.row.session == session and one.row.revision < revision]
        under_way = [one for one in older if one.row.state is State.UPLOADING]
        self._recover(under_way)
        return [one.row.id for one in under_way], any(one.row.state is State.UPLOADED for one in older)

    async def withhold(self, secrets: Secrets) -> Withheld:
        self._writable()
        told = {slot: text for (slot, _), text in self._kept.items() if secrets.stand_in(text)}
        self._kept = {key: text for key, text in self._kept.items() if key[0] not in told}
        found: list[SessionId] = []
        stopped: list[str] = []
        sent = 0
        for plan in self._plans.values():
            for original in plan.originals.values():
                if places := secrets.places(original.new.document, told):
                    original.new = withheld(original.new.session, places)
        for kept in self._sessions.values():
            if places := secrets.places(kept.new.document, told):
                left = withheld(kept.new.session, places)
                kept.new = replace(left, identity=kept.new.identity, last_at=kept.new.last_at)
                found.append(kept.new.session.id)
        for one in self._all():
            if one.row.session in found and one.row.state is State.UPLOADED:
                sent += 1
            elif one.row.session in found or (
                one.letter
                and (
                    secrets.stand_in_bytes(unpacked(one.letter.body, one.letter.headers))
                    or secrets.stand_in(one.upload.path)
                )
            ):
                stopped.append(one.row.id)
        await self.forget_letters(stopped)
        self.dirty = self.dirty or bool(told or found or stopped)
        return Withheld(
            sessions=tuple(found), stopped=tuple(stopped), sent=sent, anything=bool(told or found or stopped)
        )

    def _write_anew(self, one: _Delivery, *, cuts: int = 0) -> None:
        if one.written and one.row.last_attempt is not None:
            self._note_copy(one.row.session, one, one.row.last_attempt)
        one.letter, one.written, one.upload, one.key = None, False, Upload(cuts=cuts), self.chance.token()

    async def forget_letters(self, deliveries: Sequence[str]) -> None:
        self._writable()
        for one in self._all():
            if one.row.id in deliveries and one.row.state is not State.UPLOADED:
                self._write_anew(one)

    async def scrub(self) -> None:
        self._writable()
        for one in self._all():
            if one.row.state is State.EXCLUDED:
                one.letter = None
        self.dirty = False

    async def unscrubbed(self) -> bool:
        return self.dirty

    async def deleted(self) -> Sequence[DeletedRow]:
        there = [row for key, row in self._deleted.items() if key not in self._sessions]
        newest = sorted(there, key=lambda row: (-row.deleted_at.timestamp(), row.session))
        return [replace(row, copies=tuple(self._copies_of(row.session))) for row in newest]

    async def may_be_at(self, session: str, destination: str) -> bool:
        rows = [one for one in self._all() if (one.row.session, one.row.destination) == (session, destination)]
        sent = any(
            one.receipt if one.row.state is State.UPLOADED else one.written and one.row.last_attempt for one in rows
        )
        copies = [one for one in self._copies_of(session) if one.destination == destination]
        return sent or any(one.state is not CopyState.DELETED for one in copies)

    async def due_copies(self, destination: str, now: datetime, limit: int) -> Sequence[CopyRow]:
        pending = self._copies_at(destination, CopyState.PENDING)
        due = [
            one for one in pending if one.next_attempt is None or not now < one.next_attempt <= now + RETRY_AFTER_CAP
        ]
        return sorted(due, key=lambda one: one.id)[:limit]

    async def next_copy(self, destination: str) -> datetime | None:
        pending = self._copies_at(destination, CopyState.PENDING)
        return min((one.next_attempt or datetime(1970, 1, 1, tzinfo=UTC) for one in pending), default=None)

    async def hasten_copies(self, destination: str, *, but: Collection[str] = ()) -> None:
        self._writable()
        for one in self._copies_at(destination, CopyState.PENDING):
            if one.id not in but:
                self._copies[one.id] = replace(one, next_attempt=None)

    async def copy_gone(self, copy: str, note: str, now: datetime) -> None:
        self._tried(copy, CopyStep.CONFIRM, note, now)

    async def copy_refused(self, copy: str, reason: str, now: datetime) -> None:
        self._tried(copy, CopyStep.REFUSE, reason, now)

    async def copy_deferred(
        self, copy: str, reason: str, now: datetime, next_attempt: datetime, *, counts: bool
    ) -> None:
        self._tried(copy, CopyStep.DEFER, reason, now, next_attempt, counts=counts)

    def _tried(
        self,
        copy: str,
        what: CopyStep,
        reason: str,
        now: datetime,
        next_attempt: datetime | None = None,
        *,
        counts: bool = True,
    ) -> None:
        self._writable()
        one = self._copies[copy]
        if (one.state, what) in COPY_NEXT:
            attempts = one.attempts + counts
            self._copy(copy, what, attempts=attempts, last_error=reason, last_attempt=now, next_attempt=next_attempt)

    def _copy(self, copy: str, what: CopyStep, **changes: object) -> None:
        one = self._copies[copy]
        self._copies[copy] = replace(one, state=copy_step(one.state, what), **changes)  # type: ignore[arg-type]  # fields of a row

    def _copies_of(self, session: str) -> Sequence[CopyRow]:
        these = [one for one in self._copies.values() if one.session == session]
        return sorted(these, key=lambda one: (one.destination, one.report_id, one.idempotency_key))

    def _copies_at(self, destination: str, state: CopyState | None = None) -> Sequence[CopyRow]:
        return [one for one in self._copies.values() if one.destination == destination and state in {None, one.state}]

    # within

    def _all(self) -> list[_Delivery]:
        return list(self._deliveries.values())

    def _pending(self, destination: str) -> list[_Delivery]:
        return [one for one in self._all() if (one.row.destination, one.row.state) == (destination, State.PENDING)]

    def _set(self, one: _Delivery, what: Step, **changes: object) -> None:
        one.row = replace(one.row, state=step(one.row.state, what), **changes)  # type: ignore[arg-type]  # fields of a row

    def _writable_delivery(self, delivery: str) -> _Delivery | None:
        self._writable()
        return self._deliveries.get(delivery)

    def _writable(self) -> None:
        if self.broken:
            raise self.broken


def _tried(row: DeliveryRow) -> datetime:
    """The last time; long ago where it never was."""
    return row.last_attempt or datetime(1970, 1, 1, tzinfo=UTC)


def _ended(kept: _Session) -> datetime:
    return heard_of(kept.new) or kept.new.session.started_at


def _same_copy(one: CopyRow, other: CopyRow) -> bool:
    return all(
        getattr(one, name) == getattr(other, name)
        for name in ("session", "destination", "report_id", "idempotency_key")
    )
