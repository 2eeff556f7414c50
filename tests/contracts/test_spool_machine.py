"""The real spool and the one in memory, side by side through anything that can happen to them."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from logferry_daemon.control import views
from logferry_daemon.control.ledger import LedgerDesk
from logferry_daemon.core.exchange import Letter
from logferry_daemon.core.gate import Gate
from logferry_daemon.core.identities import ANY, Binding, Standing
from logferry_daemon.core.recut import Merge, Recut, Split
from logferry_daemon.ports import UNASKED, Claimed, CopyRow, DeliveryRow, Recutting, Spool, source_note
from logferry_ipc import messages as m
from logferry_model.errors import Misconfigured
from logferry_model.session import SessionId
from tests.contracts.spooling import NOW, RECEIPT, Bench, DiskBench, MemoryBench, found, row, so_far
from tests.fakes import ManualClock

PLACES = ("home", "away")
HELD = Gate(open=False, held=True, state="held", reason="no consent")
sessions = st.sampled_from([f"{letter}{letter}" for letter in "abcd"])
places = st.sampled_from(PLACES)
some_places = st.sets(places)
sizes = st.integers(0, 3)
players = st.none() | st.sampled_from(["mila", "ole"])
bound = st.tuples(
    places, st.sampled_from(["artemis", "putt", ANY]), st.sampled_from(["mila", "ole", "mila + ole", ANY])
)
minutes = st.integers(0, 3).map(lambda number: timedelta(minutes=number))
jumps = st.sampled_from([timedelta(seconds=-20), timedelta(hours=-12), timedelta(days=-3), timedelta(days=3)])
Act = Callable[[Bench], Coroutine[Any, Any, object]]


class SpoolMachine(RuleBasedStateMachine):
    """Every act is done with both; what they say and what they hold must be the same."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp())
        self.disk = DiskBench(self.folder / "spool.db", AsyncExitStack())
        self.memory = MemoryBench()
        self.now = NOW
        self.gates: dict[str, Gate] = {}
        self.under_way: list[tuple[Claimed, Claimed]] = []

    def both(self, act: Act) -> tuple[Any, Any]:
        return self.loop.run_until_complete(act(self.disk)), self.loop.run_until_complete(act(self.memory))

    def same(self, act: Act) -> None:
        one, other = self.both(act)
        assert one == other

    @initialize()
    def start(self) -> None:
        self.loop.run_until_complete(self.disk.restart())

    @rule(name=sessions, events=sizes, grows=st.booleans(), to=some_places, more=st.tuples(st.integers(0, 99), players))
    def admit(self, name: str, events: int, grows: bool, to: set[str], more: tuple[int, str | None]) -> None:
        offset, player = more
        new = found(name, events=events, age=ord(name[0]), only_grows=grows, player=player)
        self.same(lambda bench: bench.spool.admit(row(offset=offset), [new], sorted(to), self.now))

    @rule(name=sessions, events=sizes, to=some_places, first=st.dictionaries(places, st.integers(1, 3)))
    def admit_with_summaries(self, name: str, events: int, to: set[str], first: dict[str, int]) -> None:
        new = found(name, events=events, age=ord(name[0]))
        self.same(lambda bench: bench.spool.admit(row(), [new], sorted(to), self.now, summaries=first))

    @rule(name=sessions, events=sizes, to=some_places)
    def admit_while_it_runs(self, name: str, events: int, to: set[str]) -> None:
        new = so_far(name, events=events, age=ord(name[0]))
        self.same(lambda bench: bench.spool.admit(row(), [new], sorted(to), self.now))

    @rule(name=sessions, to=some_places)
    def lose_its_log(self, name: str, to: set[str]) -> None:
        self.same(lambda bench: bench.spool.complete(SessionId(name), sorted(to), self.now))

    @rule(place=places, tracker=st.sampled_from(["artemis", "putt", None]))
    def let_go(self, place: str, tracker: str | None) -> None:
        self.same(lambda bench: bench.spool.let_go(place, tracker))

    @rule(place=places, limit=st.integers(1, 3), backfill=st.integers(0, 2), asked=st.booleans(), wary=st.booleans())
    def claim(self, place: str, limit: int, backfill: int, asked: bool, wary: bool) -> None:
        def act(bench: Bench) -> Coroutine[Any, Any, Sequence[Claimed]]:
            return bench.spool.claim(place, self.now, limit, backfill=backfill, only_asked=asked, longest_untried=wary)

        one, other = self.both(act)
        assert [told(each) for each in one] == [told(each) for each in other]
        for each in one:
            standing = self.loop.run_until_complete(self.disk.spool.delivery(each.row.id))
            assert standing is not None
            assert standing.standing is Standing.ALLOWED
        self.under_way += zip(one, other, strict=True)

    def finish(self, act: Callable[[Spool, str], Coroutine[Any, Any, object]]) -> None:
        """Something becomes of the delivery that is under way for the longest time."""
        if self.under_way:
            one, other = self.under_way.pop(0)
            self.loop.run_until_complete(act(self.disk.spool, one.row.id))
            self.loop.run_until_complete(act(self.memory.spool, other.row.id))

    @rule()
    def write_letter(self) -> None:
        letter = Letter(body=b"body", headers={"a": "b"}, payload_digest="cd")
        for one, other in self.under_way:
            self.loop.run_until_complete(self.disk.spool.keep_letter(one.row.id, letter))
            if self.loop.run_until_complete(self.memory.spool.delivery(other.row.id)):
                self.loop.run_until_complete(self.memory.spool.keep_letter(other.row.id, letter))

    @rule()
    def ack(self) -> None:
        self.finish(lambda spool, name: spool.acked(name, RECEIPT, "", self.now, timedelta(milliseconds=50)))

    @rule(wait=minutes, counts=st.booleans())
    def defer(self, wait: timedelta, counts: bool) -> None:
        self.finish(lambda spool, name: spool.deferred(name, "503", self.now + wait, counts=counts, now=self.now))

    @rule()
    def park(self) -> None:
        self.finish(lambda spool, name: spool.parked(name, "422", self.now))

    @rule(ids=st.lists(sessions | st.just("a"), max_size=2))
    def retry(self, ids: Sequence[str]) -> None:
        self.same(lambda bench: bench.spool.retry(ids, self.now))

    @rule(name=sessions | st.none(), asked=st.booleans())
    def hurry(self, name: str | None, asked: bool) -> None:
        self.same(lambda bench: bench.spool.hurry(name, self.now, asked=asked))

    @rule(ago=st.none() | st.integers(0, 30))
    def follow(self, ago: int | None) -> None:
        """The source is followed since some hours before the sessions' day was over, or for ever."""
        since = None if ago is None else f"{(NOW - ago * timedelta(hours=1)).isoformat()} place"
        self.both(lambda bench: bench.spool.set_note(source_note("game"), since))

    @rule(unasked=st.booleans())
    def need_not_ask(self, unasked: bool) -> None:
        self.both(lambda bench: bench.spool.set_note(UNASKED, "yes" if unasked else None))

    @rule(name=sessions | st.none(), ago=st.none() | st.integers(22, 28))
    def release(self, name: str | None, ago: int | None) -> None:
        since = None if ago is None else NOW - ago * timedelta(hours=1)
        self.same(lambda bench: bench.spool.release(name, since))

    @rule(data=st.data(), to=some_places, only_look=st.booleans())
    def recut(self, data: st.DataObject, to: set[str], only_look: bool) -> None:
        """Any of what is there now; most of it is not possible, which both must say."""
        there = self.loop.run_until_complete(self.memory.spool.sessions())
        if not there:
            return
        ids = st.sampled_from(sorted(summary.id for summary, _ in there))
        order: Recut
        if data.draw(st.booleans()):
            one = data.draw(ids)
            start = next(summary.started_at for summary, _ in there if summary.id == one)
            seconds = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=2))
            order = Split(one, tuple(start + number * timedelta(seconds=1) for number in seconds))
        else:
            order = Merge(tuple(data.draw(st.lists(ids, min_size=2, max_size=3))))
        self.same(lambda bench: tried(bench.spool.recut(order, sorted(to), self.now, only_look=only_look)))

    @rule(about=bound, allowed=st.booleans())
    def bind(self, about: tuple[str, str, str], allowed: bool) -> None:
        place, tracker, identity = about
        answer = Binding(destination=place, tracker=tracker, identity=identity, allowed=allowed, decided_at=self.now)
        self.both(lambda bench: bench.spool.bind([answer]))

    @rule(about=bound)
    def unbind(self, about: tuple[str, str, str]) -> None:
        self.same(lambda bench: bench.spool.unbind(*about))

    @rule(name=sessions, ask=some_places)
    def delete(self, name: str, ask: set[str]) -> None:
        """Also of what is not there, or is part of another one by now."""
        self.same(lambda bench: deleted(bench.spool, name, ask, self.now))

    @rule(data=st.data(), ask=some_places)
    def delete_what_is_there(self, data: st.DataObject, ask: set[str]) -> None:
        there = self.loop.run_until_complete(self.memory.spool.sessions())
        if there:
            name = data.draw(st.sampled_from(sorted(summary.id for summary, _ in there)))
            self.same(lambda bench: deleted(bench.spool, name, ask, self.now))

    @rule(place=places, what=st.sampled_from(["gone", "refused", "deferred"]), wait=minutes)
    def answer_a_deletion(self, place: str, what: str, wait: timedelta) -> None:
        self.same(lambda bench: answered(bench.spool, place, what, self.now, wait))

    @rule(place=places, address=st.sampled_from(["here", "there"]))
    def enlist(self, place: str, address: str) -> None:
        self.same(lambda bench: bench.spool.enlist(place, address, self.now))

    @rule(place=places)
    def dismiss(self, place: str) -> None:
        self.both(lambda bench: bench.spool.dismiss(place))

    @rule()
    def restart(self) -> None:
        """Also the end of everything that was under way."""
        self.both(lambda bench: bench.restart())
        self.under_way.clear()

    @rule(by=minutes)
    def wait(self, by: timedelta) -> None:
        self.now += by

    @rule(by=jumps)
    def set_the_clock(self, by: timedelta) -> None:
        self.now += by

    @rule()
    def see_through(self) -> None:
        self.same(lambda bench: bench.spool.see_through(self.now))

    @invariant()
    def they_hold_the_same(self) -> None:
        if hasattr(self.disk, "spool"):
            self.same(lambda bench: everything(bench, self.now))

    @rule(held=st.booleans())
    def hold(self, held: bool) -> None:
        """What becomes of a destination's gate, which the spool knows nothing of."""
        self.gates = {"home": HELD} if held else {}

    @rule(since=st.integers(0, 5), cut=st.booleans())
    def look_at_the_ledger(self, since: int, cut: bool) -> None:
        """All of it, or of what was found since then."""
        begin = (NOW + since * timedelta(minutes=1)).isoformat() if cut else ""
        one, other = self.both(lambda bench: ledger(bench.spool, self.gates, begin))
        assert one == other
        adds_up(one)
        if not cut:
            whole = self.loop.run_until_complete(self.disk.spool.totals())
            assert one.counts == views.counts(whole, self.gates)
            assert whole.found == sum(whole.by_state.values()) + whole.homeless

    def teardown(self) -> None:
        self.loop.run_until_complete(self.disk.close())
        self.loop.close()
        shutil.rmtree(self.folder)


