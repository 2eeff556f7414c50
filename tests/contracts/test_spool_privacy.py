"""What the spool remembers of names and of what was taken out; the same for the real one and its fake."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec.structs import replace as changed

from logferry_daemon.core.consent import Grant
from logferry_daemon.core.exchange import Letter
from logferry_daemon.core.new_session import NewSession
from logferry_daemon.core.policy import Group
from logferry_daemon.ports import Spool
from logferry_model.envelope import encode_session
from logferry_model.session import Participant
from tests.contracts.spooling import HOME, LETTER, NOW, RECEIPT, Bench, admit, claim, found
from tests.contracts.test_spool_recut import ONE, REST, A, merge, played, split
from tests.privacy import SLOTS

AWAY = "away"
NAME, MATE = "Oriana Quellmont", "Hob O'Tarrant"
SLOT, MATE_SLOT = (SLOTS.slot(Group.PLAYERS, name) for name in (NAME, MATE))
SAID = SLOTS.slot(Group.COMMUNICATIONS, NAME)
REMOVED = {("item", "a path"): 2, ("note", "holds a name"): 1}


def named(identity: str = "aa", *slots: str, age: int = 0) -> NewSession:
    """A session with these slots for names, and their texts."""
    new = found(identity, age=age)
    people = tuple(Participant(id=f"p{number}", name=slot) for number, slot in enumerate(slots or (SLOT,)))
    one = changed(new.session, participants=people)
    texts = {SLOT: NAME, MATE_SLOT: MATE, SAID: NAME}
    kept = {slot: texts[slot] for slot in slots or (SLOT,)}
    return replace(new, session=one, document=encode_session(one), fingerprint=str(one), kept=kept)


def agreed(digest: str, to: str = HOME) -> Grant:
    return Grant(destination=to, policy_digest=digest, policy_version=2, granted_at=NOW, terms=("keep: all",))


async def tried(spool: Spool, letter: Letter = LETTER, *, to: str = HOME) -> str:
    """A letter is written and not answered; returns its idempotency key."""
    (one,) = await claim(spool, to)
    await spool.keep_letter(one.row.id, letter)
    await spool.deferred(one.row.id, "no answer", NOW, counts=True)
    return one.parcel.idempotency_key


# What was taken out


async def test_what_was_removed_and_what_leaks_is_told_to_whoever_writes(bench: Bench) -> None:
    await admit(bench.spool, replace(found(), removed=REMOVED, leaks=("facts.a", "natural_key")))
    await bench.restart()
    (one,) = await claim(bench.spool)
    assert (one.removed, one.leaks) == (REMOVED, ("facts.a", "natural_key"))


async def test_where_nothing_was_removed_nothing_is_told(spool: Spool) -> None:
    await admit(spool, found())
    (one,) = await claim(spool)
    assert (one.removed, one.leaks) == ({}, ())


async def test_a_new_revision_has_its_own_removals(spool: Spool) -> None:
    await admit(spool, replace(found(), removed=REMOVED, leaks=("facts.a",)))
    await admit(spool, replace(found(events=4), removed={("item", "a key"): 1}))
    (one,) = await claim(spool)
    assert (one.row.revision, one.removed, one.leaks) == (2, {("item", "a key"): 1}, ())


async def test_a_leak_fails_each_time_it_is_tried_again(spool: Spool) -> None:
    await admit(spool, replace(found(), leaks=("facts.a",)))
    for _ in range(2):
        (one,) = await claim(spool)
        assert one.leaks == ("facts.a",)
        await spool.parked(one.row.id, "would leak: facts.a", NOW)
        assert await spool.retry([], NOW) == 1


# Texts


async def test_texts_are_found_by_the_slots_in_a_document(bench: Bench) -> None:
    await admit(bench.spool, named("aa", SLOT), named("bb", MATE_SLOT))
    await bench.restart()
    assert await bench.spool.kept(f'{{"a":"{SLOT}"}}'.encode()) == {SLOT: NAME}
    assert await bench.spool.kept(f'{{"a":"{SLOT}","b":["{MATE_SLOT}"]}}'.encode()) == {SLOT: NAME, MATE_SLOT: MATE}
    assert await bench.spool.kept(b'{"a":"b"}') == {}


async def test_a_text_that_was_not_kept_is_not_found(spool: Spool) -> None:
    await admit(spool, found())
    assert await spool.kept(SLOT.encode()) == {}


async def test_only_the_texts_of_these_groups_are_kept_on(bench: Bench) -> None:
    await admit(bench.spool, named("aa", SLOT, SAID))
    await bench.spool.keep_only({Group.COMMUNICATIONS, Group.TAGS})
    await bench.restart()
    assert await bench.spool.kept(f"{SLOT} {SAID}".encode()) == {SAID: NAME}
    await bench.spool.keep_only(set())
    assert await bench.spool.kept(f"{SLOT} {SAID}".encode()) == {}


async def test_a_deleted_sessions_texts_go_with_it_and_no_others(spool: Spool) -> None:
    await admit(spool, named("aa", SLOT, MATE_SLOT), named("bb", MATE_SLOT))
    await spool.delete("aa", "artemis", NOW, ask=())
    assert await spool.kept(f"{SLOT} {MATE_SLOT}".encode()) == {MATE_SLOT: MATE}
    await spool.delete("bb", "artemis", NOW, ask=())
    assert await spool.kept(f"{SLOT} {MATE_SLOT}".encode()) == {}


async def test_a_later_reading_of_a_recut_session_has_its_texts_kept(spool: Spool) -> None:
    await admit(spool, ONE)
    await split(spool)
    await admit(spool, replace(played("one", events=8), kept={SLOT: NAME}))
    assert await spool.kept(SLOT.encode()) == {SLOT: NAME}


async def test_texts_that_a_later_reading_does_not_have_any_more_are_forgotten(bench: Bench) -> None:
    await admit(bench.spool, named("aa", SLOT, MATE_SLOT), named("bb", MATE_SLOT))
    await admit(bench.spool, named("aa", SAID))
    await bench.restart()
    assert await bench.spool.kept(f"{SLOT} {MATE_SLOT} {SAID}".encode()) == {MATE_SLOT: MATE, SAID: NAME}


async def test_of_a_recut_session_too_and_nothing_is_left_when_it_is_deleted(spool: Spool) -> None:
    await admit(spool, replace(ONE, kept={SLOT: NAME}))
    await split(spool)
    await merge(spool, A, REST)
    await admit(spool, replace(played("one", events=8), kept={MATE_SLOT: MATE}))
    assert await spool.kept(f"{SLOT} {MATE_SLOT}".encode()) == {MATE_SLOT: MATE}
    await spool.delete(A, "artemis", NOW, ask=())
    assert await spool.kept(f"{SLOT} {MATE_SLOT}".encode()) == {}


# A look


async def test_a_look_shows_the_newest_delivery_and_changes_nothing(bench: Bench) -> None:
    await admit(bench.spool, found(), to=(HOME, AWAY))
    await admit(bench.spool, replace(found(events=4), removed=REMOVED))
    shown = await bench.spool.look_at("aa", HOME)
    assert shown is not None
    assert (shown.row.revision, shown.row.state.value, shown.removed, shown.letter) == (2, "pending", REMOVED, None)
    (claimed,) = await claim(bench.spool)
    assert shown.parcel == claimed.parcel
    other = await bench.spool.look_at("aa", AWAY)
    assert other is not None
    assert (other.row.revision, other.parcel.install_id != shown.parcel.install_id) == (1, True)


async def test_a_look_shows_the_letter_that_was_written_and_the_document(spool: Spool) -> None:
    new = found()
    await admit(spool, new)
    await tried(spool)
    shown = await spool.look_at("aa", HOME)
    assert shown is not None
    assert shown.letter is not None
    assert (shown.letter.body, shown.letter.payload_digest) == (LETTER.body, LETTER.payload_digest)
    assert shown.parcel.document == new.document


async def test_a_look_after_the_upload_shows_the_document(spool: Spool) -> None:
    new = found()
    await admit(spool, new)
    await tried(spool)
    (one,) = await claim(spool)
    await spool.acked(one.row.id, RECEIPT, "", NOW, timedelta(seconds=1))
    shown = await spool.look_at("aa", HOME)
    assert shown is not None
    assert (shown.row.state.value, shown.letter, shown.parcel.document) == ("uploaded", None, new.document)


@pytest.mark.parametrize(("session", "to"), [("zz", HOME), ("aa", AWAY)])
async def test_there_is_nothing_to_look_at_where_nothing_goes(spool: Spool, session: str, to: str) -> None:
    await admit(spool, found())
    assert await spool.look_at(session, to) is None


# Agreements


async def test_an_agreement_is_kept_with_its_terms(bench: Bench) -> None:
    await bench.spool.grant(agreed("one"))
    await bench.restart()
    assert await bench.spool.grants() == {HOME: agreed("one")}


async def test_an_agreement_to_another_text_forgets_letters_and_their_keys(bench: Bench) -> None:
    spool = bench.spool
    await spool.grant(agreed("one"))
    await admit(spool, found(), to=(HOME, AWAY))
    before, elsewhere = await tried(spool), await tried(spool, to=AWAY)
    await spool.grant(agreed("another"))
    await bench.restart()
    (one,) = await claim(bench.spool)
    assert one.letter is None
    assert one.parcel.document
    assert one.parcel.idempotency_key != before
    assert len(one.parcel.idempotency_key) == len(before)
    (other,) = await claim(bench.spool, AWAY)
    assert other.letter is not None
    shown = await bench.spool.look_at("aa", AWAY)
    assert shown is not None
    assert shown.parcel.idempotency_key == elsewhere


async def test_the_same_agreement_again_changes_no_letter(spool: Spool) -> None:
    await spool.grant(agreed("one"))
    await admit(spool, found())
    before = await tried(spool)
    await spool.grant(agreed("one"))
    shown = await spool.look_at("aa", HOME)
    assert shown is not None
    assert (shown.letter is not None, shown.parcel.idempotency_key) == (True, before)


@pytest.mark.parametrize(("again", "forgets"), [("one", False), ("another", True)])
async def test_what_was_agreed_to_is_remembered_after_it_was_taken_back(
    spool: Spool, again: str, forgets: bool
) -> None:
    await spool.grant(agreed("one"))
    await admit(spool, found())
    before = await tried(spool)
    await spool.revoke(HOME)
    await spool.grant(agreed(again))
    shown = await spool.look_at("aa", HOME)
    assert shown is not None
    assert (shown.letter is None, shown.parcel.idempotency_key != before) == (forgets, forgets)


async def test_an_agreement_before_anything_was_written_changes_no_key(spool: Spool) -> None:
    """What a preview showed before the agreement is what is sent after it."""
    await admit(spool, found())
    before = await spool.look_at("aa", HOME)
    await spool.grant(agreed("one"))
    assert await spool.look_at("aa", HOME) == before


async def test_what_was_uploaded_keeps_its_key(spool: Spool) -> None:
    await admit(spool, found())
    before = await tried(spool)
    (one,) = await claim(spool)
    await spool.acked(one.row.id, RECEIPT, "", NOW, timedelta(seconds=1))
    await spool.grant(agreed("another"))
    shown = await spool.look_at("aa", HOME)
    assert shown is not None
    assert shown.parcel.idempotency_key == before


async def test_texts_of_joined_sessions_go_when_what_they_became_is_deleted(spool: Spool) -> None:
    one, two = named("aa", SLOT, age=0), named("bb", MATE_SLOT, age=2)
    await admit(spool, one, two)
    await merge(spool, "aa", "bb")
    (left, *_) = [row for row, _ in await spool.sessions() if row.merged_into is None]
    await spool.delete(left.id, "artemis", NOW, ask=())
    assert await spool.kept(f"{SLOT} {MATE_SLOT}".encode()) == {}
