"""Files sessions and their deliveries in the spool's database, inside a transaction that somebody else has begun.

What is news, what waits to be asked for and what a recut makes of a session is decided in the core.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime

from logferry_daemon.adapters import spool_rows as rows
from logferry_daemon.adapters.database_sqlite import Query
from logferry_daemon.adapters.spool_players import name_players, tell_player
from logferry_daemon.adapters.spool_remnants import leave_upload
from logferry_daemon.adapters.spool_rows import ms
from logferry_daemon.core.boundary import GONE, end_by
from logferry_daemon.core.delivery import NEXT, State, Step, first_state, stays_asked
from logferry_daemon.core.new_session import NewSession, summarised, version_of
from logferry_daemon.core.preparing import ended, is_frame, part_of
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
)
from logferry_daemon.core.revision import Version, is_news
from logferry_daemon.ports import NO_SUMMARIES, Admitted, Chance, Recutting, StillRuns, UnknownSession
from logferry_model.session import EndRule, Session


class Filing:
    """Sessions, their deliveries, and the plans by which their owner recut them."""

    def __init__(self, chance: Chance, recount: Recount) -> None:
        self._chance = chance
        self._recount = recount

    def admit(
        self,
        query: Query,
        source: str,
        new: NewSession,
        destinations: Sequence[str],
        now: datetime,
        *,
        summaries: Mapping[str, int] = NO_SUMMARIES,
    ) -> list[Admitted]:
        """Keep it where it is news; what a plan makes of it is kept part by part. A deleted one stays deleted."""
        (about,) = query("admitting", id=new.session.id)
        if about["deleted"]:
            return []
        known, plan = about["revision"], about["told_plan"]
        tell_player(query, new, recut=bool(plan))
        if known is not None and not is_news(_before_it(about), version_of(new)):
            return [Admitted(session=new.session.id, revision=known, new=False)]
        if plan:
            query("keep_original", **rows.original_values(new))
            _keep_texts(query, new)
            return self._carry_out(query, plan, destinations, now, leaks=new.leaks)
        if known is None:
            first = summarised(new, destinations, summaries)
            return [self._keep_first(query, source, new, destinations, now, first=first)]
        return [self._keep(query, source, new, destinations, now, known=known)]

    def _keep_first(
        self,
        query: Query,
        source: str,
        new: NewSession,
        destinations: Sequence[str],
        now: datetime,
        *,
        first: Sequence[str],
    ) -> Admitted:
        """What nobody has heard of: there is nothing before it, to be asked about or to be overtaken.

        `first` are those who get a summary before the whole: it has the revision before.
        """
        revision = 1 + bool(first)
        query("keep_session", **rows.session_values(new, source, revision, now), plan=None)
        if new.kept:
            _keep_texts(query, new)
        for destination in destinations:
            if destination in first:
                self._file(query, destination, new.session.id, revision - 1, now, summary=True)
            self._file(query, destination, new.session.id, revision, now)
        return Admitted(session=new.session.id, revision=revision, new=True)

    def _keep(
        self,
        query: Query,
        source: str,
        new: NewSession,
        destinations: Sequence[str],
        now: datetime,
        *,
        known: int,
        plan: str | None = None,
        parents: Sequence[str] = (),
    ) -> Admitted:
        """One more revision; `known` is the newest so far, 0 of a part that is new."""
        revision = known + 1
        before = {to: self._before(query, to, (new.session.id, *parents)) for to in destinations}
        query("keep_session", **rows.session_values(new, source, revision, now), plan=plan)
        if plan is None:
            _keep_texts(query, new)
        for destination in destinations:
            state, asked = before[destination]
            if new.session.end is None and state is State.FAILED:
                continue  # it said no to the version before this one: the complete one is for it to look at
            self.deliver(query, destination, new.session.id, revision, now, before=state, asked=asked)
        return Admitted(session=new.session.id, revision=revision, new=True)

    def complete(self, query: Query, session: str, destinations: Sequence[str], now: datetime) -> Admitted | None:
        """Make the whole of a session of what was kept while it ran; None where it is complete already, or gone."""
        found = query("partial", id=session)
        if not found:
            return None
        new = ended(
            rows.document(found[0]["document"]),
            rows.at(found[0]["ended_at"]),
            end_by(EndRule.SILENCE, GONE),
            leaks=tuple(json.loads(found[0]["leaks"])),
            removed=rows.removed(found[0]["removed"]),
        )
        return self._keep(query, found[0]["source"], new, destinations, now, known=found[0]["revision"])

    def deliver(
        self,
        query: Query,
        destination: str,
        session: str,
        revision: int,
        now: datetime,
        *,
        before: State | None = None,
        asked: bool = False,
    ) -> None:
        """One more delivery, in the state that it begins with; `before` is the one of what it takes the place of.

        One that is `asked` for waits for no time.
        """
        self._file(query, destination, session, revision, now, before=before, asked=asked)
        self.supersede(query, session, destination)

    def _file(
        self,
        query: Query,
        destination: str,
        session: str,
        revision: int,
        now: datetime,
        *,
        before: State | None = None,
        asked: bool = False,
        summary: bool = False,
    ) -> None:
        """The delivery by itself."""
        age = query("age", session=session, destination=destination)[0]
        old = rows.is_old(age)
        query(
            "add_delivery",
            id=self._chance.token()[:16],
            session=session,
            revision=revision,
            destination=destination,
            state=first_state(old=old, unasked=age["unasked"] is not None, before=before),
            backfill=int(old),
            idempotency_key=self._chance.token(),
            summary=int(summary),
            asked=int(asked),
            now=ms(now),
        )

    def before(self, query: Query, destination: str, session: str) -> State | None:
        """Where the newest delivery of a session to a destination stands."""
        return self._before(query, destination, (session,))[0]

    def _before(self, query: Query, destination: str, sessions: Sequence[str]) -> tuple[State | None, bool]:
        """The same of several, and whether what takes their place waits for no time: one asked for speaks for all."""
        found = [row for one in sessions for row in query("newest_state", session=one, destination=destination)]
        states = [State(row["state"]) for row in found]
        asked = any(stays_asked(state, asked=bool(row["asked"])) for state, row in zip(states, found, strict=True))
        return min(states, key=lambda state: state in {State.BACKLOG, State.EXCLUDED}, default=None), asked

    def supersede(self, query: Query, session: str, destination: str) -> None:
        """Exclude what became pointless. What is being sent is left to be told again when it is back."""
        for older in query("overtaken", session=session, destination=destination):
            after = NEXT.get((State(older["state"]), Step.SUPERSEDE))
            if after is not None:
                query("set_state", id=older["id"], state=after, reason=_why_pointless(older))
                leave_upload(query, older["id"])

    # Recut

    def recut(
        self, query: Query, order: Recut, destinations: Sequence[str], now: datetime, *, only_look: bool
    ) -> Recutting:
        """Make the order's plan and carry it out."""
        named = order.sessions if isinstance(order, Merge) else (order.session,)
        chosen = [_whole(query, one) for one in dict.fromkeys(named)]
        names = list(dict.fromkeys(row["plan"] or row["id"] for row in chosen))
        plans = [_plan(query, name, chosen) for name in names]
        if isinstance(order, Merge):
            check_neighbours([rows.document(row["document"]) for row in chosen], _timeline(query, chosen))
            made = merge(plans, order, self._recount)
        else:
            made = split(plans[0], order, self._recount)
        before = [part for plan in plans for part in parts(plan, self._recount)]
        after = parts(made, self._recount)
        if not only_look:
            _write_down(query, names, chosen, made)
            self._carry_out(query, names[0], destinations, now)
        return Recutting(
            before=tuple(part for part in before if part not in after),
            after=tuple(part for part in after if part not in before),
        )

    def _carry_out(
        self, query: Query, name: str, destinations: Sequence[str], now: datetime, *, leaks: Sequence[str] = ()
    ) -> list[Admitted]:
        """The sessions that the plan makes, and no others of it."""
        originals = query("originals_of", plan=name)
        sources = {row["id"]: row["source"] for row in originals}
        plan = Plan(tuple(rows.document(row["document"]) for row in originals), _cuts(query, name))
        present = [row["id"] for row in query("parts_of", plan=name)]
        cut = parts(plan, self._recount)
        name_players(query, name, zip(cut, makers(plan), strict=True))
        if any(map(is_frame, plan.originals)):
            leaks = leaks or _leaks_of(query, name)
        made = [part_of(part, leaks) for part in cut]
        admitted = []
        for part in made:
            known = query("known_session", id=part.session.id)
            if known and known[0]["merged_into"] is None and known[0]["fingerprint"] == part.fingerprint:
                admitted.append(Admitted(session=part.session.id, revision=known[0]["revision"], new=False))
                continue
            if not known and query("is_deleted", id=part.session.id):
                continue
            source = sources.get(part.session.id, next(iter(sources.values())))
            revision = known[0]["revision"] if known else 0
            kept = self._keep(query, source, part, destinations, now, known=revision, plan=name, parents=present)
            admitted.append(kept)
        self._merge_away(query, set(present), [part.session for part in made])
        return admitted

    def _merge_away(self, query: Query, present: set[str], made: Sequence[Session]) -> None:
        for gone in sorted(present - {part.id for part in made}):
            started = query("known_session", id=gone)[0]["started_at"]
            into = max((part for part in made if ms(part.started_at) <= started), key=_start, default=made[0])
            query("merge_away", id=gone, into=into.id)
            for row in query("destinations_of", session=gone):
                self.supersede(query, gone, row["destination"])


