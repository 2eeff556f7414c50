"""How far a letter has come is kept with its delivery, and a letter that is not taken is written under another key."""

from __future__ import annotations

from datetime import timedelta

from logferry_daemon.core.exchange import Upload
from logferry_daemon.ports import Claimed, Spool
from tests.contracts.spooling import LETTER, NOW, RECEIPT, Bench, admit, claim, found

UPLOAD = Upload(path="/api/v1/uploads/u7", offset=4_194_304, cuts=2)


async def only(spool: Spool) -> Claimed:
    (one,) = await claim(spool)
    return one


async def test_nothing_has_come_anywhere_at_first(spool: Spool) -> None:
    await admit(spool, found())
    assert (await only(spool)).upload == Upload()


async def test_how_far_it_has_come_survives_a_restart(bench: Bench) -> None:
    await admit(bench.spool, found())
    one = await only(bench.spool)
    await bench.spool.keep_letter(one.row.id, LETTER)
    await bench.spool.keep_upload(one.row.id, UPLOAD)
    await bench.restart()
    again = await only(bench.spool)
    assert (again.upload, again.letter) == (UPLOAD, LETTER)


async def test_it_is_that_delivery_alone(spool: Spool) -> None:
    await admit(spool, found("aa"), found("bb"))
    first, _ = await claim(spool)
    await spool.keep_upload(first.row.id, UPLOAD)
    await spool.released([one.row.id for one in (first, _)])
    assert {one.row.session: one.upload for one in await claim(spool)} == {
        first.row.session: UPLOAD,
        _.row.session: Upload(),
    }


async def test_a_letter_that_is_not_taken_is_written_anew_under_another_key(spool: Spool) -> None:
    await admit(spool, found())
    one = await only(spool)
    await spool.keep_letter(one.row.id, LETTER)
    await spool.keep_upload(one.row.id, UPLOAD)
    await spool.deferred(one.row.id, "packed anew", NOW, counts=False, now=NOW, anew=True)
    again = await only(spool)
    assert again.letter is None
    assert again.parcel.idempotency_key != one.parcel.idempotency_key
    assert again.parcel.document == one.parcel.document
    assert again.upload == Upload(cuts=2)


async def test_what_was_not_taken_is_in_the_history_with_the_bytes_it_had(spool: Spool) -> None:
    await admit(spool, found())
    one = await only(spool)
    await spool.keep_letter(one.row.id, LETTER)
    await spool.deferred(one.row.id, "packed anew", NOW, counts=False, now=NOW, anew=True)
    ((tried,),) = (await spool.attempts(one.row.session)).values()
    assert (tried.reason, tried.bytes) == ("packed anew", len(LETTER.body))


async def test_any_other_try_keeps_the_letter_and_its_key(spool: Spool) -> None:
    await admit(spool, found())
    one = await only(spool)
    await spool.keep_letter(one.row.id, LETTER)
    await spool.deferred(one.row.id, "later", NOW, counts=True)
    again = await only(spool)
    assert (again.letter, again.parcel.idempotency_key) == (LETTER, one.parcel.idempotency_key)


async def test_what_arrived_keeps_its_key(spool: Spool) -> None:
    await admit(spool, found())
    one = await only(spool)
    await spool.keep_letter(one.row.id, LETTER)
    await spool.keep_upload(one.row.id, UPLOAD)
    await spool.acked(one.row.id, RECEIPT, "", NOW, timedelta(seconds=1))
    seen = await spool.look_at(one.row.session, one.row.destination)
    assert seen is not None
    assert (seen.parcel.idempotency_key, seen.upload.path) == (one.parcel.idempotency_key, "")


async def test_a_delivery_that_is_gone_is_no_trouble(spool: Spool) -> None:
    await spool.keep_upload("nobody", UPLOAD)
    await spool.deferred("nobody", "packed anew", NOW, counts=False, anew=True)


async def test_what_need_not_wait_any_longer_is_due_at_once(spool: Spool) -> None:
    await admit(spool, found("aa"), found("bb"))
    first, second = await claim(spool)
    for one in (first, second):
        await spool.deferred(one.row.id, "no connection", NOW + timedelta(minutes=10), counts=True)
    await spool.hastened([first.row.id, "nobody"])
    (again,) = await claim(spool)
    assert (again.row.id, again.row.attempts) == (first.row.id, 1)


async def test_what_is_being_sent_is_not_hastened(spool: Spool) -> None:
    await admit(spool, found())
    one = await only(spool)
    await spool.hastened([one.row.id])
    assert not await claim(spool)
