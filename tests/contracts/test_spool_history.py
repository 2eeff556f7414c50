"""Every try at a delivery is remembered, the latest fifty; and what arrived, with its receipt."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from logferry_daemon.core.history import BROKEN_OFF, MOST_ATTEMPTS, Attempt, Ending
from logferry_daemon.ports import Spool
from tests.contracts.spooling import HOME, LETTER, NOW, PLACE, RECEIPT, Bench, admit, claim, found, rows_of

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


async def tries(spool: Spool, session: str = "aa") -> list[Attempt]:
    (them,) = (await spool.attempts(session)).values()
    return list(them)


async def test_each_try_says_when_how_long_how_much_and_what_came_of_it(spool: Spool) -> None:
    await admit(spool, found("aa"))
    assert await spool.attempts("aa") == {}
    (one,) = await claim(spool)
    await spool.deferred(one.row.id, "no key", NOW, counts=False, now=NOW + SECOND)
    await claim(spool, now=NOW + MINUTE)
    await spool.keep_letter(one.row.id, LETTER)
    await spool.parked(one.row.id, "422", NOW + MINUTE + 3 * SECOND)
    await spool.retry([], NOW)
    await claim(spool, now=NOW + 2 * MINUTE)
    await spool.acked(one.row.id, RECEIPT, "", NOW + 3 * MINUTE, 2 * SECOND)
    size = len(LETTER.body)
    assert await tries(spool) == [
        Attempt(number=1, started_at=NOW, took=SECOND, bytes=0, outcome=Ending.LATER, reason="no key"),
        Attempt(number=2, started_at=NOW + MINUTE, took=3 * SECOND, bytes=size, outcome=Ending.REFUSED, reason="422"),
        Attempt(number=3, started_at=NOW + 2 * MINUTE, took=2 * SECOND, bytes=size, outcome=Ending.UPLOADED),
    ]


async def test_what_was_broken_off_is_a_try_that_nobody_saw_end(bench: Bench) -> None:
    await admit(bench.spool, found("aa"))
    await claim(bench.spool)
    await bench.restart()
    (one,) = await claim(bench.spool, now=NOW + MINUTE)
    await bench.spool.released([one.row.id])
    assert [(one.started_at, one.took, one.outcome, one.reason) for one in await tries(bench.spool)] == [
        (NOW, None, Ending.BROKEN_OFF, BROKEN_OFF),
        (NOW + MINUTE, None, Ending.BROKEN_OFF, BROKEN_OFF),
    ]


async def test_a_clock_that_was_set_back_makes_no_negative_time(spool: Spool) -> None:
    await admit(spool, found("aa"))
    (one,) = await claim(spool)
    await spool.parked(one.row.id, "422", NOW - MINUTE)
    assert [one.took for one in await tries(spool)] == [timedelta()]


async def test_the_latest_fifty_are_kept_with_their_numbers(bench: Bench) -> None:
    await admit(bench.spool, found("aa"), found("bb"))
    for number in range(MOST_ATTEMPTS + 3):
        for one in await claim(bench.spool):
            await bench.spool.deferred(one.row.id, f"try {number}", NOW, counts=True, now=NOW)
    await bench.restart()
    for session in ("aa", "bb"):
        kept = await tries(bench.spool, session)
        assert [one.number for one in kept] == list(range(4, MOST_ATTEMPTS + 4))
        assert kept[-1].reason == f"try {MOST_ATTEMPTS + 2}"


@pytest.mark.parametrize("how", ["deleted", "dismissed"])
async def test_they_go_with_their_delivery(spool: Spool, how: str) -> None:
    await spool.enlist(HOME, PLACE, NOW - timedelta(days=99))
    await admit(spool, found("aa"))
    (one,) = await claim(spool)
    await spool.deferred(one.row.id, "503", NOW, counts=True)
    if how == "deleted":
        await spool.delete("aa", "artemis", NOW, ask=())
    else:
        await spool.dismiss(HOME)
    assert await spool.attempts("aa") == {}


async def test_receipts_are_told_the_latest_first_of_one_session_or_of_all(spool: Spool) -> None:
    await admit(spool, found("aa"), found("bb"), found("cc"))
    for number, one in enumerate((await claim(spool))[:2]):
        await spool.keep_letter(one.row.id, LETTER)
        receipt = msgspec.structs.replace(RECEIPT, report_id=f"report{number}", report_url=f"/r/{number}")
        await spool.acked(one.row.id, receipt, "", NOW + number * MINUTE, SECOND)
    later, earlier = await spool.receipts(None)
    assert (later.uploaded_at, earlier.uploaded_at) == (NOW + MINUTE, NOW)
    assert later.receipt == msgspec.structs.replace(RECEIPT, report_id="report1", report_url="/r/1")
    assert (later.report_url, later.bytes_sent, later.took) == ("/r/1", len(LETTER.body), SECOND)
    assert list(await spool.receipts(earlier.session)) == [earlier]
    assert list(await spool.receipts("dd")) == []


async def test_a_report_that_its_owner_had_deleted_there_has_no_receipt_but_a_note(spool: Spool) -> None:
    await admit(spool, found("aa"))
    (one,) = await claim(spool)
    await spool.acked(one.row.id, None, "deleted over there: gone", NOW, SECOND)
    (row,) = await spool.receipts(None)
    assert (row.receipt, row.report_url, row.note) == (None, None, "deleted over there: gone")


async def test_what_was_sent_is_told_by_destination(spool: Spool) -> None:
    await admit(spool, found("aa"), found("bb"), to=(HOME, "away"))
    for place, took in ((HOME, SECOND), ("away", 3 * SECOND)):
        for number, one in enumerate(await claim(spool, place)):
            await spool.keep_letter(one.row.id, LETTER)
            await spool.acked(one.row.id, RECEIPT, "", NOW + number * MINUTE, took)
    sent = (await spool.totals()).sent
    told = {name: (one.uploaded, one.bytes_sent, one.timed, one.took, one.last_upload) for name, one in sent.items()}
    size = 2 * len(LETTER.body)
    assert told == {HOME: (2, size, 2, 2 * SECOND, NOW + MINUTE), "away": (2, size, 2, 6 * SECOND, NOW + MINUTE)}


async def test_a_session_remembers_when_it_was_found_for_the_first_time(bench: Bench) -> None:
    await admit(bench.spool, found("aa"))
    await admit(bench.spool, found("aa", events=5), now=NOW + MINUTE)
    ((row, _),) = await bench.spool.sessions()
    one = await bench.spool.session("aa")
    assert one is not None
    assert (row.revision, row.found_at, one[0].found_at) == (2, NOW, NOW)
    assert len(await rows_of(bench.spool)) == 2