def told(claimed: Claimed) -> tuple[object, ...]:
    """All that is not made of chance or time."""
    parcel = claimed.parcel
    return claimed.row.session, parcel.revision, parcel.document, claimed.letter, claimed.row.attempts, claimed.backfill


async def tried(act: Coroutine[Any, Any, Recutting]) -> object:
    """What came of it, also where that is a refusal."""
    try:
        return await act
    except Misconfigured as error:
        return error.code, error.message


async def deleted(spool: Spool, name: str, ask: set[str], now: datetime) -> object:
    """What a deletion says of itself, but for the names that chance gave."""
    try:
        done = await spool.delete(name, "artemis", now, ask=ask)
    except Misconfigured as error:
        return error.code, error.message
    await spool.scrub()
    return done.sessions, len(done.stopped), done.outdated, list(map(plain, sorted(done.copies, key=about)))


async def answered(spool: Spool, place: str, what: str, now: datetime, wait: timedelta) -> object:
    due = sorted(await spool.due_copies(place, now, 99), key=about)
    for copy in due[:1]:
        if what == "gone":
            await spool.copy_gone(copy.id, "", now)
        elif what == "refused":
            await spool.copy_refused(copy.id, "no", now)
        else:
            await spool.copy_deferred(copy.id, "later", now, now + wait, counts=True)
    return list(map(plain, due))


