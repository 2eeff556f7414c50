"""Sessions that their owner split or joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from logferry_daemon.core.identities import together
from logferry_daemon.core.preparing import is_frame, part_of
from logferry_daemon.core.recut import (
    Merge,
    Plan,
    Recut,
    check_neighbours,
    makers,
    merge,
    parts,
    split,
)
from logferry_daemon.ports import (
    Admitted,
    Recutting,
    StillRuns,
    UnknownSession,
)
from logferry_model.session import Session
from tests.fake_spool.filing import Filing
from tests.fake_spool.shelves import KeptPlan, KeptSession, whole


class RecuttingInMemory(Filing):
    """Makes plans and carries them out."""

    async def recut(self, order: Recut, destinations: Sequence[str], now: datetime, *, only_look: bool) -> Recutting:
        self._writable()
        named = order.sessions if isinstance(order, Merge) else (order.session,)
        chosen = [self._whole(one) for one in dict.fromkeys(named)]
        names = list(dict.fromkeys(one.plan or str(one.new.session.id) for one in chosen))
        alone = {str(one.new.session.id): one for one in chosen}
        held = [self._plans.get(name) or KeptPlan({name: replace(alone[name])}) for name in names]
        plans = [one.plan for one in held]
        if isinstance(order, Merge):
            check_neighbours([whole(one.new) for one in chosen], self._timeline({one.source for one in chosen}))
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

    def _whole(self, session: str) -> KeptSession:
        kept = self._sessions.get(session)
        if kept is None or kept.merged_into:
            raise UnknownSession(session, kept.merged_into if kept else None)
        if kept.runs:
            raise StillRuns(session)
        return kept

    def _timeline(self, sources: set[str]) -> list[str]:
        these = [key for key, kept in self._sessions.items() if kept.source in sources and not kept.merged_into]
        return sorted(these, key=lambda key: (self._start(key), key))

    def _write_down(self, names: Sequence[str], held: Sequence[KeptPlan], made: Plan) -> None:
        for name in names:
            self._plans.pop(name, None)
            for key, kept in self._sessions.items():
                if name in {key, kept.plan}:
                    kept.plan = names[0]
        together = {key: kept for one in held for key, kept in one.originals.items()}
        self._plans[names[0]] = KeptPlan(together, made.cuts)

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
