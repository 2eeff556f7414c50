"""The clock is set while something waits in the spool: no wait outlasts its length, and no correction cuts it short."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from logferry_daemon.core.backoff import RETRY_AFTER_CAP
from logferry_daemon.core.waiting import CORRECTION
from logferry_daemon.ports import Claimed, DeliveryRow, Spool, source_note
from tests.contracts.spooling import (
    HOME,
    LETTER,
    NOW,
    PLACE,
    RECEIPT,
    SECOND,
    Bench,
    admit,
    claim,
    found,
    rows_of,
    states,
)
from tests.factories import START

HOURS = timedelta(hours=12)
MINUTE = timedelta(minutes=1)


async def wait(spool: Spool, now: datetime, length: timedelta = 10 * MINUTE) -> Claimed:
    """One is tried at that time, and is to be tried again so much later."""
    (one,) = await claim(spool, now=now)
    await spool.deferred(one.row.id, "503", now + length, counts=True, now=now)
    return one


async def due(spool: Spool, now: datetime) -> datetime:
    found_at = await spool.next_due(HOME, now, backfill=False)
    assert found_at is not None
    return found_at


async def only(spool: Spool) -> DeliveryRow:
    (row,) = await rows_of(spool)
    return row


@pytest.mark.parametrize("ahead", [2 * CORRECTION, HOURS, timedelta(days=3), timedelta(days=5000)])
async def test_a_wait_that_a_clock_wrote_down_that_was_ahead_begins_once_more(bench: Bench, ahead: timedelta) -> None:
    """R-D23: never early, also not before somebody has noticed; and no longer than it was to."""
    await admit(bench.spool, found())
    await wait(bench.spool, NOW + ahead)
    await bench.restart()
    for _ in range(2):
        assert await due(bench.spool, NOW) == NOW + 10 * MINUTE
        assert not await claim(bench.spool, now=NOW)
        await bench.spool.see_through(NOW)
    assert not await claim(bench.spool, now=NOW + 10 * MINUTE - SECOND)
    assert len(await claim(bench.spool, now=NOW + 10 * MINUTE)) == 1


@pytest.mark.parametrize("back", [timedelta(), timedelta(milliseconds=10), 59 * SECOND, CORRECTION])
async def test_no_correction_ends_the_longest_wait(bench: Bench, back: timedelta) -> None:
    await admit(bench.spool, found())
    await wait(bench.spool, NOW, RETRY_AFTER_CAP)
    await bench.restart()
    assert await bench.spool.see_through(NOW - back) == 0
    assert await due(bench.spool, NOW - back) == NOW + RETRY_AFTER_CAP
    assert not await claim(bench.spool, now=NOW - back)


async def test_no_wait_is_longer_than_the_longest_once_it_was_seen_through(bench: Bench) -> None:
    await admit(bench.spool, found())
    await wait(bench.spool, NOW, 5 * RETRY_AFTER_CAP)
    assert await bench.spool.see_through(NOW) == 1
    assert await due(bench.spool, NOW) == NOW + RETRY_AFTER_CAP
    assert len(await claim(bench.spool, now=NOW + RETRY_AFTER_CAP)) == 1


async def test_what_did_not_wait_need_not_begin_to(spool: Spool) -> None:
    await admit(spool, found())
    await wait(spool, NOW + HOURS, timedelta())
    assert await due(spool, NOW) <= NOW
    assert len(await claim(spool, now=NOW)) == 1


@pytest.mark.parametrize("wary", [False, True])
async def test_what_is_kept_back_waits_whatever_the_clock_says_until_it_is_hastened(
    spool: Spool, *, wary: bool
) -> None:
    await admit(spool, found())
    one, over = (await wait(spool, NOW)).row.id, NOW + 3 * HOURS
    assert await spool.next_due(HOME, over, backfill=False, but=[one]) is None
    handed = [
        await spool.claim(HOME, over, 9, backfill=9, longest_untried=wary, but=but) for but in ([one], [one, "another"])
    ]
    assert handed == [[], []]
    await spool.hastened([one])
    assert await spool.next_due(HOME, over, backfill=False, but=[one]) is not None
    assert len(await spool.claim(HOME, over, 9, backfill=9, longest_untried=wary, but=[one])) == 1


async def test_what_is_kept_back_keeps_back_no_other(spool: Spool) -> None:
    await admit(spool, found("aa", age=1), found("bb"))
    first, second = await claim(spool, now=NOW)
    for one in (first, second):
        await spool.deferred(one.row.id, "409", NOW + MINUTE, counts=True, now=NOW)
    (other,) = await spool.claim(HOME, NOW + MINUTE, 9, backfill=9, but=[first.row.id])
    assert other.row.id == second.row.id


async def test_a_clock_that_is_only_corrected_cuts_no_wait_short(bench: Bench) -> None:
    """R-D23: what a destination asked for is a floor."""
    await admit(bench.spool, found())
    await wait(bench.spool, NOW)
    await bench.restart()
    corrected = NOW - CORRECTION
    assert await due(bench.spool, corrected) == NOW + 10 * MINUTE
    assert not await claim(bench.spool, now=corrected)
    assert len(await claim(bench.spool, now=NOW + 10 * MINUTE)) == 1


async def test_a_wait_begins_when_the_try_has_failed_and_not_when_that_began(spool: Spool) -> None:
    """The clock was put ahead in the middle of it, and is right again."""
    await admit(spool, found())
    (one,) = await claim(spool, now=NOW)
    await spool.deferred(one.row.id, "503", NOW + HOURS + MINUTE, counts=True, now=NOW + HOURS)
    assert await due(spool, NOW + SECOND) == NOW + SECOND + MINUTE
    assert (await only(spool)).last_attempt == NOW + HOURS


async def test_a_try_that_outlasts_the_clock_is_followed_by_its_wait(spool: Spool) -> None:
    await admit(spool, found())
    (one,) = await claim(spool, now=NOW + HOURS)
    await spool.deferred(one.row.id, "503", NOW + 10 * MINUTE, counts=True, now=NOW)
    assert await due(spool, NOW) == NOW + 10 * MINUTE
    assert not await claim(spool, now=NOW + MINUTE)


async def test_one_try_is_all_that_a_wait_costs_that_was_seen_through(spool: Spool) -> None:
    await admit(spool, found())
    await wait(spool, NOW + HOURS)
    await spool.see_through(NOW)
    await wait(spool, NOW + 10 * MINUTE)
    assert await due(spool, NOW + 10 * MINUTE) == NOW + 20 * MINUTE


async def test_a_wait_that_was_seen_through_holds_no_more_when_sending_is_broken_off(bench: Bench) -> None:
    await admit(bench.spool, found())
    await wait(bench.spool, NOW + HOURS)
    await bench.spool.see_through(NOW)
    over = NOW + 10 * MINUTE
    assert len(await claim(bench.spool, now=over)) == 1
    await bench.restart()
    assert await due(bench.spool, over) <= over
    assert len(await claim(bench.spool, now=over + SECOND)) == 1


async def test_what_was_tried_by_a_clock_that_was_ahead_is_not_left_alone_until_then(spool: Spool) -> None:
    await admit(spool, found("aa", age=2), found("bb", age=1))
    (first, second) = await claim(spool, now=NOW)
    await spool.deferred(first.row.id, "500", NOW, counts=True, now=NOW)
    await spool.deferred(second.row.id, "500", NOW + HOURS, counts=True, now=NOW + HOURS)
    (one,) = await claim(spool, now=NOW + SECOND, limit=1, wary=True)
    assert one.row.session == "bb"


@pytest.mark.parametrize("jump", [-HOURS, -timedelta(days=20_000), HOURS])
async def test_when_it_was_filed_is_told_by_no_later_look_at_the_clock(bench: Bench, jump: timedelta) -> None:
    """Whether it is given up is decided by its age."""
    await admit(bench.spool, found())
    await wait(bench.spool, NOW + jump)
    await bench.spool.see_through(NOW + jump)
    await bench.restart()
    assert (await only(bench.spool)).created_at == NOW


async def test_a_deletion_waits_no_longer_than_a_delivery(bench: Bench) -> None:
    await admit(bench.spool, found("aa"))
    (one,) = await claim(bench.spool)
    await bench.spool.keep_letter(one.row.id, LETTER)
    await bench.spool.acked(one.row.id, RECEIPT, "", NOW, SECOND)
    (copy,) = (await bench.spool.delete("aa", "artemis", NOW, ask=(HOME,))).copies
    await bench.spool.copy_deferred(copy.id, "503", NOW + HOURS, NOW + HOURS + MINUTE, counts=True)
    await bench.restart()
    assert await bench.spool.next_copy(HOME, NOW) == NOW + MINUTE
    assert not await bench.spool.due_copies(HOME, NOW, 9)
    assert await bench.spool.see_through(NOW) == 1
    assert await bench.spool.next_copy(HOME, NOW) == NOW + MINUTE
    assert len(await bench.spool.due_copies(HOME, NOW + MINUTE, 9)) == 1
    await bench.spool.copy_deferred(copy.id, "503", NOW, NOW + 10 * MINUTE, counts=True)
    assert await bench.spool.next_copy(HOME, NOW - CORRECTION) == NOW + 10 * MINUTE
    assert not await bench.spool.due_copies(HOME, NOW - CORRECTION, 9)


@pytest.mark.parametrize(("ahead", "anew"), [(CORRECTION, 0), (2 * CORRECTION, 1), (HOURS, 1)])
async def test_what_is_seen_through_once_begins_anew_once(bench: Bench, ahead: timedelta, anew: int) -> None:
    """And is over then, whether the clock has come to where the other one was or not."""
    await admit(bench.spool, found("aa", age=1), found("bb"))
    (first, second) = await claim(bench.spool, now=NOW)
    await bench.spool.deferred(first.row.id, "503", NOW + 2 * HOURS, counts=True, now=NOW)
    await bench.spool.deferred(second.row.id, "503", NOW + ahead + HOURS, counts=True, now=NOW + ahead)
    assert await bench.spool.see_through(NOW) == anew
    assert await bench.spool.see_through(NOW) == 0
    await bench.restart()
    assert [one.row.session for one in await claim(bench.spool, now=NOW + HOURS)] == ["bb"] * anew


@pytest.mark.parametrize("ahead", [timedelta(), CORRECTION, HOURS, timedelta(days=5000)])
async def test_what_is_played_after_the_clock_was_put_right_is_not_from_before_its_source_was_followed(
    bench: Bench, ahead: timedelta
) -> None:
    at = START + ahead
    await bench.spool.set_note(source_note("game"), f"{at.isoformat()} folder")
    await bench.spool.enlist(HOME, PLACE, at)
    await bench.spool.see_through(START)
    await bench.restart()
    await admit(bench.spool, found("before", age=5), found("after"))
    kept = {key[0]: state for key, state in (await states(bench.spool)).items()}
    assert kept == {"before": "backlog", "after": "pending"}
    assert (await bench.spool.note(source_note("game")) or "").endswith(" folder")


async def test_a_deletion_is_seen_through_as_a_delivery_is(bench: Bench) -> None:
    await admit(bench.spool, found("aa"))
    (one,) = await claim(bench.spool)
    await bench.spool.keep_letter(one.row.id, LETTER)
    await bench.spool.acked(one.row.id, RECEIPT, "", NOW, SECOND)
    (copy,) = (await bench.spool.delete("aa", "artemis", NOW, ask=(HOME,))).copies
    await bench.spool.copy_deferred(copy.id, "503", NOW + HOURS, NOW + 2 * HOURS, counts=True)
    assert await bench.spool.see_through(NOW) == 1
    assert len(await bench.spool.due_copies(HOME, NOW + HOURS, 9)) == 1