def about(copy: CopyRow) -> tuple[str, str, str]:
    return copy.session, copy.destination, copy.report_id


def plain(copy: CopyRow) -> CopyRow:
    """Without what chance made."""
    return replace(copy, id="", idempotency_key="key" if copy.idempotency_key else "")


async def history(spool: Spool, session: str, rows: Sequence[DeliveryRow]) -> object:
    """Tries and receipts of one session, by what chance has no hand in."""
    names = {row.id: (row.destination, row.revision) for row in rows}
    tries = {names[delivery]: list(them) for delivery, them in (await spool.attempts(session)).items()}
    proofs = [replace(one, delivery="") for one in await spool.receipts(session)]
    return sorted(tries.items()), sorted(proofs, key=lambda one: (one.destination, one.revision))


async def ledger(spool: Spool, gates: Mapping[str, Gate], since: str) -> m.Ledger:
    async def all_gates() -> Mapping[str, Gate]:
        return gates

    return await LedgerDesk(all_gates, spool, ManualClock(), UTC).ledger(since, "")


def adds_up(found: m.Ledger) -> None:
    """The accounting identity, in every way that a ledger tells it."""
    states = [one for one in m.Counts.__struct_fields__ if one != "found"]
    for counts in (found.counts, *(group.counts for group in (*found.days, *found.sources))):
        assert counts.found == sum(getattr(counts, state) for state in states)
    for groups in (found.days, found.sources):
        assert sum(group.sessions for group in groups) == found.sessions
        for name in m.Counts.__struct_fields__:
            assert sum(getattr(group.counts, name) for group in groups) == getattr(found.counts, name)
    for state in states:
        assert sum(line.count for line in found.lines if line.state == state) == getattr(found.counts, state)
    assert len(found.uploads) == found.counts.uploaded