def _keep_texts(query: Query, new: NewSession) -> None:
    """What some destination is sent as the log says it, filed by the log's session; what that says no more goes."""
    query("drop_kept", session=new.session.id)
    for slot, text in new.kept.items():
        query("keep_text", slot=slot, session=new.session.id, text=text)


def _leaks_of(query: Query, plan: str) -> Sequence[str]:
    """Where something private was left in what the plan made before."""
    known = [place for row in query("leaks_of_plan", plan=plan) for place in json.loads(row["leaks"])]
    return tuple(dict.fromkeys(known)) or ("a session that it is made of",)


def _before_it(about: sqlite3.Row) -> Version:
    """What its file said before, or where nobody recut it, what is kept."""
    of = "told_" if about["told_plan"] else ""
    return Version(fingerprint=about[f"{of}fingerprint"], events=about[f"{of}events"], end_rule=about[f"{of}end_rule"])


def _why_pointless(row: sqlite3.Row) -> str:
    if row["merged_into"]:
        return f"merged into {row['merged_into']}"
    return f"superseded by revision {row['newest']}"


def _start(session: Session) -> datetime:
    return session.started_at


def _whole(query: Query, session: str) -> sqlite3.Row:
    found = query("whole_session", id=session)
    if not found or found[0]["merged_into"]:
        raise UnknownSession(session, found[0]["merged_into"] if found else None)
    if not found[0]["end_rule"]:
        raise StillRuns(session)
    return found[0]


