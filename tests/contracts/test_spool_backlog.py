"""What was there before: the spool keeps it, tells of it, and lets it go when its owner asks."""

from __future__ import annotations

from datetime import timedelta

import pytest

from logferry_daemon.core.delivery import State
from logferry_daemon.ports import UNASKED, Backlog, Spool, source_note
from tests.contracts.spooling import (
    HOME,
    NOW,
    PLACE,
    RECEIPT,
    Bench,
    admit,
    claim,
    found,
    row,
    rows_of,
    states,
)
from tests.factories import HOUR, START

AWAY = "away"
FOLLOWED = START
"""The sessions of this file end an hour after they began: of age 1 at just this time, of age 0 later."""


@pytest.fixture
async def spool(bench: Bench) -> Spool:
    await bench.spool.set_note(source_note("game"), f"{FOLLOWED.isoformat()} folder")
    return bench.spool


async def state_of(spool: Spool, session: str, to: str = HOME) -> str:
    """Of its newest delivery."""
    kept = await states(spool)
    return kept[max(key for key in kept if (key[0], key[2]) == (session, to))]


async def test_what_ended_before_its_source_was_followed_waits_to_be_asked_for(spool: Spool) -> None:
    await admit(spool, found("old", age=2), found("just", age=1), found("new", age=0))
    assert await states(spool) == {
        ("old", 1, HOME): "backlog",
        ("just", 1, HOME): "pending",
        ("new", 1, HOME): "pending",
    }
    assert [one.row.session for one in await claim(spool)] == ["just", "new"]


async def test_what_ended_before_its_destination_was_set_waits_to_be_asked_for(spool: Spool) -> None:
    await spool.enlist(HOME, PLACE, START + HOUR)
    await admit(spool, found("before", age=1), found("after", age=0), to=[HOME, AWAY])
    assert [await state_of(spool, one) for one in ("before", "after")] == ["backlog", "pending"]
    assert await state_of(spool, "before", AWAY) == "pending"


async def test_a_session_recorded_while_nobody_looked_goes_by_itself(bench: Bench, spool: Spool) -> None:
    await spool.enlist(HOME, PLACE, FOLLOWED)
    await bench.restart()
    await bench.spool.enlist(HOME, PLACE, NOW + timedelta(days=9))
    await admit(bench.spool, found("away", age=0))
    assert await state_of(bench.spool, "away") == "pending"


async def test_a_source_that_nobody_began_to_follow_has_no_backlog(bench: Bench) -> None:
    await admit(bench.spool, found(age=99))
    assert await states(bench.spool) == {("aa", 1, HOME): "pending"}


async def test_backlog_survives_a_restart_and_is_not_due(bench: Bench, spool: Spool) -> None:
    await admit(spool, found(age=5))
    await bench.restart()
    assert await states(bench.spool) == {("aa", 1, HOME): "backlog"}
    assert await bench.spool.next_due(HOME, NOW, backfill=True) is None
    assert await bench.spool.hurry(None, NOW) == 0
    assert await bench.spool.retry([], NOW) == 0
    assert await claim(bench.spool) == []


async def test_backlog_is_counted_with_the_time_that_it_spans(spool: Spool) -> None:
    assert (await spool.totals()).backlog is None
    await admit(spool, found("aa", age=9), found("bb", age=4), found("cc", age=0), to=[HOME, AWAY])
    totals = await spool.totals()
    assert totals.backlog == Backlog(sessions=2, first=START - 9 * HOUR, last=START - 3 * HOUR)
    assert totals.by_state[HOME, State.BACKLOG] == 2
    assert sum(totals.by_state.values()) == len(await rows_of(spool))


async def test_all_of_it_goes_when_it_is_asked_for(spool: Spool) -> None:
    await admit(spool, found("aa", age=9), found("bb", age=4))
    assert await spool.release(None, None) == 2
    assert await spool.release(None, None) == 0
    assert [one.row.session for one in await claim(spool)] == ["aa", "bb"]


