"""A deleted session is gone from the spool and does not come back; what others have of it is remembered."""

from __future__ import annotations

import asyncio
import dataclasses
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from logferry_daemon.adapters.spool_sqlite import SqliteSpool, open_spool
from logferry_daemon.core.consent import Grant
from logferry_daemon.core.exchange import Letter
from logferry_daemon.core.identity import content_mark
from logferry_daemon.core.known_secrets import Secrets
from logferry_daemon.core.new_session import NewSession
from logferry_daemon.core.policy import Group
from logferry_daemon.core.preparing import part_of
from logferry_daemon.core.removal import CopyState
from logferry_daemon.core.shelved import shelved
from logferry_daemon.ports import CopyRow, Removed, Spool, UnknownSession, earlier
from logferry_model.errors import Unreachable
from tests.contracts.spooling import (
    FACTS,
    HOME,
    LETTER,
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
from tests.contracts.test_spool_recut import ONE, REST, TWO, A, B, events, merge, played, split
from tests.fakes import FixedChance

AWAY = "away"
TOOK = timedelta(milliseconds=80)
MINUTE = timedelta(minutes=1)
LONG_AGO = NOW - timedelta(days=99)
CANARY = "kanarienvogel"


async def delete(spool: Spool, session: str = "aa", *, ask: tuple[str, ...] = ()) -> Removed:
    return await spool.delete(session, "artemis", NOW, ask=ask)


async def upload(spool: Spool, *, report: str = "report") -> None:
    """The oldest delivery arrives."""
    (one,) = await claim(spool, limit=1)
    await spool.keep_letter(one.row.id, LETTER)
    receipt = msgspec.structs.replace(RECEIPT, report_id=report, report_url=f"/r/{report}")
    await spool.acked(one.row.id, receipt, "", NOW, TOOK)


async def copies(spool: Spool, session: str = "aa") -> list[CopyRow]:
    return [copy for one in await spool.deleted() if one.session == session for copy in one.copies]


async def ids(spool: Spool) -> list[str]:
    return [summary.id for summary, _ in await spool.sessions()]


# Before upload


async def test_a_deleted_session_leaves_nothing_but_its_id(spool: Spool) -> None:
    await admit(spool, found("aa"), found("bb"))
    removed = await delete(spool)
    assert (removed.sessions, len(removed.stopped), removed.copies) == (("aa",), 1, ())
    assert await ids(spool) == ["bb"]
    assert await states(spool) == {("bb", 1, HOME): "pending"}
    assert [(one.session, one.tracker, one.deleted_at) for one in await spool.deleted()] == [("aa", "artemis", NOW)]
    assert (await spool.totals()).by_state == {(HOME, "pending"): 1}


async def test_its_log_does_not_bring_it_back_in_any_version(bench: Bench) -> None:
    await admit(bench.spool, found("aa"))
    await delete(bench.spool)
    await bench.restart()
    for again in (found("aa"), found("aa", events=9), found("aa", mark="other")):
        assert list(await bench.spool.admit(row(path="copy.log"), [again], [HOME], NOW)) == []
    assert await ids(bench.spool) == []


async def test_one_that_still_runs_is_not_admitted_when_it_is_over(spool: Spool) -> None:
    await delete(spool, "aa")
    await admit(spool, found("aa"), found("bb"))
    assert await ids(spool) == ["bb"]


async def test_a_new_destination_gets_no_delivery_of_it(spool: Spool) -> None:
    await admit(spool, found("aa"), found("bb"))
    await delete(spool)
    assert await spool.enlist(AWAY, PLACE, NOW) == 1


async def test_what_comes_of_a_request_that_was_under_way_changes_nothing(spool: Spool) -> None:
    await admit(spool, found("aa"))
    (one,) = await claim(spool)
    removed = await delete(spool)
    assert removed.stopped == (one.row.id,)
    await spool.keep_letter(one.row.id, LETTER)
    await spool.acked(one.row.id, RECEIPT, "", NOW, TOOK)
    await spool.released([one.row.id])
    assert await rows_of(spool) == []


async def test_deleting_twice_is_no_mistake(spool: Spool) -> None:
    await admit(spool, found("aa"))
    await delete(spool)
    assert (await delete(spool)).stopped == ()
    assert len(await spool.deleted()) == 1


# Where nothing was heard


async def tried(spool: Spool) -> str:
    """The oldest delivery is sent, and nobody hears of it; its key."""
    (one,) = await claim(spool, limit=1)
    await spool.keep_letter(one.row.id, LETTER)
    await spool.released([one.row.id])
    return one.parcel.idempotency_key


def terms(digest: str) -> Grant:
    return Grant(destination=HOME, policy_digest=digest * 32, policy_version=1, granted_at=NOW)


async def test_what_was_tried_on_other_terms_is_asked_about_under_its_own_key(bench: Bench) -> None:
    await bench.spool.grant(terms("aa"))
    await admit(bench.spool, found("aa"))
    first = await tried(bench.spool)
    await bench.spool.grant(terms("bb"))
    await bench.restart()
    second = await tried(bench.spool)
    await delete(bench.spool, ask=(HOME,))
    due = await bench.spool.due_copies(HOME, NOW, 9)
    assert {(one.idempotency_key, one.report_id, one.stopped_at) for one in due} == {
        (first, "", NOW),
        (second, "", NOW),
    }


async def test_what_a_key_stopped_is_asked_about_under_its_own_key(spool: Spool) -> None:
    await admit(spool, found("aa", mark="hunter22"))
    (one,) = await claim(spool)
    key, document = one.parcel.idempotency_key, one.parcel.document
    await spool.keep_letter(one.row.id, Letter(body=document + CANARY.encode(), headers={}, payload_digest="ab" * 32))
    await spool.released([one.row.id])
    assert (await spool.withhold(Secrets([CANARY]))).stopped == (one.row.id,)
    await delete(spool, ask=(HOME,))
    assert [copy.idempotency_key for copy in await spool.due_copies(HOME, NOW, 9)] == [key]


async def test_what_is_written_anew_at_the_other_sides_word_is_asked_about_under_both_keys(spool: Spool) -> None:
    await admit(spool, found("aa"))
    (one,) = await claim(spool)
    await spool.keep_letter(one.row.id, LETTER)
    await spool.deferred(one.row.id, "another one has this key", NOW, counts=True, anew=True)
    assert await tried(spool) != one.parcel.idempotency_key
    assert len((await delete(spool)).copies) == 2


async def test_what_was_never_sent_is_asked_about_nowhere(spool: Spool) -> None:
    await spool.grant(terms("aa"))
    await admit(spool, found("aa"))
    (one,) = await claim(spool)
    await spool.released([one.row.id])
    await spool.grant(terms("bb"))
    assert (await delete(spool, ask=(HOME,))).copies == ()


async def test_an_earlier_version_that_was_tried_is_asked_about_though_its_letter_was_emptied(spool: Spool) -> None:
    await admit(spool, found("aa"))
    first = await tried(spool)
    await admit(spool, found("aa", events=9))
    await spool.scrub()
    assert [one.idempotency_key for one in (await delete(spool, ask=(HOME,))).copies] == [first]


# Parts


async def test_a_deleted_part_leaves_the_other_and_neither_comes_back_whole(bench: Bench) -> None:
    await admit(bench.spool, ONE)
    await split(bench.spool)
    await delete(bench.spool, REST)
    await bench.restart()
    await admit(bench.spool, ONE, played("one", events=9))
    ((summary, deliveries),) = await bench.spool.sessions()
    assert (summary.id, summary.events, summary.revision) == (A, 3, 2)
    assert [(one.revision, one.state) for one in deliveries] == [(1, "excluded"), (2, "pending")]
    assert [one.session for one in await bench.spool.deleted()] == [REST]


async def test_a_part_that_stays_can_be_cut_and_joined_again_without_the_deleted_one(spool: Spool) -> None:
    await admit(spool, ONE, TWO)
    await split(spool)
    await delete(spool, REST)
    again = next(part.id for part in (await split(spool, 2)).after if part.id != A)
    assert await events(spool) == {A: 2, again: 1, B: 6}
    await merge(spool, A, again, B)
    assert await events(spool) == {A: 9}


async def test_deleting_the_first_part_leaves_the_later_one(spool: Spool) -> None:
    await admit(spool, ONE)
    await split(spool)
    await delete(spool, A)
    await admit(spool, played("one", events=9))
    assert await events(spool) == {REST: 3}


async def test_a_cut_does_not_make_a_deleted_part_anew(spool: Spool) -> None:
    """Whoever asks for the very part that was deleted gets the others only."""
    await admit(spool, ONE)
    await delete(spool, REST)
    await split(spool)
    assert await events(spool) == {A: 3}


async def test_what_became_part_of_a_session_goes_with_it(spool: Spool) -> None:
    await admit(spool, ONE, TWO)
    await merge(spool, A, B)
    with pytest.raises(UnknownSession, match=f"became part of {A}"):
        await delete(spool, B)
    assert (await delete(spool, A)).sessions == (A, B)
    await admit(spool, ONE, TWO)
    assert await ids(spool) == []


async def test_a_revision_from_before_the_cut_is_stopped_and_what_has_arrived_is_told(spool: Spool) -> None:
    await admit(spool, ONE)
    await upload(spool)
    await admit(spool, played("one", events=7))
    (under_way,) = await claim(spool)
    await split(spool)
    removed = await delete(spool, REST)
    assert under_way.row.id in removed.stopped
    assert removed.outdated == (A,)
    there = await states(spool)
    assert (there[A, 1, HOME], there[A, 2, HOME], there[A, 3, HOME]) == ("uploaded", "excluded", "pending")


# Copies


async def test_a_copy_elsewhere_is_remembered_and_not_touched_unasked(bench: Bench) -> None:
    await admit(bench.spool, found("aa"))
    await upload(bench.spool)
    await delete(bench.spool)
    await bench.restart()
    (copy,) = await copies(bench.spool)
    assert (copy.destination, copy.report_id, copy.report_url, copy.state) == (HOME, "report", "/r/report", "kept")
    assert await bench.spool.next_copy(HOME, NOW) is None


async def test_an_asked_for_copy_is_due_until_it_is_confirmed(bench: Bench) -> None:
    await admit(bench.spool, found("aa"))
    await upload(bench.spool)
    (copy,) = (await delete(bench.spool, ask=(HOME, AWAY))).copies
    assert copy.state is CopyState.PENDING
    await bench.spool.copy_deferred(copy.id, "503", NOW, NOW + MINUTE, counts=True)
    await bench.restart()
    assert list(await bench.spool.due_copies(HOME, NOW, 9)) == []
    assert await bench.spool.next_copy(HOME, NOW) == NOW + MINUTE
    (due,) = await bench.spool.due_copies(HOME, NOW + MINUTE, 9)
    assert (due.attempts, due.last_error, due.last_attempt) == (1, "503", NOW)
    await bench.spool.copy_gone(copy.id, "", NOW + MINUTE)
    assert [one.state for one in await copies(bench.spool)] == [CopyState.DELETED]
    assert await bench.spool.next_copy(HOME, NOW) is None


async def test_a_failed_copy_is_let_be_by_who_asks_nobody(bench: Bench) -> None:
    await admit(bench.spool, found("aa"), to=[HOME])
    await upload(bench.spool)
    (copy,) = (await delete(bench.spool, ask=(HOME,))).copies
    await bench.spool.copy_refused(copy.id, "no", NOW)
    assert [one.state for one in (await delete(bench.spool, ask=(AWAY,))).copies] == [CopyState.FAILED]
    assert [one.state for one in (await delete(bench.spool)).copies] == [CopyState.KEPT]
    await bench.restart()
    assert [(one.state, one.last_error) for one in await copies(bench.spool)] == [(CopyState.KEPT, "")]


async def test_a_copy_that_is_left_out_is_neither_due_nor_next(spool: Spool) -> None:
    await admit(spool, found("aa"), found("bb", age=1), to=[HOME])
    for name in ("b", "a"):
        await upload(spool, report=name)
    first, second = [copy for name in ("aa", "bb") for copy in (await delete(spool, name, ask=(HOME,))).copies]
    await spool.copy_deferred(second.id, "423", NOW, NOW + MINUTE, counts=True)
    due = [one.id for one in await spool.due_copies(HOME, NOW + MINUTE, 1, but=[first.id])]
    assert (due, await spool.next_copy(HOME, NOW, but=[first.id])) == ([second.id], NOW + MINUTE)
    assert await spool.next_copy(HOME, NOW, but=[first.id, second.id]) is None


async def test_a_copy_that_need_not_wait_any_longer_is_due_at_once_and_no_other(spool: Spool) -> None:
    await admit(spool, found("aa"), found("bb", age=1), found("cc", age=2), to=[HOME])
    for name in ("c", "b", "a"):
        await upload(spool, report=name)
    made = [copy for name in ("aa", "bb", "cc") for copy in (await delete(spool, name, ask=(HOME,))).copies]
    for copy in made:
        await spool.copy_deferred(copy.id, "no connection", NOW, NOW + MINUTE, counts=True)
    await spool.copy_gone(made[2].id, "", NOW)
    await spool.hasten_copies(AWAY)
    assert list(await spool.due_copies(HOME, NOW, 9)) == []
    await spool.hasten_copies(HOME, but=[made[0].id])
    assert [(one.id, one.attempts) for one in await spool.due_copies(HOME, NOW, 9)] == [(made[1].id, 1)]
    await spool.hasten_copies(HOME)
    assert {one.id for one in await spool.due_copies(HOME, NOW, 9)} == {made[0].id, made[1].id}


async def test_it_can_be_asked_for_later_and_again_when_it_was_refused(spool: Spool) -> None:
    await admit(spool, found("aa"))
    await upload(spool)
    await delete(spool)
    (copy,) = (await delete(spool, ask=(HOME,))).copies
    await spool.copy_refused(copy.id, "not yours", NOW)
    assert [(one.state, one.last_error) for one in await copies(spool)] == [(CopyState.FAILED, "not yours")]
    (again,) = (await delete(spool, ask=(HOME,))).copies
    assert (again.state, again.attempts, again.last_error) == (CopyState.PENDING, 0, "")


async def test_a_request_that_no_answer_came_to_may_have_left_a_copy(spool: Spool) -> None:
    await admit(spool, found("aa"))
    (one,) = await claim(spool)
    await spool.keep_letter(one.row.id, LETTER)
    (copy,) = (await delete(spool)).copies
    assert (copy.report_id, copy.idempotency_key, copy.stopped_at) == ("", one.parcel.idempotency_key, NOW)


async def test_one_report_is_one_copy_however_many_revisions_went_there(spool: Spool) -> None:
    for number in (3, 4):
        await admit(spool, found("aa", events=number))
        await upload(spool)
    await admit(spool, found("aa", events=5))
    (one,) = await claim(spool)
    await spool.keep_letter(one.row.id, LETTER)
    assert [copy.report_id for copy in (await delete(spool)).copies] == ["report"]


async def test_what_its_owner_deleted_over_there_leaves_no_copy(spool: Spool) -> None:
    await admit(spool, found("aa"))
    (one,) = await claim(spool)
    await spool.acked(one.row.id, None, "deleted over there", NOW, TOOK)
    assert (await delete(spool)).copies == ()


async def test_a_copy_at_an_earlier_address_is_never_asked_for_at_the_new_one(spool: Spool) -> None:
    await spool.enlist(HOME, "here", LONG_AGO)
    await admit(spool, found("aa"), found("bb", age=1))
    await upload(spool, report="b")
    await upload(spool, report="a")
    await delete(spool, "aa", ask=(HOME,))
    await delete(spool, "bb")
    await spool.enlist(HOME, "there", NOW)
    assert await spool.next_copy(HOME, NOW) is None
    (pending,), (kept,) = await copies(spool), await copies(spool, "bb")
    assert (pending.destination, pending.state) == (earlier(HOME, "here"), CopyState.FAILED)
    assert (kept.destination, kept.state) == (earlier(HOME, "here"), CopyState.KEPT)
    assert [one.state for one in (await delete(spool, "bb", ask=(HOME,))).copies] == [CopyState.KEPT]
    await spool.enlist(HOME, "here", NOW)
    assert [one.state for one in (await delete(spool, "bb", ask=(HOME,))).copies] == [CopyState.PENDING]


async def test_an_answer_for_a_destination_that_was_removed_meanwhile_changes_nothing(spool: Spool) -> None:
    await spool.enlist(HOME, PLACE, LONG_AGO)
    await admit(spool, found("aa"))
    await upload(spool)
    (copy,) = (await delete(spool, ask=(HOME,))).copies
    await spool.dismiss(HOME)
    await spool.copy_gone(copy.id, "", NOW)
    assert [one.state for one in await copies(spool)] == [CopyState.FAILED]


# The files


@pytest.fixture
async def disk(tmp_path: Path) -> AsyncIterator[SqliteSpool]:
    async with open_spool(tmp_path / "spool.db", FixedChance(), FACTS) as opened:
        # Some builds of SQLite overwrite what they free by themselves, most do not.
        await opened.database.run(lambda: opened.database.opened().execute("PRAGMA secure_delete = OFF").fetchall())
        yield opened


def raw(folder: Path) -> bytes:
    return b"".join(one.read_bytes() for one in folder.glob("spool.db*"))


def noisy(name: str, number: int) -> bytes:
    """Bytes that stand nowhere else and do not pack well."""
    return b"".join(f"{CANARY}{content_mark(name, number, place)}".encode() for place in range(200))


async def test_no_byte_of_a_deleted_session_is_left_in_the_files(tmp_path: Path, disk: SqliteSpool) -> None:
    """Its documents are packed, so pieces of the packed bytes are looked for; its letters stand there as they were."""
    others = [found(f"{number:016x}", age=number + 1, events=40) for number in range(40)]
    await admit(disk, *others)
    pieces: list[bytes] = []
    for number in range(4):
        made = played("one", events=30 + number)
        facts = {f"{CANARY}{place}": noisy("fact", place).decode()[:60] for place in range(20)}
        tagged = msgspec.structs.replace(made.session, facts=facts, tags=(f"{CANARY}{number}",))
        secret = part_of(tagged)
        await admit(disk, secret)
        packed = shelved(secret.document)
        pieces += [packed[place : place + 24] for place in range(64, len(packed) - 24, 64)]
        for one in await claim(disk, limit=100):
            letter = Letter(body=noisy("letter", number), headers={"a": CANARY}, payload_digest="cd")
            await disk.keep_letter(one.row.id, letter if one.row.session == A else LETTER)
            await disk.deferred(one.row.id, "503", NOW, counts=True)
    await split(disk, 10)
    there = raw(tmp_path)
    assert there.count(CANARY.encode()) > 100
    assert sum(piece in there for piece in pieces) > 3
    for name in await events(disk):
        if name not in {one.session.id for one in others}:
            await delete(disk, name)
    await disk.scrub()
    left = raw(tmp_path)
    assert (left.count(CANARY.encode()), sum(piece in left for piece in pieces)) == (0, 0)
    assert len(await disk.sessions()) == len(others)


async def test_whoever_reads_is_answered_while_the_files_are_written_anew(tmp_path: Path, disk: SqliteSpool) -> None:
    """Somebody else looks into the file, and what he sees must not be overwritten before he is done."""
    await admit(disk, found("aa"), found("bb", age=1))
    await delete(disk)
    with closing(sqlite3.connect(tmp_path / "spool.db", isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM sessions").fetchone()
        scrub = asyncio.ensure_future(disk.scrub())
        await disk.database.run(lambda: None)
        while disk.database._rewriting is None:
            await asyncio.sleep(0)
        write = asyncio.ensure_future(disk.set_note("a", "b"))
        assert [one.id for one, _ in await disk.sessions()] == ["bb"]
        assert (await disk.totals()).by_state
        assert await disk.unscrubbed()
        assert (scrub.done(), write.done()) == (False, False)
        other.execute("COMMIT")
    await asyncio.gather(scrub, write)
    assert not await disk.unscrubbed()
    assert await disk.note("a") == "b"


async def test_a_file_that_somebody_has_open_all_the_time_is_not_said_to_be_clean(
    tmp_path: Path, disk: SqliteSpool
) -> None:
    await admit(disk, found("aa"))
    await delete(disk)
    with closing(sqlite3.connect(tmp_path / "spool.db", isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM sessions").fetchone()
        with pytest.raises(Unreachable):
            await disk.scrub()
        assert await disk.unscrubbed()


async def test_that_a_scrub_is_wanted_outlasts_an_end_between_it_and_the_deletion(bench: Bench) -> None:
    await admit(bench.spool, found("aa"), found("bb", age=1))
    assert not await bench.spool.unscrubbed()
    await delete(bench.spool)
    await bench.restart()
    assert await bench.spool.unscrubbed()
    await bench.spool.scrub()
    assert not await bench.spool.unscrubbed()


async def test_what_was_freed_long_before_is_gone_as_well(tmp_path: Path, disk: SqliteSpool) -> None:
    await admit(disk, found("aa"))
    (one,) = await claim(disk)
    await disk.keep_letter(one.row.id, Letter(body=noisy("x", 1), headers={}, payload_digest="cd"))
    await disk.acked(one.row.id, RECEIPT, "", NOW, TOOK)
    await disk.database.run(lambda: disk.database.opened().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())
    assert CANARY.encode() in raw(tmp_path)
    await delete(disk)
    await disk.scrub()
    assert CANARY.encode() not in raw(tmp_path)


# Texts that some destination is sent as they are


def slot_of_part(number: int) -> str:
    return f"@players:{number:032x}"


def named() -> NewSession:
    """A session of two halves, in each of which somebody else is named, and one who is in both."""
    events = tuple(
        msgspec.structs.replace(event, fields={"who": slot_of_part(place // 3), "both": slot_of_part(9)})
        for place, event in enumerate(ONE.session.events)
    )
    told = {slot_of_part(number): f"{CANARY}{number}" for number in (0, 1, 9)}
    return dataclasses.replace(part_of(msgspec.structs.replace(ONE.session, events=events)), kept=told)


ALL_SLOTS = b" ".join(slot_of_part(number).encode() for number in (0, 1, 9))


@pytest.mark.parametrize(("gone", "stays"), [(A, 1), (REST, 0)])
async def test_texts_go_with_the_part_that_they_are_of_and_with_no_other(spool: Spool, gone: str, stays: int) -> None:
    await admit(spool, named())
    await split(spool)
    await delete(spool, gone)
    left = {slot_of_part(number): f"{CANARY}{number}" for number in (stays, 9)}
    assert await spool.kept(ALL_SLOTS) == left
    await delete(spool, A if gone == REST else REST)
    assert await spool.kept(ALL_SLOTS) == {}


async def test_texts_that_are_kept_for_nobody_any_more_are_in_no_file(tmp_path: Path, disk: SqliteSpool) -> None:
    await admit(disk, named())
    await disk.keep_only({Group.PLAYERS})
    assert CANARY.encode() in raw(tmp_path)
    await disk.keep_only({Group.TAGS})
    assert await disk.kept(ALL_SLOTS) == {}
    assert CANARY.encode() not in raw(tmp_path)