def _plan(query: Query, name: str, chosen: Sequence[sqlite3.Row]) -> Plan:
    """The plan of that name; of a session that has none, the one that leaves it as it is."""
    originals = query("originals_of", plan=name) or [row for row in chosen if row["id"] == name]
    return Plan(tuple(rows.document(row["document"]) for row in originals), _cuts(query, name))


def _cuts(query: Query, name: str) -> tuple[int, ...]:
    return tuple(row["at"] for row in query("cuts_of", plan=name))


def _timeline(query: Query, chosen: Sequence[sqlite3.Row]) -> list[str]:
    sources = {row["source"] for row in chosen}
    found = [row for source in sources for row in query("timeline", source=source)]
    return [row["id"] for row in sorted(found, key=lambda row: (row["started_at"], row["id"]))]


def _write_down(query: Query, names: Sequence[str], chosen: Sequence[sqlite3.Row], plan: Plan) -> None:
    """All of it under the first of the names."""
    for row in chosen:
        if row["plan"] is None:
            query("add_original", id=row["id"], plan=names[0])
    for name in names:
        query("join_plans", plan=name, to=names[0])
        query("into_plan", id=name, plan=name, to=names[0])
        query("drop_cuts", plan=name)
    for cut in plan.cuts:
        query("add_cut", plan=names[0], at=cut)
