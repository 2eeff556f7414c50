"""An upload that was begun and will not be ended is remembered until its destination has it no more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from logferry_daemon.core.consent import Grant
from logferry_daemon.core.exchange import Upload
from logferry_daemon.core.identities import ANY, Binding
from logferry_daemon.core.known_secrets import Secrets
from logferry_daemon.core.removal import CopyState
from logferry_daemon.ports import Claimed, RemnantRow, Spool, earlier, trackers_note, trackers_text
from tests.contracts.spooling import HOME, LETTER, NOW, PLACE, RECEIPT, Bench, admit, claim, found
from tests.contracts.test_spool_recut import ONE, TWO, A, B, merge

UNTIL = datetime(2026, 3, 8, 12, 0, tzinfo=UTC)
WHOLE = len(LETTER.body)
UPLOAD = Upload(path="/api/v1/uploads/u7", offset=WHOLE - 1, cuts=2, expires=UNTIL)
MINUTE = timedelta(minutes=1)
AWAY = "away"
OTHERS = [HOME, AWAY]


async def begin(spool: Spool, upload: Upload = UPLOAD) -> Claimed:
    """The oldest delivery is being sent in pieces."""
    (one,) = await claim(spool, limit=1)
    await spool.keep_letter(one.row.id, LETTER)
    assert await spool.keep_upload(one.row.id, upload)
    return one


async def left(spool: Spool, to: str = HOME) -> list[RemnantRow]:
    return list(await spool.due_remnants(to, NOW, 9))


def terms(digest: str) -> Grant:
    return Grant(destination=HOME, policy_digest=digest * 32, policy_version=1, granted_at=NOW)


async def deleted(spool: Spool, one: Claimed) -> None:
    removed = await spool.delete("aa", "artemis", NOW, ask=())
    assert [row.path for gone in await spool.deleted() for row in gone.remnants] == [
        row.path for row in removed.remnants
    ]


async def overtaken(spool: Spool, one: Claimed) -> None:
    await spool.released([one.row.id])
    await admit(spool, found("aa", events=9))


async def overtaken_under_way(spool: Spool, one: Claimed) -> None:
    await admit(spool, found("aa", events=9))
    assert await left(spool) == []  # it may arrive yet
    await spool.deferred(one.row.id, "503", NOW, counts=True)


async def written_anew(spool: Spool, one: Claimed) -> None:
    await spool.deferred(one.row.id, "packed anew", NOW, counts=False, anew=True)


async def on_other_terms(spool: Spool, one: Claimed) -> None:
    await spool.released([one.row.id])
    await spool.grant(terms("aa"))
    await spool.grant(terms("bb"))


async def forgotten(spool: Spool, one: Claimed) -> None:
    await spool.released([one.row.id])
    await spool.forget_letters([one.row.id])


WAYS: dict[str, Callable[[Spool, Claimed], Awaitable[None]]] = {
    "deleted": deleted,
    "overtaken": overtaken,
    "overtaken under way": overtaken_under_way,
    "written anew": written_anew,
    "on other terms": on_other_terms,
    "with a key in it": forgotten,
}


@pytest.mark.parametrize("way", WAYS)
async def test_what_nobody_goes_on_with_is_to_be_taken_back_also_after_a_restart(bench: Bench, way: str) -> None:
    await admit(bench.spool, found("aa"))
    one = await begin(bench.spool)
    assert await left(bench.spool) == []
    await WAYS[way](bench.spool, one)
    await bench.restart()
    (row,) = await left(bench.spool)
    assert (row.session, row.destination, row.path, row.expires_at) == ("aa", HOME, UPLOAD.path, UNTIL)
    assert (row.state, row.attempts) == (CopyState.PENDING, 0)
    assert await left(bench.spool, AWAY) == []
    # Whatever is sent of it after that begins anew.
    assert all(again.upload.path == "" for again in await claim(bench.spool))


@pytest.mark.parametrize("way", WAYS)
async def test_what_is_whole_over_there_is_a_report_and_never_taken_back(bench: Bench, way: str) -> None:
    await admit(bench.spool, found("aa"))
    one = await begin(bench.spool, replace(UPLOAD, offset=WHOLE))
    await WAYS[way](bench.spool, one)
    await bench.restart()
    assert await left(bench.spool) == []
    assert all(again.upload.path == "" for again in await claim(bench.spool))


async def test_what_was_begun_in_pieces_and_then_went_in_one_post_is_taken_back(bench: Bench) -> None:
    await admit(bench.spool, found("aa"))
    one = await begin(bench.spool)
    await bench.spool.acked(one.row.id, RECEIPT, "", NOW, MINUTE)
    await bench.restart()
    assert [(row.path, row.expires_at) for row in await left(bench.spool)] == [(UPLOAD.path, UNTIL)]


async def denied(spool: Spool) -> None:
    await spool.bind([Binding(destination=HOME, tracker=ANY, identity="Mia", allowed=False, decided_at=NOW)])


async def filtered(spool: Spool) -> None:
    await spool.set_note(trackers_note(HOME), trackers_text(["putt"]))


@pytest.mark.parametrize("keep_away", [denied, filtered])
async def test_what_its_owner_keeps_from_there_is_taken_back_and_begins_anew_if_it_goes_there_after_all(
    bench: Bench, keep_away: Callable[[Spool], Awaitable[None]]
) -> None:
    mia = Binding(destination=HOME, tracker=ANY, identity="Mia", allowed=True, decided_at=NOW)
    await bench.spool.bind([mia])
    await admit(bench.spool, found("aa", player="Mia"))
    one = await begin(bench.spool)
    await keep_away(bench.spool)
    await bench.spool.leave_barred(HOME)
    assert await left(bench.spool) == []  # it may arrive yet
    await bench.spool.released([one.row.id])
    await bench.spool.leave_barred(AWAY)
    assert await left(bench.spool) == []
    await bench.spool.leave_barred(HOME)
    await bench.restart()
    assert [row.path for row in await left(bench.spool)] == [UPLOAD.path]
    await bench.spool.bind([mia])
    await bench.spool.set_note(trackers_note(HOME), None)
    assert [again.upload.path for again in await claim(bench.spool)] == [""]


async def test_what_is_allowed_or_waits_for_an_answer_is_not(spool: Spool) -> None:
    mia = Binding(destination=HOME, tracker=ANY, identity="Mia", allowed=True, decided_at=NOW)
    await spool.bind([mia])
    await admit(spool, found("aa", player="Mia"))
    one = await begin(spool)
    await spool.released([one.row.id])
    await spool.leave_barred(HOME)
    await spool.unbind(HOME, ANY, "Mia")
    await spool.leave_barred(HOME)
    assert await left(spool) == []
    await spool.bind([mia])
    assert [again.upload.path for again in await claim(spool)] == [UPLOAD.path]


async def test_what_became_part_of_another_session_is_taken_back(spool: Spool) -> None:
    await admit(spool, TWO)
    one = await begin(spool)
    await spool.released([one.row.id])
    await admit(spool, ONE)
    await merge(spool, A, B)
    assert [(row.session, row.path) for row in await left(spool)] == [(B, UPLOAD.path)]


async def test_what_arrived_or_is_tried_again_or_was_never_begun_is_not(spool: Spool) -> None:
    await admit(spool, found("aa", age=2), found("bb", age=1), found("cc"))
    arrived = await begin(spool, replace(UPLOAD, offset=WHOLE))
    await spool.acked(arrived.row.id, RECEIPT, "", NOW, MINUTE)
    parked = await begin(spool, Upload(path="/api/v1/uploads/u8"))
    await spool.parked(parked.row.id, "no", NOW)
    (never,) = await claim(spool)
    await spool.keep_letter(never.row.id, LETTER)
    await spool.keep_upload(never.row.id, Upload(cuts=3))
    await spool.delete("aa", "artemis", NOW, ask=())
    await spool.delete("cc", "artemis", NOW, ask=())
    assert await left(spool) == []
    assert await spool.retry([parked.row.id], NOW) == 1
    assert (await claim(spool))[0].upload.path == "/api/v1/uploads/u8"


async def test_nothing_more_of_a_deleted_one_is_noted_and_whoever_sends_it_hears_so(spool: Spool) -> None:
    await admit(spool, found("aa"))
    (one,) = await claim(spool)
    await spool.delete("aa", "artemis", NOW, ask=())
    assert not await spool.keep_upload(one.row.id, UPLOAD)
    assert await left(spool) == []


async def test_it_is_due_until_it_is_gone(bench: Bench) -> None:
    await admit(bench.spool, found("aa"))
    await deleted(bench.spool, await begin(bench.spool))
    (row,) = await left(bench.spool)
    await bench.spool.remnant_deferred(row.id, "503", NOW, NOW + MINUTE, counts=True)
    await bench.restart()
    assert await left(bench.spool) == []
    assert await bench.spool.next_remnant(HOME, NOW) == NOW + MINUTE
    (due,) = await bench.spool.due_remnants(HOME, NOW + MINUTE, 9)
    assert (due.attempts, due.last_error, due.last_attempt) == (1, "503", NOW)
    await bench.spool.remnant_gone(row.id)
    assert await bench.spool.next_remnant(HOME, NOW) is None
    assert [one.remnants for one in await bench.spool.deleted()] == [()]
    await bench.spool.remnant_deferred(row.id, "late", NOW, NOW, counts=True)  # told of what is gone
    assert await bench.spool.next_remnant(HOME, NOW) is None


async def test_one_that_is_left_out_is_neither_due_nor_next(spool: Spool) -> None:
    await admit(spool, found("aa"))
    await deleted(spool, await begin(spool))
    (row,) = await left(spool)
    assert list(await spool.due_remnants(HOME, NOW, 9, but=[row.id])) == []
    assert await spool.next_remnant(HOME, NOW, but=[row.id]) is None


async def test_one_that_need_not_wait_any_longer_is_due_at_once(spool: Spool) -> None:
    await admit(spool, found("aa"))
    await deleted(spool, await begin(spool))
    (row,) = await left(spool)
    await spool.remnant_deferred(row.id, "no connection", NOW, NOW + MINUTE, counts=True)
    await spool.hasten_remnants(AWAY)
    await spool.hasten_remnants(HOME, but=[row.id])
    assert await left(spool) == []
    await spool.hasten_remnants(HOME)
    assert [one.id for one in await left(spool)] == [row.id]


async def test_what_is_refused_stays_and_its_owner_may_ask_again(spool: Spool) -> None:
    await admit(spool, found("aa"))
    await deleted(spool, await begin(spool))
    (row,) = await left(spool)
    await spool.remnant_refused(row.id, "it takes no upload back", NOW)
    assert (await left(spool), await spool.next_remnant(HOME, NOW)) == ([], None)
    ((told,),) = [one.remnants for one in await spool.deleted()]
    assert (told.state, told.last_error, told.expires_at) == (CopyState.FAILED, "it takes no upload back", UNTIL)
    await spool.delete("aa", "artemis", NOW, ask=[AWAY])
    assert await left(spool) == []
    await spool.delete("aa", "artemis", NOW, ask=OTHERS)
    assert [(one.state, one.attempts, one.last_error) for one in await left(spool)] == [(CopyState.PENDING, 0, "")]


async def test_what_expired_over_there_is_forgotten_and_nothing_else(spool: Spool) -> None:
    await admit(spool, found("aa", age=2), found("bb", age=1), found("cc"))
    for number, until in enumerate([UNTIL, UNTIL + MINUTE, None]):
        await begin(spool, Upload(path=f"/api/v1/uploads/u{number}", expires=until))
    for name in ("aa", "bb", "cc"):
        await spool.delete(name, "artemis", NOW, ask=())
    for row in await left(spool):
        await spool.remnant_deferred(row.id, "503", NOW, NOW, counts=True)
    await spool.drop_expired(AWAY, UNTIL)
    assert len(await left(spool)) == 3
    await spool.drop_expired(HOME, UNTIL)
    assert {row.path[-2:] for row in await left(spool)} == {"u1", "u2"}


@pytest.mark.parametrize("tried", [None, UNTIL, UNTIL + MINUTE], ids=["never", "as it expired", "after that"])
async def test_one_that_nobody_asked_for_before_it_expired_is_asked_for_until_that_is_answered(
    spool: Spool, tried: datetime | None
) -> None:
    await admit(spool, found("aa"))
    await deleted(spool, await begin(spool))
    (row,) = await left(spool)
    if tried:
        await spool.remnant_deferred(row.id, "no connection", tried, tried, counts=True)
    after = UNTIL + 2 * MINUTE
    await spool.drop_expired(HOME, after)
    (row,) = await spool.due_remnants(HOME, after, 9)
    assert not row.is_over(after)
    await spool.remnant_refused(row.id, "it takes no upload back", after)
    await spool.drop_expired(HOME, after)
    assert [one.remnants for one in await spool.deleted()] == [()]


async def test_at_another_address_nobody_is_asked_for_it(spool: Spool) -> None:
    await spool.enlist(HOME, "here", NOW - 99 * timedelta(days=1))
    await admit(spool, found("aa"))
    await deleted(spool, await begin(spool))
    await spool.enlist(HOME, "there", NOW)
    assert (await left(spool), await spool.next_remnant(HOME, NOW)) == ([], None)
    ((row,),) = [one.remnants for one in await spool.deleted()]
    assert (row.destination, row.state) == (earlier(HOME, "here"), CopyState.FAILED)
    await spool.enlist(HOME, "here", NOW)
    await spool.delete("aa", "artemis", NOW, ask=[HOME])
    assert [one.path for one in await left(spool)] == [UPLOAD.path]


async def test_an_answer_of_one_that_was_removed_meanwhile_changes_nothing(spool: Spool) -> None:
    await spool.enlist(HOME, PLACE, NOW - 99 * timedelta(days=1))
    await admit(spool, found("aa"))
    await deleted(spool, await begin(spool))
    (row,) = await left(spool)
    await spool.dismiss(HOME)
    await spool.remnant_gone(row.id)
    assert [one.state for gone in await spool.deleted() for one in gone.remnants] == [CopyState.FAILED]


async def test_a_path_with_a_key_in_it_is_kept_nowhere(spool: Spool) -> None:
    key = "s3cret-word-of-a-path"
    await admit(spool, found("aa", age=1), found("bb"))
    one = await begin(spool, Upload(path=f"/files/{quote(key)}"))
    other = await begin(spool, Upload(path=f"/files/other-{quote(key)}"))
    await spool.released([one.row.id])
    await spool.deferred(other.row.id, "packed anew", NOW, counts=False, anew=True)
    assert len(await left(spool)) == 1
    taken = await spool.withhold(Secrets([key]))
    assert (taken.stopped, taken.anything) == ((one.row.id,), True)
    assert await left(spool) == []
    assert await spool.unscrubbed()
