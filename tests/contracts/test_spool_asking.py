"""What waits for its destination's time: nothing of it is given away before that, and then all of it."""

from __future__ import annotations

import pytest

from logferry_daemon.core.recut import Merge
from logferry_daemon.ports import HEEDED, Spool
from tests.contracts.spooling import HOME, NOW, RECEIPT, SECOND, Bench, admit, claim, found, rows_of

AWAY = "away"


async def waiting(spool: Spool, to: str = HOME) -> list[str]:
    """The sessions that would go."""
    return [one.row.session for one in await spool.claim(to, NOW, 10, backfill=10, only_asked=True)]


async def test_what_nobody_asked_for_does_not_go_where_a_time_is_waited_for(spool: Spool) -> None:
    await admit(spool, found("aa"))
    assert await waiting(spool) == []
    assert await spool.next_due(HOME, NOW, backfill=False, only_asked=True) is None
    assert [one.row.session for one in await claim(spool)] == ["aa"]


async def test_when_the_time_has_come_all_goes_that_is_there_and_nothing_later(spool: Spool) -> None:
    await admit(spool, found("aa"), found("bb", age=1), to=[HOME, AWAY])
    assert await spool.let_go(HOME, None) == 2
    await admit(spool, found("cc"), to=[HOME, AWAY])
    assert await spool.next_due(HOME, NOW, backfill=False, only_asked=True) is not None
    assert await waiting(spool) == ["bb", "aa"]
    assert await waiting(spool, AWAY) == []


async def test_what_was_let_go_stays_so_over_tries_and_restarts(bench: Bench) -> None:
    await admit(bench.spool, found("aa"))
    await bench.spool.let_go(HOME, None)
    (one,) = await bench.spool.claim(HOME, NOW, 10, backfill=10, only_asked=True)
    await bench.spool.deferred(one.row.id, "503", NOW, counts=True)
    await bench.restart()
    assert await waiting(bench.spool) == ["aa"]
    assert await bench.spool.let_go(HOME, None) == 0


async def test_a_tracker_can_be_let_go_alone(spool: Spool) -> None:
    await admit(spool, found("aa"))
    assert await spool.unasked(HOME) == ["artemis"]
    assert await spool.let_go(HOME, "putt") == 0
    assert await spool.let_go(HOME, "artemis") == 1
    assert await spool.unasked(HOME) == []


async def test_what_its_owner_asks_for_waits_for_no_time(spool: Spool) -> None:
    await admit(spool, found("aa"), found("bb", age=1))
    await spool.hurry("aa", NOW, asked=False)
    assert await waiting(spool) == []
    await spool.hurry("aa", NOW)
    assert await waiting(spool) == ["aa"]
    await spool.hurry(None, NOW)
    assert await waiting(spool) == ["bb"]


async def test_another_try_that_somebody_asked_for_waits_for_no_time(spool: Spool) -> None:
    await admit(spool, found("aa"))
    (one,) = await claim(spool)
    await spool.parked(one.row.id, "422", NOW)
    await spool.retry([], NOW)
    assert await waiting(spool) == ["aa"]


@pytest.mark.parametrize("how", ["asked for", "let go"])
@pytest.mark.parametrize("where", ["waiting", "on its way", "parked"])
async def test_what_was_asked_for_and_has_not_arrived_is_asked_for_in_a_newer_version(
    bench: Bench, how: str, where: str
) -> None:
    await admit(bench.spool, found("aa"), found("bb", age=1))
    await (bench.spool.hurry("aa", NOW) if how == "asked for" else bench.spool.let_go(HOME, None))
    claimed = await bench.spool.claim(HOME, NOW, 10, backfill=10, only_asked=True)
    (one,) = [one for one in claimed if one.row.session == "aa"]
    if where == "waiting":
        await bench.spool.deferred(one.row.id, "no connection", NOW, counts=True)
    elif where == "parked":
        await bench.spool.parked(one.row.id, "422", NOW)
    await admit(bench.spool, found("aa", events=9), found("cc"))
    await bench.restart()
    assert [session for session in await waiting(bench.spool) if session != "bb"] == ["aa"]
    assert [(row.revision, row.asked) for row in await rows_of(bench.spool) if row.session == "aa"] == [
        (1, True),
        (2, True),
    ]


async def test_a_newer_version_of_what_has_arrived_waits_for_its_own_time(spool: Spool) -> None:
    await admit(spool, found("aa"))
    await spool.hurry("aa", NOW)
    (one,) = await claim(spool)
    await spool.acked(one.row.id, RECEIPT, "", NOW, SECOND)
    await admit(spool, found("aa", events=9))
    assert await waiting(spool) == []


async def test_what_is_made_of_something_asked_for_is_asked_for(spool: Spool) -> None:
    await admit(spool, found("aa"), found("bb", age=2))
    await spool.hurry("aa", NOW)
    await spool.recut(Merge(("bb", "aa")), [HOME], NOW, only_look=False)
    assert len(await waiting(spool)) == 1


async def test_how_much_waits_is_told_by_destination(spool: Spool) -> None:
    await admit(spool, found("aa"), found("bb"), to=[HOME, AWAY])
    await spool.let_go(HOME, None)
    await admit(spool, found("cc"), to=[HOME, AWAY])
    assert dict((await spool.totals()).unasked) == {HOME: 1, AWAY: 3}
    assert [(one.session, one.asked) for one in await rows_of(spool) if one.destination == HOME] == [
        ("aa", True),
        ("bb", True),
        ("cc", False),
    ]
    await claim(spool, AWAY)
    assert dict((await spool.totals()).unasked) == {HOME: 1}


async def test_times_are_remembered_only_where_something_goes_at_times(bench: Bench) -> None:
    for key in (f"{HEEDED}{HOME}", f"{HEEDED}{AWAY}", f"other:{AWAY}"):
        await bench.spool.set_note(key, "x")
    await bench.spool.heed_only([HOME])
    await bench.restart()
    kept = [await bench.spool.note(key) for key in (f"{HEEDED}{HOME}", f"{HEEDED}{AWAY}", f"other:{AWAY}")]
    assert kept == ["x", None, "x"]
