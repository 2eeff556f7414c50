"""A summary goes first and the whole after it; where the whole is there, nothing more goes."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from logferry_daemon.core.new_session import NewSession
from logferry_daemon.ports import Claimed, Spool
from logferry_model.session import Session
from tests.contracts.spooling import HOME, LETTER, NOW, RECEIPT, Bench, claim, found, row, so_far, states

AWAY = "away"
FIRST = {HOME: 3}


async def admit(spool: Spool, *sessions: NewSession, to: tuple[str, ...] = (HOME,)) -> None:
    await spool.admit(row(), sessions, to, NOW, summaries=FIRST)


async def ack(spool: Spool, one: Claimed) -> None:
    await spool.acked(one.row.id, RECEIPT, "", NOW, timedelta())


def events_in(one: Claimed) -> int:
    return len(msgspec.json.decode(one.parcel.document, type=Session).events)


async def test_a_summary_goes_before_the_whole(spool: Spool) -> None:
    await admit(spool, found("aa", events=3))
    (first,) = await claim(spool)
    assert (first.parcel.revision, first.parcel.partial, events_in(first)) == (1, True, 0)
    assert first.parcel.ended_at is not None
    assert await claim(spool) == []
    assert await spool.next_due(HOME, NOW, backfill=False) is None
    await ack(spool, first)
    (whole,) = await claim(spool)
    assert (whole.parcel.revision, whole.parcel.partial, events_in(whole)) == (2, False, 3)
    assert whole.parcel.idempotency_key != first.parcel.idempotency_key
    await ack(spool, whole)
    assert await states(spool) == {("aa", 1, HOME): "uploaded", ("aa", 2, HOME): "uploaded"}


async def test_only_those_who_want_one_and_only_of_many_events(spool: Spool) -> None:
    await admit(spool, found("aa", events=3), found("bb", events=2), to=(HOME, AWAY))
    assert await states(spool) == {
        ("aa", 1, HOME): "pending",
        ("aa", 2, HOME): "pending",
        ("aa", 2, AWAY): "pending",
        ("bb", 1, HOME): "pending",
        ("bb", 1, AWAY): "pending",
    }


async def test_a_whole_does_not_wait_for_a_summary_that_was_refused(spool: Spool) -> None:
    await admit(spool, found("aa", events=3))
    (first,) = await claim(spool)
    await spool.parked(first.row.id, "422", NOW)
    (whole,) = await claim(spool)
    await ack(spool, whole)
    assert await states(spool) == {("aa", 1, HOME): "excluded", ("aa", 2, HOME): "uploaded"}
    assert await spool.retry([], NOW) == 0


async def test_a_summary_that_is_tried_again_goes_first_also_then(bench: Bench) -> None:
    await admit(bench.spool, found("aa", events=3))
    (first,) = await claim(bench.spool)
    await bench.spool.keep_letter(first.row.id, LETTER)
    await bench.restart()
    (again,) = await claim(bench.spool)
    assert (again.row.id, again.letter) == (first.row.id, LETTER)
    await bench.spool.deferred(again.row.id, "503", NOW + timedelta(minutes=1), counts=True)
    assert await claim(bench.spool) == []


async def test_a_newer_version_makes_both_pointless(spool: Spool) -> None:
    await admit(spool, found("aa", events=3))
    await admit(spool, found("aa", events=4))
    assert await states(spool) == {
        ("aa", 1, HOME): "excluded",
        ("aa", 2, HOME): "excluded",
        ("aa", 3, HOME): "pending",
    }


@pytest.mark.parametrize("new", [found("aa", events=9), so_far("aa", events=9)])
async def test_what_is_known_or_runs_gets_no_summary(spool: Spool, new: NewSession) -> None:
    await admit(spool, so_far("aa", events=2))
    await admit(spool, new)
    assert [one.parcel.revision for one in await claim(spool)] == [2]


async def test_a_summary_is_a_delivery_like_any_other(spool: Spool) -> None:
    await admit(spool, found("aa", events=3), found("bb", events=1))
    totals = await spool.totals()
    assert totals.found == sum(totals.by_state.values()) == 3
