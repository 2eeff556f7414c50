"""The spool's four parts as everybody relies on them: intake, outbox, ledger, choices."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from logferry_daemon.core.backoff import RETRY_AFTER_CAP
from logferry_daemon.core.consent import Grant
from logferry_daemon.core.delivery import IllegalStep, State
from logferry_daemon.ports import Spool, earlier
from logferry_model.envelope import encode_session
from logferry_model.session import EndRule
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
    row,
    rows_of,
    states,
)

AWAY = "away"
LONG_AGO = NOW - timedelta(days=99)
TOOK = timedelta(milliseconds=80)


async def fail(spool: Spool, reason: str = "422", to: str = HOME) -> str:
    """The oldest delivery is refused."""
    (one,) = await claim(spool, to, limit=1)
    await spool.parked(one.row.id, reason, NOW)
    return one.row.id


# Intake


async def test_a_file_is_remembered_as_it_was(bench: Bench) -> None:
    kept = row(offset=70, trouble="cut-off")
    await admit(bench.spool, at=kept)
    await bench.restart()
    assert list(await bench.spool.files("game")) == [kept]
    assert list(await bench.spool.files("other")) == []


async def test_a_file_has_one_row_a_source(spool: Spool) -> None:
    await admit(spool, at=row(offset=10))
    await admit(spool, at=row(offset=20))
    await admit(spool, at=row(source="other"))
    assert [one.offset for one in await spool.files("game")] == [20]


async def test_a_forgotten_file_leaves_its_sessions(spool: Spool) -> None:
    await admit(spool, found())
    await spool.forget_file("game", "a.log", NOW)
    assert list(await spool.files("game")) == []
    assert len(await spool.sessions()) == 1


async def test_a_new_session_gets_a_delivery_to_every_destination(spool: Spool) -> None:
    (admitted,) = await spool.admit(row(), [found()], [HOME, AWAY], NOW)
    assert (admitted.revision, admitted.new) == (1, True)
    assert await states(spool) == {("aa", 1, HOME): "pending", ("aa", 1, AWAY): "pending"}


async def test_the_same_content_is_no_new_revision(spool: Spool) -> None:
    await admit(spool, found())
    (again,) = await spool.admit(row(), [found()], [HOME], NOW)
    assert (again.revision, again.new) == (1, False)
    assert len(await rows_of(spool)) == 1


async def test_other_content_is_a_revision_and_takes_the_place_of_a_waiting_one(spool: Spool) -> None:
    await admit(spool, found(events=3))
    (again,) = await spool.admit(row(), [found(events=4)], [HOME], NOW)
    assert (again.revision, again.new) == (2, True)
    assert await states(spool) == {("aa", 1, HOME): "excluded", ("aa", 2, HOME): "pending"}
    ((summary, _),) = await spool.sessions()
    assert (summary.revision, summary.events) == (2, 4)


async def test_a_revision_leaves_what_was_uploaded_alone(spool: Spool) -> None:
    await admit(spool, found(events=3))
    (one,) = await claim(spool)
    await spool.acked(one.row.id, RECEIPT, "", NOW, TOOK)
    await admit(spool, found(events=4))
    assert await states(spool) == {("aa", 1, HOME): "uploaded", ("aa", 2, HOME): "pending"}


async def test_a_revision_takes_the_place_of_a_refused_one(spool: Spool) -> None:
    await admit(spool, found(events=3))
    await fail(spool)
    await admit(spool, found(events=4))
    assert await states(spool) == {("aa", 1, HOME): "excluded", ("aa", 2, HOME): "pending"}


@pytest.mark.parametrize("how", ["defer", "park", "restart"])
async def test_what_was_overtaken_while_it_was_sent_is_not_sent_again(bench: Bench, how: str) -> None:
    await admit(bench.spool, found(events=3))
    (one,) = await claim(bench.spool)
    await admit(bench.spool, found(events=4))
    assert await states(bench.spool) == {("aa", 1, HOME): "uploading", ("aa", 2, HOME): "pending"}
    if how == "defer":
        await bench.spool.deferred(one.row.id, "503", NOW, counts=True)
    elif how == "park":
        await bench.spool.parked(one.row.id, "422", NOW)
    else:
        await bench.restart()
    assert await states(bench.spool) == {("aa", 1, HOME): "excluded", ("aa", 2, HOME): "pending"}
    (next_one,) = await claim(bench.spool)
    assert (next_one.parcel.revision, next_one.parcel.document) == (2, found(events=4).document)


async def test_what_was_overtaken_may_still_arrive(spool: Spool) -> None:
    await admit(spool, found(events=3))
    (one,) = await claim(spool)
    await admit(spool, found(events=4))
    await spool.acked(one.row.id, RECEIPT, "", NOW, TOOK)
    assert await states(spool) == {("aa", 1, HOME): "uploaded", ("aa", 2, HOME): "pending"}


async def test_a_shorter_copy_of_a_log_that_only_grows_is_no_correction(spool: Spool) -> None:
    await admit(spool, found(events=4, only_grows=True))
    (again,) = await spool.admit(row("copy.log"), [found(events=2, only_grows=True)], [HOME], NOW)
    assert (again.revision, again.new) == (1, False)
    assert [one.path for one in await spool.files("game")] == ["a.log", "copy.log"]


async def test_a_document_that_got_shorter_is_a_correction(spool: Spool) -> None:
    await admit(spool, found(events=4))
    (again,) = await spool.admit(row(), [found(events=2)], [HOME], NOW)
    assert again.new


# Outbox


async def test_the_oldest_sessions_go_first_and_no_more_than_asked_for(spool: Spool) -> None:
    await admit(spool, *(found(name, age=age) for name, age in (("aa", 1), ("bb", 3), ("cc", 2))))
    assert [one.row.session for one in await claim(spool, limit=2)] == ["bb", "cc"]
    assert [one.row.session for one in await claim(spool, limit=2)] == ["aa"]
    assert await claim(spool) == []


async def test_a_claimed_delivery_is_being_uploaded_and_holds_all_that_a_letter_needs(spool: Spool) -> None:
    await admit(spool, found())
    (one,) = await claim(spool)
    made = found().session
    assert one.row.state is State.UPLOADING
    assert one.letter is None
    assert one.parcel.document == encode_session(made)
    assert (one.parcel.natural_key, one.parcel.tracker, one.parcel.revision) == (made.natural_key, made.tracker, 1)
    assert (one.parcel.started_at, one.parcel.ended_at) == (made.started_at, made.ended_at)
    assert (one.parcel.app_version, one.parcel.platform) == ("1.2.3", "linux")
    assert await states(spool) == {("aa", 1, HOME): "uploading"}


async def test_a_destination_claims_only_its_own(spool: Spool) -> None:
    await admit(spool, found(), to=[AWAY])
    assert await claim(spool) == []


async def test_one_installation_has_another_number_at_every_destination(bench: Bench) -> None:
    await admit(bench.spool, found(), to=[HOME, AWAY])
    await admit(bench.spool, found("bb"), to=[HOME])
    one, two = await claim(bench.spool)
    (other,) = await claim(bench.spool, AWAY)
    assert one.parcel.install_id == two.parcel.install_id != other.parcel.install_id
    await bench.restart()
    assert (await claim(bench.spool))[0].parcel.install_id == one.parcel.install_id


async def test_a_letter_is_written_once_and_its_key_stays(bench: Bench) -> None:
    await admit(bench.spool, found())
    (before,) = await claim(bench.spool)
    await bench.spool.keep_letter(before.row.id, LETTER)
    await bench.restart()
    (after,) = await claim(bench.spool)
    assert after.letter == LETTER
    assert after.parcel.idempotency_key == before.parcel.idempotency_key


async def test_the_key_stays_when_no_letter_was_written_yet(bench: Bench) -> None:
    await admit(bench.spool, found())
    (before,) = await claim(bench.spool)
    await bench.restart()
    (after,) = await claim(bench.spool)
    assert after.parcel == before.parcel


async def test_what_was_being_uploaded_when_the_daemon_ended_is_pending_again(bench: Bench) -> None:
    await admit(bench.spool, found())
    await claim(bench.spool)
    await bench.restart()
    assert await states(bench.spool) == {("aa", 1, HOME): "pending"}


async def test_an_acknowledged_delivery_is_uploaded_with_its_report(spool: Spool) -> None:
    await admit(spool, found())
    (one,) = await claim(spool)
    await spool.keep_letter(one.row.id, LETTER)
    await spool.acked(one.row.id, RECEIPT, "", NOW + SECOND, TOOK)
    kept = await spool.delivery(one.row.id)
    assert kept is not None
    assert (kept.state, kept.attempts, kept.report_url) == (State.UPLOADED, 1, "/r/report")
    totals = await spool.totals()
    assert (totals.uploaded, totals.bytes_sent, totals.average_ms) == (1, len(LETTER.body), 80.0)
    assert (totals.last_upload, totals.last_report_url) == (NOW + SECOND, "/r/report")


@pytest.mark.parametrize(("url", "kept_as"), [("", None), ("file:///out/a.json", "file:///out/a.json")])
async def test_a_receipt_without_a_page_to_open_leaves_the_last_report_as_it_was(
    spool: Spool, url: str, kept_as: str | None
) -> None:
    await admit(spool, found("aa", age=1), found("bb"))
    first, second = await claim(spool, limit=2)
    await spool.acked(first.row.id, RECEIPT, "", NOW + SECOND, TOOK)
    await spool.acked(second.row.id, structs.replace(RECEIPT, report_url=url), "", NOW + 2 * SECOND, TOOK)
    kept = await spool.delivery(second.row.id)
    assert kept is not None
    assert kept.report_url == kept_as
    assert (await spool.totals()).last_report_url == "/r/report"


async def test_a_delivery_that_its_owner_deleted_over_there_is_done_and_says_so(spool: Spool) -> None:
    await admit(spool, found())
    (one,) = await claim(spool)
    await spool.acked(one.row.id, None, "deleted over there", NOW, TOOK)
    kept = await spool.delivery(one.row.id)
    assert kept is not None
    assert (kept.state, kept.last_error, kept.report_url) == (State.UPLOADED, "deleted over there", None)


async def test_a_deferred_delivery_waits_for_its_time(spool: Spool) -> None:
    await admit(spool, found())
    (one,) = await claim(spool)
    later = NOW + timedelta(minutes=5)
    await spool.deferred(one.row.id, "503", later, counts=True)
    assert await spool.next_due(HOME, NOW, backfill=False) == later
    assert await claim(spool, now=later - timedelta(milliseconds=1)) == []
    (again,) = await claim(spool, now=later)
    assert (again.row.attempts, again.row.last_error) == (1, "503")
    assert again.parcel == one.parcel


async def test_what_nobody_tried_can_go_before_what_is_older(spool: Spool) -> None:
    await admit(spool, *[found(name, age=9 - place) for place, name in enumerate(["aa", "bb", "cc"])])
    (oldest,) = await claim(spool, limit=1)
    await spool.deferred(oldest.row.id, "500", NOW, counts=False)
    assert [one.row.session for one in await claim(spool, now=NOW + SECOND, limit=1, wary=True)] == ["bb"]
    assert [one.row.session for one in await claim(spool, now=NOW + SECOND, limit=9, wary=True)] == ["cc"]
    assert [one.row.session for one in await claim(spool, now=NOW + SECOND, limit=1)] == ["aa"]


async def test_where_all_were_tried_it_is_the_turn_of_the_one_left_alone_the_longest(spool: Spool) -> None:
    await admit(spool, *[found(name, age=9 - place) for place, name in enumerate(["aa", "bb", "cc"])])
    for place, one in enumerate([*await claim(spool)][::-1]):
        await spool.deferred(one.row.id, "500", NOW, counts=True)
        (again,) = await claim(spool, now=NOW + place * SECOND, limit=1)
        await spool.deferred(again.row.id, "500", NOW + (3 - place) * SECOND, counts=True)
    turns = [await claim(spool, now=NOW + 9 * SECOND, limit=1, wary=True) for _ in range(3)]
    assert [one.row.session for turn in turns for one in turn] == ["cc", "bb", "aa"]


async def test_a_free_try_does_not_count(spool: Spool) -> None:
    await admit(spool, found())
    (one,) = await claim(spool)
    await spool.deferred(one.row.id, "locked", NOW, counts=False)
    assert (await claim(spool))[0].row.attempts == 0


async def test_no_wait_is_longer_than_any_that_is_waited_for(spool: Spool) -> None:
    await admit(spool, found())
    (one,) = await claim(spool)
    await spool.deferred(one.row.id, "503", NOW + timedelta(days=3), counts=True)
    assert await spool.see_through(NOW) == 1
    assert len(await claim(spool, now=NOW + RETRY_AFTER_CAP)) == 1


async def test_nothing_is_due_where_nothing_waits(spool: Spool) -> None:
    assert await spool.next_due(HOME, NOW, backfill=False) is None
    await admit(spool, found())
    due = await spool.next_due(HOME, NOW, backfill=False)
    assert due is not None
    assert due <= NOW


async def test_only_what_is_being_uploaded_can_be_acknowledged(spool: Spool) -> None:
    await admit(spool, found())
    (one,) = await rows_of(spool)
    with pytest.raises(IllegalStep):
        await spool.acked(one.id, RECEIPT, "", NOW, TOOK)
    assert await states(spool) == {("aa", 1, HOME): "pending"}


async def test_the_end_of_a_delivery_whose_destination_is_gone_is_nobodys_business(spool: Spool) -> None:
    await admit(spool, found())
    (one,) = await claim(spool)
    await spool.dismiss(HOME)
    await spool.acked(one.row.id, RECEIPT, "", NOW, TOOK)
    await spool.deferred(one.row.id, "503", NOW, counts=True)
    await spool.parked(one.row.id, "422", NOW)
    assert await spool.delivery(one.row.id) is None


# Ledger


async def test_everything_found_is_in_the_totals(spool: Spool) -> None:
    await admit(spool, found("aa"), found("bb"), to=[HOME, AWAY])
    await admit(spool, found("cc"), to=[])
    await fail(spool)
    totals = await spool.totals()
    assert (totals.found, totals.homeless) == (5, 1)
    assert totals.by_state == {(HOME, State.PENDING): 1, (HOME, State.FAILED): 1, (AWAY, State.PENDING): 2}


async def test_an_empty_spool_has_empty_totals(spool: Spool) -> None:
    totals = await spool.totals()
    assert (totals.by_state, totals.found, totals.homeless, totals.uploaded, totals.bytes_sent) == ({}, 0, 0, 0, 0)
    assert (totals.average_ms, totals.last_upload, totals.last_report_url) == (None, None, None)


async def test_sessions_come_newest_first_with_how_they_ended(spool: Spool) -> None:
    await admit(spool, found("aa", age=1), found("bb", age=0), found("cc", age=2))
    listed = [summary for summary, _ in await spool.sessions()]
    assert [one.id for one in listed] == ["bb", "aa", "cc"]
    assert (listed[0].end_rule, listed[0].end_confidence, listed[0].source) == ("explicit", 1.0, "game")


async def test_a_session_is_found_by_its_id_or_an_unambiguous_beginning(spool: Spool) -> None:
    await admit(spool, found("abcd"), found("abef"))
    for beginning in ("abcd", "abc"):
        whole = await spool.session(beginning)
        assert whole is not None
        assert (whole[0].id, whole[2], len(whole[1])) == ("abcd", found("abcd").session, 1)
    for beginning in ("ab", "x", "", "abcde", "%", "ab_d"):
        assert await spool.session(beginning) is None


async def test_troubles_name_their_file(spool: Spool) -> None:
    await admit(spool, at=row("b.log", trouble="empty"))
    await admit(spool, at=row("a.log", trouble="symlink"))
    await admit(spool, at=row("c.log"))
    told = [(source, path, trouble.code) for source, path, trouble in await spool.troubles()]
    assert told == [("game", "a.log", "symlink"), ("game", "b.log", "empty")]


async def test_what_waits_can_be_hurried(spool: Spool) -> None:
    await admit(spool, found("aa", age=2), found("bb", age=1))
    for one in await claim(spool):
        await spool.deferred(one.row.id, "503", NOW + timedelta(hours=1), counts=True)
    assert await spool.hurry("aa", NOW) == 1
    assert [one.row.session for one in await claim(spool)] == ["aa"]
    assert await spool.hurry(None, NOW) == 1
    assert [one.row.session for one in await claim(spool)] == ["bb"]


@pytest.mark.parametrize("by", ["delivery", "delivery prefix", "session", "session prefix", "all"])
async def test_a_refused_delivery_is_tried_again_afresh_when_asked_for(spool: Spool, by: str) -> None:
    await admit(spool, found("abcd"))
    failed = await fail(spool)
    ids = {
        "delivery": (failed,),
        "delivery prefix": (failed[:6],),
        "session": ("abcd",),
        "session prefix": ("ab",),
        "all": (),
    }
    assert await spool.retry(ids[by], NOW) == 1
    (again,) = await claim(spool)
    assert (again.row.id, again.row.attempts) == (failed, 0)


@pytest.mark.parametrize("ids", [("",), ("zz",), ("", "zz")])
async def test_who_is_not_meant_is_not_tried_again(spool: Spool, ids: tuple[str, ...]) -> None:
    await admit(spool, found("abcd"))
    await fail(spool)
    assert await spool.retry(ids, NOW) == 0
    assert await states(spool) == {("abcd", 1, HOME): "failed"}


async def test_failures_come_newest_first_and_no_more_than_asked_for(spool: Spool) -> None:
    await admit(spool, found("aa", age=2), found("bb", age=1))
    for minute, one in enumerate(await claim(spool)):
        await spool.parked(one.row.id, f"refused {minute}", NOW + timedelta(minutes=minute))
    assert [one.last_error for one in await spool.failures(9)] == ["refused 1", "refused 0"]
    assert [one.last_error for one in await spool.failures(1)] == ["refused 1"]


async def test_there_is_no_delivery_of_an_unknown_id(spool: Spool) -> None:
    assert await spool.delivery("nonsense") is None


# Choices


async def test_an_agreement_is_kept_changed_and_taken_back(bench: Bench) -> None:
    grant = Grant(destination=HOME, policy_digest="ab", policy_version=1, granted_at=NOW)
    await bench.spool.grant(grant)
    await bench.spool.grant(replace(grant, policy_digest="cd"))
    await bench.restart()
    assert await bench.spool.grants() == {HOME: replace(grant, policy_digest="cd")}
    await bench.spool.revoke(HOME)
    assert await bench.spool.grants() == {}


async def test_a_new_destination_gets_everything_there_is_once(spool: Spool) -> None:
    await admit(spool, found("aa"), found("bb"))
    await admit(spool, found("aa", events=5))
    assert await spool.enlist(AWAY, PLACE, NOW) == 2
    assert await spool.enlist(AWAY, PLACE, NOW) == 0
    assert await spool.enlist(HOME, PLACE, NOW) == 0
    assert {key: state for key, state in (await states(spool)).items() if key[2] == AWAY} == {
        ("aa", 2, AWAY): "backlog",
        ("bb", 1, AWAY): "backlog",
    }


async def test_a_destination_that_goes_takes_along_all_but_what_it_has(spool: Spool) -> None:
    await spool.enlist(HOME, PLACE, LONG_AGO)
    await admit(spool, found("aa", age=3), found("bb", age=2), found("cc", age=1), to=[HOME, AWAY])
    (one,) = await claim(spool, limit=1)
    await spool.acked(one.row.id, RECEIPT, "", NOW, TOOK)
    await fail(spool)
    await spool.grant(Grant(destination=HOME, policy_digest="ab", policy_version=1, granted_at=NOW))
    await spool.dismiss(HOME)
    left = await states(spool)
    assert {key for key in left if key[2] == HOME} == set()
    assert left["aa", 1, earlier(HOME, PLACE)] == "uploaded"
    assert len([key for key in left if key[2] == AWAY]) == 3
    assert await spool.grants() == {}
    assert await spool.enlist(HOME, PLACE, NOW) == 2


async def test_another_address_under_the_same_name_gets_everything(spool: Spool) -> None:
    await spool.enlist(HOME, PLACE, LONG_AGO)
    await admit(spool, found("aa", age=2), found("bb", age=1))
    (one, _) = await claim(spool)
    await spool.acked(one.row.id, RECEIPT, "", NOW, TOOK)
    assert await spool.enlist(HOME, "elsewhere", NOW) == 2
    assert {key: state for key, state in (await states(spool)).items() if key[2] == HOME} == {
        ("aa", 1, HOME): "backlog",
        ("bb", 1, HOME): "backlog",
    }


async def test_an_address_that_comes_back_is_known_to_have_what_it_has(spool: Spool) -> None:
    await spool.enlist(HOME, PLACE, LONG_AGO)
    await admit(spool, found("aa", age=2), found("bb", age=1))
    (one, _) = await claim(spool)
    await spool.acked(one.row.id, RECEIPT, "", NOW, TOOK)
    await spool.enlist(HOME, "elsewhere", NOW)
    assert await spool.enlist(HOME, PLACE, NOW) == 1
    assert (await states(spool))["aa", 1, HOME] == "uploaded"


async def test_what_was_broken_off_is_pending_and_what_arrived_stays_so(spool: Spool) -> None:
    await admit(spool, found("aa", age=2), found("bb", age=1))
    one, other = await claim(spool)
    await spool.acked(one.row.id, RECEIPT, "", NOW, TOOK)
    await spool.released([one.row.id, other.row.id, "unheard-of"])
    assert await states(spool) == {("aa", 1, HOME): "uploaded", ("bb", 1, HOME): "pending"}


async def test_a_copy_that_was_only_given_up_for_silent_does_not_replace_an_ended_session(spool: Spool) -> None:
    await admit(spool, found("aa", events=5))
    (again,) = await spool.admit(row("backup"), [found("aa", events=3, rule=EndRule.SILENCE)], [HOME], NOW)
    assert (again.new, again.revision) == (False, 1)


async def test_a_destination_that_comes_back_sees_another_installation(spool: Spool) -> None:
    await admit(spool, found())
    (before,) = await claim(spool)
    await spool.dismiss(HOME)
    await spool.enlist(HOME, PLACE, LONG_AGO)
    (after,) = await claim(spool)
    assert after.parcel.install_id != before.parcel.install_id
    assert after.parcel.idempotency_key != before.parcel.idempotency_key


async def test_notes_survive(bench: Bench) -> None:
    assert await bench.spool.note("paused-until") is None
    await bench.spool.set_note("paused-until", "resumed")
    await bench.restart()
    assert await bench.spool.note("paused-until") == "resumed"
    await bench.spool.set_note("paused-until", None)
    assert await bench.spool.note("paused-until") is None
