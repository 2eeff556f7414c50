"""What a destination has of the sessions around one: only what arrived there, and in the order in which it was played."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from logferry_daemon.core.evening import REACH
from logferry_daemon.ports import Claimed, Spool
from tests.contracts.spooling import HOME, LETTER, NOW, RECEIPT, SECOND, Bench, admit, claim, found
from tests.factories import HOUR, START

FAR = REACH // timedelta(hours=1) + 1


async def arrived(spool: Spool, *there: tuple[Claimed, str]) -> None:
    for one, report in there:
        await spool.keep_letter(one.row.id, LETTER)
        await spool.acked(one.row.id, replace(RECEIPT, report_id=report), "", NOW, SECOND)


async def told(spool: Spool, to: str = HOME) -> list[tuple[str, str]]:
    """Session and report of what is told about the one that is due."""
    (one,) = await claim(spool, to)
    about = await spool.told_about(one.row.id)
    await spool.released([one.row.id])
    return [(each.session, each.report_id) for each in about]


async def test_nothing_is_told_where_nothing_arrived(spool: Spool) -> None:
    await admit(spool, found())
    assert await told(spool) == []


async def test_what_arrived_is_told_in_the_order_in_which_it_was_played_also_after_a_restart(bench: Bench) -> None:
    await admit(bench.spool, found("aa", age=1), found("bb", age=3), found("cc", age=2))
    first, second, third = await claim(bench.spool)
    await bench.spool.released([third.row.id])
    await arrived(bench.spool, (second, "m2"), (first, "m1"))
    await bench.restart()
    assert await told(bench.spool) == [("bb", "m1"), ("cc", "m2")]


async def test_its_times_are_those_of_the_session(spool: Spool) -> None:
    await admit(spool, found("aa", age=1), found("bb"))
    first, second = await claim(spool)
    await arrived(spool, (first, "m1"))
    (about,) = await spool.told_about(second.row.id)
    assert (about.started_at, about.ended_at) == (START - HOUR, START)


async def test_an_earlier_version_of_the_session_itself_is_told(spool: Spool) -> None:
    await admit(spool, found("aa", events=3))
    (one,) = await claim(spool)
    await arrived(spool, (one, "m1"))
    await admit(spool, found("aa", events=4))
    assert await told(spool) == [("aa", "m1")]


async def test_another_destinations_reports_are_not(spool: Spool) -> None:
    await admit(spool, found("aa", age=1), to=("home", "guild"))
    (one,) = await claim(spool, "guild")
    await arrived(spool, (one, "m1"))
    assert await told(spool, "home") == []


async def test_what_was_deleted_over_there_has_no_report(spool: Spool) -> None:
    await admit(spool, found("aa", age=1), found("bb"))
    first, second = await claim(spool)
    await spool.acked(first.row.id, None, "deleted over there", NOW, SECOND)
    assert await spool.told_about(second.row.id) == []


async def test_what_was_played_days_before_is_left_out(spool: Spool) -> None:
    await admit(spool, found("aa", age=FAR), found("bb", age=1), found("cc"))
    first, second, third = await claim(spool)
    await arrived(spool, (first, "m1"), (second, "m2"))
    assert [one.report_id for one in await spool.told_about(third.row.id)] == ["m2"]