async def test_one_session_goes_when_it_is_asked_for(spool: Spool) -> None:
    await admit(spool, found("aa", age=9), found("bb", age=4))
    assert await spool.release("bb", None) == 1
    assert [one.row.session for one in await claim(spool)] == ["bb"]


async def test_what_ended_since_a_time_goes_and_no_older_one(spool: Spool) -> None:
    await admit(spool, found("aa", age=9), found("bb", age=4), found("cc", age=3))
    assert await spool.release(None, START - 3 * HOUR) == 2
    assert await states(spool) == {
        ("aa", 1, HOME): "backlog",
        ("bb", 1, HOME): "pending",
        ("cc", 1, HOME): "pending",
    }


async def test_what_was_asked_for_once_is_not_asked_for_again(spool: Spool) -> None:
    await admit(spool, found("aa", age=9))
    await spool.release(None, None)
    (one,) = await claim(spool)
    await spool.acked(one.row.id, RECEIPT, "", NOW, timedelta())
    await admit(spool, found("aa", age=9, events=5))
    assert await states(spool) == {("aa", 1, HOME): "uploaded", ("aa", 2, HOME): "pending"}


async def test_another_version_of_what_waits_waits_in_its_place(spool: Spool) -> None:
    await admit(spool, found("aa", age=9))
    await admit(spool, found("aa", age=9, events=5))
    assert await states(spool) == {("aa", 1, HOME): "excluded", ("aa", 2, HOME): "backlog"}
    await admit(spool, found("aa", age=9, events=6))
    assert await state_of(spool, "aa") == "backlog"


async def test_what_is_new_goes_before_a_backfill_however_old_that_is(spool: Spool) -> None:
    await admit(spool, found("old", age=9), found("new", age=0))
    await spool.release(None, None)
    assert [one.row.session for one in await claim(spool)] == ["new", "old"]


async def test_what_fails_and_goes_by_itself_makes_no_backfill_wait_that_nobody_tried(spool: Spool) -> None:
    await admit(spool, found("old", age=9), found("new", age=0))
    await spool.release(None, None)
    (new,) = await claim(spool, limit=1, wary=True)
    await spool.deferred(new.row.id, "500", NOW, counts=True)
    assert await claim(spool, limit=0, wary=True) == []
    assert [one.row.session for one in await claim(spool, limit=1, wary=True)] == ["old"]
    assert [one.row.session for one in await claim(spool, limit=1, backfill=0, wary=True)] == ["new"]


async def test_no_more_of_a_backfill_is_claimed_than_its_budget_allows(spool: Spool) -> None:
    await admit(spool, *(found(name, age=age) for age, name in enumerate(("n0", "n1", "b2", "b3", "b4"))))
    await spool.release(None, None)
    assert [one.row.session for one in await claim(spool, backfill=0)] == ["n1", "n0"]
    assert await claim(spool, backfill=0) == []
    assert await spool.next_due(HOME, NOW, backfill=False) is None
    assert await spool.next_due(HOME, NOW, backfill=True) is not None
    assert [one.row.session for one in await claim(spool, backfill=2)] == ["b4", "b3"]
    assert [one.row.session for one in await claim(spool, backfill=2)] == ["b2"]


async def test_where_nobody_has_to_ask_it_goes_at_once_but_still_last(spool: Spool) -> None:
    await spool.set_note(UNASKED, "yes")
    await admit(spool, found("old", age=9), found("new", age=0))
    assert set((await states(spool)).values()) == {"pending"}
    assert [one.row.session for one in await claim(spool)] == ["new", "old"]


async def test_a_later_destination_gets_what_was_there_before_only_when_asked(spool: Spool) -> None:
    await admit(spool, found("aa", age=0))
    assert await spool.enlist(AWAY, PLACE, NOW) == 1
    assert (await state_of(spool, "aa"), await state_of(spool, "aa", AWAY)) == ("pending", "backlog")


async def test_the_position_is_kept_with_backlog_as_with_anything(spool: Spool) -> None:
    (admitted,) = await spool.admit(row(offset=7), [found(age=9)], [HOME], NOW)
    assert admitted.new
    assert [one.offset for one in await spool.files("game")] == [7]