async def everything(bench: Bench, now: datetime) -> tuple[object, ...]:
    spool = bench.spool
    listed = [
        (
            summary,
            [
                (
                    one.destination,
                    one.revision,
                    one.state,
                    one.attempts,
                    one.last_error,
                    one.next_attempt,
                    one.report_url,
                    one.standing,
                )
                for one in rows
            ],
        )
        for summary, rows in await spool.sessions()
    ]
    ways = [(old, asked) for old in (False, True) for asked in (False, True)]
    due = [await spool.next_due(place, now, backfill=old, only_asked=asked) for place in PLACES for old, asked in ways]
    due_at = due, [list(await spool.unasked(place)) for place in PLACES]
    roster = list(await spool.seen()), list(await spool.bindings())
    gone = [(replace(one, copies=()), list(map(plain, sorted(one.copies, key=about)))) for one in await spool.deleted()]
    asked = [await spool.next_copy(place, now) for place in PLACES]
    files = list(await spool.files("game")), dict(await spool.partials("game"))
    told_of = [await history(spool, summary.id, rows) for summary, rows in await spool.sessions()]
    return told_of, listed, due_at, await spool.totals(), files, len(await spool.failures(99)), gone, asked, roster


TestSpoolMachine = SpoolMachine.TestCase
TestSpoolMachine.settings = settings(
    max_examples=60, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
