"""What the spool does when it hears of a key: whatever holds it becomes a frame that is never sent; real one and fake."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from msgspec.structs import replace as changed

from logferry_daemon.adapters.spool_sqlite import SqliteSpool, open_spool
from logferry_daemon.core.exchange import Letter, Upload
from logferry_daemon.core.known_secrets import Secrets
from logferry_daemon.core.new_session import NewSession
from logferry_daemon.core.packing import gzip_packed
from logferry_daemon.core.policy import Group
from logferry_daemon.core.preparing import fingerprint, part_of
from logferry_daemon.ports import Spool, Withheld
from logferry_model.envelope import encode_session
from logferry_model.session import Session
from tests.contracts.spooling import (
    FACTS,
    HOME,
    LETTER,
    NOW,
    RECEIPT,
    SECOND,
    Bench,
    admit,
    claim,
    found,
    row,
    states,
)
from tests.contracts.test_spool_recut import ONE, REST, A, merge, split
from tests.fakes import FixedChance
from tests.packed import found_packed
from tests.privacy import SLOTS

KEY = "s3cret lantern of brass"
SECRETS = Secrets([KEY])
SLOT = SLOTS.slot(Group.TEXTS, KEY)


def holding_key(identity: str = "aa", *, fact: object = KEY, age: int = 0) -> NewSession:
    """A session with the key in a fact."""
    new = found(identity, age=age)
    one = changed(new.session, facts={"note": fact})
    return replace(new, session=one, document=encode_session(one), fingerprint=fingerprint(one))


async def document(spool: Spool, session: str = "aa") -> Session:
    there = await spool.session(session)
    assert there is not None
    return there[2]


async def test_a_session_with_the_key_in_it_becomes_a_frame_with_the_field_named(bench: Bench) -> None:
    await admit(bench.spool, holding_key("aa"), found("bb", age=1))
    taken = await bench.spool.withhold(SECRETS)
    await bench.restart()
    assert (taken.sessions, taken.sent, taken.anything) == (("aa",), 0, True)
    left = await document(bench.spool)
    assert (left.events, left.facts, left.natural_key.partition("/")[0]) == ((), {}, "withheld")
    assert (await document(bench.spool, "bb")).events == found("bb", age=1).session.events
    assert {one.row.session: one.leaks for one in await claim(bench.spool)} == {"aa": ("facts.note",), "bb": ()}


async def test_what_does_not_hold_it_stays_as_it_is(bench: Bench) -> None:
    await admit(bench.spool, holding_key())
    assert await bench.spool.withhold(Secrets(["s3cret of somebody else"])) == Withheld()
    assert (await document(bench.spool)).facts == {"note": KEY}


async def test_a_letter_that_was_written_is_forgotten_and_its_delivery_named(bench: Bench) -> None:
    await admit(bench.spool, holding_key("aa"), found("bb", age=1))
    for one in await claim(bench.spool):
        await bench.spool.keep_letter(one.row.id, LETTER)
        await bench.spool.deferred(one.row.id, "503", NOW, counts=True)
    taken = await bench.spool.withhold(SECRETS)
    letters = {str(one.row.session): (one.row.id, one.letter) for one in await claim(bench.spool)}
    assert (letters["aa"], letters["bb"][1]) == ((*taken.stopped, None), LETTER)


async def test_a_letter_that_holds_it_is_written_anew_though_its_session_does_not(bench: Bench) -> None:
    await admit(bench.spool, found())
    (one,) = await claim(bench.spool)
    body = gzip_packed(f'{{"a":"{KEY}"}}'.encode())
    await bench.spool.keep_letter(
        one.row.id, Letter(body=body, headers={"Content-Encoding": "gzip"}, payload_digest="cd")
    )
    await bench.spool.deferred(one.row.id, "503", NOW, counts=True)
    taken = await bench.spool.withhold(SECRETS)
    assert (taken.sessions, taken.stopped) == ((), (one.row.id,))
    (again,) = await claim(bench.spool)
    assert (again.letter, again.leaks) == (None, ())


async def test_a_key_in_the_path_that_the_other_side_named_counts_as_in_the_letter(bench: Bench) -> None:
    await admit(bench.spool, found())
    (one,) = await claim(bench.spool)
    await bench.spool.keep_letter(one.row.id, LETTER)
    await bench.spool.keep_upload(one.row.id, Upload(path=f"/files/{quote(KEY)}"))
    await bench.spool.deferred(one.row.id, "503", NOW, counts=True)
    assert (await bench.spool.withhold(SECRETS)).stopped == (one.row.id,)
    (again,) = await claim(bench.spool)
    assert (again.letter, again.upload) == (None, Upload())


async def test_what_is_being_sent_is_named_so_that_it_can_be_broken_off(bench: Bench) -> None:
    await admit(bench.spool, holding_key())
    (one,) = await claim(bench.spool)
    assert (await bench.spool.withhold(SECRETS)).stopped == (one.row.id,)


async def test_what_had_arrived_stays_uploaded_and_is_counted(bench: Bench) -> None:
    await admit(bench.spool, holding_key())
    (one,) = await claim(bench.spool)
    await bench.spool.keep_letter(one.row.id, LETTER)
    await bench.spool.acked(one.row.id, RECEIPT, "", NOW, SECOND)
    taken = await bench.spool.withhold(SECRETS)
    assert (taken.sessions, taken.stopped, taken.sent) == (("aa",), (), 1)
    assert await states(bench.spool) == {("aa", 1, HOME): "uploaded"}


async def test_a_text_that_is_kept_for_a_destination_is_forgotten_and_its_session_stopped(bench: Bench) -> None:
    new = replace(holding_key(fact=SLOT), kept={SLOT: KEY})
    await admit(bench.spool, new)
    assert await bench.spool.kept(new.document) == {SLOT: KEY}
    taken = await bench.spool.withhold(SECRETS)
    assert (taken.sessions, await bench.spool.kept(new.document)) == (("aa",), {})


async def test_a_frame_read_again_from_the_same_file_is_no_news(bench: Bench) -> None:
    new = holding_key()
    await admit(bench.spool, new)
    await bench.spool.withhold(SECRETS)
    left = await document(bench.spool)
    again = replace(part_of(left), leaks=("facts.note",))
    assert [one.new for one in await bench.spool.admit(row(), [again], (HOME,), NOW)] == [False]


async def test_a_log_that_grew_by_a_key_is_stopped_though_a_frame_counts_less(bench: Bench) -> None:
    await admit(bench.spool, found(only_grows=True))
    left = changed(found().session, events=(), natural_key="withheld/1")
    frame = replace(part_of(left), only_grows=True, leaks=("events.3.item",))
    assert [one.new for one in await bench.spool.admit(row(), [frame], (HOME,), NOW)] == [True]
    assert [one.leaks for one in await claim(bench.spool)] == [("events.3.item",)]


async def test_a_recut_session_is_searched_as_its_log_told_it_and_as_it_is(bench: Bench) -> None:
    *before, last = ONE.session.events
    await admit(bench.spool, part_of(changed(ONE.session, events=(*before, changed(last, item=KEY)))))
    await split(bench.spool)
    assert (await bench.spool.withhold(SECRETS)).sessions == (REST,)
    assert (await document(bench.spool, A)).events == tuple(before[:3])
    # What is joined again is made of what the log told, which is a frame by now.
    await merge(bench.spool, A, REST)
    assert not SECRETS.places(encode_session(await document(bench.spool, A)))
    assert [(one.row.session, one.leaks) for one in await claim(bench.spool)] == [(A, ("events.2.item",))]


async def test_parts_of_a_session_whose_log_tells_a_key_now_are_stopped_with_it(bench: Bench) -> None:
    await admit(bench.spool, ONE)
    await split(bench.spool)
    left = changed(ONE.session, events=(), natural_key="withheld/1")
    await admit(bench.spool, replace(part_of(left), leaks=("events.9.item",)))
    assert {one.leaks for one in await claim(bench.spool)} == {("events.9.item",)}


async def test_whether_anything_of_it_may_be_over_there_is_known_when_its_letter_is_forgotten(bench: Bench) -> None:
    await admit(bench.spool, holding_key("aa", age=2), found("bb", age=1), found("cc"))
    for one in await claim(bench.spool, limit=2):
        if one.row.session == "aa":
            await bench.spool.keep_letter(one.row.id, LETTER)
        await bench.spool.deferred(one.row.id, "503", NOW, counts=True)
    before = [await bench.spool.may_be_at(one, HOME) for one in ("aa", "bb", "cc")]
    await bench.spool.withhold(SECRETS)
    await bench.restart()
    after = [await bench.spool.may_be_at(one, HOME) for one in ("aa", "bb", "cc")]
    assert before == after == [True, False, False]
    assert not await bench.spool.may_be_at("aa", "away")


async def test_what_arrived_is_over_there_until_its_owner_deletes_it_there(bench: Bench) -> None:
    await admit(bench.spool, found("aa"), found("bb", age=1))
    for one in await claim(bench.spool):
        gone = one.row.session == "bb"
        await bench.spool.acked(
            one.row.id, None if gone else RECEIPT, "deleted over there" if gone else "", NOW, SECOND
        )
    assert [await bench.spool.may_be_at(one, HOME) for one in ("aa", "bb")] == [True, False]


# The files


@pytest.fixture
async def disk(tmp_path: Path) -> AsyncIterator[SqliteSpool]:
    async with open_spool(tmp_path / "spool.db", FixedChance(), FACTS) as opened:
        # Some builds of SQLite overwrite what they free by themselves, most do not.
        await opened.database.run(lambda: opened.database.opened().execute("PRAGMA secure_delete = OFF").fetchall())
        yield opened


def readable(folder: Path) -> Iterator[bytes]:
    """Every file of the spool, and whatever can be unpacked out of it from any place on."""
    for file in folder.glob("spool.db*"):
        data = file.read_bytes()
        yield data
        yield from found_packed(data)


async def test_no_file_holds_the_key_when_it_is_scrubbed(tmp_path: Path, disk: SqliteSpool) -> None:
    await admit(disk, *[holding_key(f"a{number}", age=number) for number in range(50)])
    await admit(disk, replace(holding_key("b0", fact=SLOT), kept={SLOT: KEY}), player(KEY))
    for one in await claim(disk, limit=100):
        await disk.keep_letter(one.row.id, Letter(body=one.parcel.document, headers={"a": KEY}, payload_digest="cd"))
        await disk.deferred(one.row.id, "503", NOW, counts=True)
    assert sum(KEY.encode() in part for part in readable(tmp_path)) > 50
    taken = await disk.withhold(SECRETS)
    await disk.scrub()
    assert len(taken.sessions) == 52
    assert [part for part in readable(tmp_path) if KEY.encode() in part] == []


def player(name: str) -> NewSession:
    """A session that somebody played who is called like a key."""
    return found("c0", age=99, player=name, names_player=True)
