"""Answers that get a delivery nowhere are counted, from none again once it is written anew or asked for."""

from __future__ import annotations

from datetime import datetime

from logferry_daemon.ports import Spool
from tests.contracts.spooling import NOW, SECOND, Bench, admit, claim, found


async def told(spool: Spool) -> tuple[str, int, datetime | None]:
    (one,) = await claim(spool)
    return one.row.id, one.row.stuck, one.row.stuck_since


async def test_they_are_counted_from_the_first_of_them_and_no_others_are(bench: Bench) -> None:
    await admit(bench.spool, found("aa"))
    (one,) = await claim(bench.spool)
    assert (one.row.stuck, one.row.stuck_since) == (0, None)
    for number, stuck in enumerate([False, True, False, True]):
        await bench.spool.deferred(one.row.id, "no", NOW, counts=True, now=NOW + number * SECOND, stuck=stuck)
        await bench.restart()
        (one,) = await bench.spool.claim("home", NOW + 9 * SECOND, 9, backfill=9)
    assert (one.row.stuck, one.row.stuck_since, one.row.attempts) == (2, NOW + SECOND, 4)


async def test_they_begin_at_none_when_it_is_written_anew(spool: Spool) -> None:
    await admit(spool, found("aa"))
    name, *_ = await told(spool)
    await spool.deferred(name, "no", NOW, counts=True, now=NOW, stuck=True)
    assert await told(spool) == (name, 1, NOW)
    await spool.deferred(name, "packed anew", NOW, counts=True, now=NOW, anew=True, stuck=True)
    assert await told(spool) == (name, 0, None)


async def test_they_begin_at_none_when_a_person_asks_for_it(spool: Spool) -> None:
    await admit(spool, found("aa"))
    name, *_ = await told(spool)
    await spool.deferred(name, "no", NOW, counts=True, now=NOW, stuck=True)
    assert await told(spool) == (name, 1, NOW)
    await spool.parked(name, "no", NOW)
    await spool.retry([name], NOW)
    assert await told(spool) == (name, 0, None)
