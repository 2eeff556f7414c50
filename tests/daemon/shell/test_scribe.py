"""What is written for a destination: with which key, what of, and what happens where there is none or another one."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from logferry_daemon.adapters.work_thread import ThreadWorkshop
from logferry_daemon.core.addressing import NO_KEY
from logferry_daemon.core.boundary import end_by
from logferry_daemon.core.destination import Destination
from logferry_daemon.core.detectors import Detectors
from logferry_daemon.core.exchange import Letter
from logferry_daemon.core.gate import Access
from logferry_daemon.core.new_session import NewSession
from logferry_daemon.core.policy import Group, Listing, Policy, Treatment
from logferry_daemon.core.preparing import prepare
from logferry_daemon.core.reading import found_whole
from logferry_daemon.core.sanitise import UNLISTED
from logferry_daemon.core.writing import Written
from logferry_daemon.dialects.logferry import LogferryDialect
from logferry_daemon.scribe import KEY, KEY_NOTE, RENEWED_NOTE, Scribe, renewed_at
from logferry_model.envelope import Envelope
from logferry_model.errors import Refused, Unreachable
from logferry_model.session import EndRule, Participant, Session
from tests.contracts.spooling import admit, found
from tests.daemon.shell.office import DESTINATION, Office, answer, stored
from tests.factories import event, session
from tests.fake_spool import MemorySpool
from tests.fakes import ManualClock, MemoryCredentials
from tests.privacy import privacy

NAME = "Oriana Quellmont"
AWAY = replace(DESTINATION, name="away", url="https://elsewhere.example")
END = end_by(EndRule.EXPLICIT, "seen")
HOUR = timedelta(hours=1)
LISTING = Listing(fields=frozenset({"mode"}), groups={"note": Group.TEXTS})


def played(identity: str = "aa") -> Session:
    people = (Participant(id="me", local=True, name=NAME), Participant(id="p1", name="Hob O'Tarrant"))
    return session(identity, participants=people, events=(event("loot", item="Hide", fields={"mode": "solo"}),))


def prepared(one: Session | None = None, *names: str, listing: Listing = LISTING, **keeps: Any) -> NewSession:  # noqa: ANN401 -- of privacy
    return prepare(
        found_whole(one or played(), names=frozenset(names)), END, only_grows=True, privacy=privacy(listing, **keeps)
    )


class Desk:
    """A scribe over one spool and one keyring."""

    def __init__(self, listing: Listing | None = LISTING) -> None:
        self.clock = ManualClock()
        self.spool = MemorySpool()
        self.credentials = MemoryCredentials(home="s3cret-s3cret", away="s3cret-s3cret")
        self.listing = listing
        self.restart()

    def restart(self) -> None:
        self.scribe = Scribe(
            self.credentials,
            self.spool,
            self.clock,
            lambda _: self.listing,
            ThreadWorkshop(Detectors()),
            destinations=lambda: ("home", "away", "other"),
        )

    def lose_key(self) -> None:
        """Whoever keeps the keyring threw it away."""
        self.credentials._own.clear()

    def replace_key(self, key: str) -> None:
        self.credentials._own[KEY] = key

    async def write(self, destination: Destination = DESTINATION, new: NewSession | None = None) -> Written:
        await admit(self.spool, new or prepared(), to=("home", "away", "again"))
        claimed = await self.spool.look_at("aa", destination.name)
        assert claimed is not None
        return await self.scribe.write(claimed, destination, LogferryDialect())


def payload(letter: Letter) -> dict[str, Any]:
    envelope = msgspec.json.decode(gzip.decompress(letter.body), type=Envelope)
    document: dict[str, Any] = msgspec.json.decode(envelope.payload)
    return document


def names(written: Written) -> list[str | None]:
    return [person.get("name") for person in payload(written.letter)["participants"]]


def changed(treatments: Mapping[Group, Treatment]) -> Destination:
    return replace(DESTINATION, privacy=Policy(treatments=treatments))


async def test_what_is_written_is_what_the_document_says() -> None:
    written = await Desk().write()
    assert payload(written.letter) == msgspec.json.decode(written.document)


async def test_a_player_has_the_same_token_over_restarts() -> None:
    desk = Desk()
    before = names(await desk.write())
    desk.restart()
    assert names(await desk.write()) == before
    assert len(set(before)) == 2
    assert all(name and name.startswith("player-") for name in before)


async def test_two_installations_have_other_tokens() -> None:
    here, there = Desk(), Desk()
    there.replace_key("ab" * 32)
    assert set(names(await here.write())).isdisjoint(names(await there.write()))


async def test_two_destinations_have_other_tokens() -> None:
    desk = Desk()
    assert set(names(await desk.write())).isdisjoint(names(await desk.write(AWAY)))


async def test_two_destinations_at_one_place_have_other_tokens() -> None:
    desk = Desk()
    again = await desk.write(replace(DESTINATION, name="again"))
    assert set(names(await desk.write())).isdisjoint(names(again))


async def test_of_a_recipe_that_is_gone_no_field_leaves() -> None:
    desk = Desk(listing=None)
    written = await desk.write()
    assert payload(written.letter)["events"][0]["fields"] == {}
    assert written.removed["mode", UNLISTED] == 1


async def test_what_was_taken_out_before_it_was_kept_is_told_too() -> None:
    one = session("aa", facts={"mode": "solo", "guild": "x"})
    written = await Desk().write(new=prepared(one))
    assert written.removed["guild", UNLISTED] == 1


# Keys


async def test_without_a_place_for_a_key_names_are_dropped_and_counted() -> None:
    desk = Desk()
    desk.credentials.roomless = True
    written = await desk.write()
    assert names(written) == [None, None]
    assert written.removed["name", NO_KEY] == 2


@pytest.mark.parametrize("state", [Access.LOCKED, Access.DENIED, Access.STUCK])
async def test_while_the_keyring_does_not_answer_names_wait(state: Access) -> None:
    desk = Desk()
    desk.credentials.state = state
    with pytest.raises(Unreachable, match=state.value):
        await desk.write()
    desk.credentials.state = None
    assert None not in names(await desk.write())


async def test_what_becomes_no_token_waits_for_no_keyring() -> None:
    desk = Desk()
    desk.credentials.state = Access.LOCKED
    written = await desk.write(changed(dict.fromkeys(Group, Treatment.DROP)))
    assert names(written) == [None, None]


async def test_a_delivery_waits_for_the_keyring_and_goes_on() -> None:
    desk = Office(stored)
    await admit(desk.spool, prepared(), now=desk.clock.now())
    await desk.agree()
    keyring = Elsewhere(home="s3cret")
    desk.credentials = keyring
    desk.open_again()
    async with desk.running():
        await desk.clock.advance(HOUR)
        row = (await desk.rows())["aa"]
        assert (row.state.value, desk.sender.sent) == ("pending", [])
        assert "names wait for their tokens: the keyring is locked" in row.last_error
        keyring.locked = False
        await desk.clock.advance(12 * HOUR)
    assert (await desk.states()) == {"aa": "uploaded"}
    assert len(desk.sender.sent) == 1


class Elsewhere(MemoryCredentials):
    """The key of the destination was injected; that for tokens is in a keyring that is locked."""

    locked = True

    async def own_key(self, name: str) -> tuple[Access, str | None]:
        return (Access.LOCKED, None) if self.locked else await super().own_key(name)


@pytest.mark.parametrize("lost", [True, False])
async def test_another_key_makes_other_tokens_and_is_noted(lost: bool) -> None:
    desk = Desk()
    desk.replace_key("ab" * 32)
    before = names(await desk.write())
    assert await desk.spool.note(RENEWED_NOTE) is None
    if lost:
        desk.lose_key()
    else:
        desk.replace_key("cd" * 32)
    desk.restart()
    after = names(await desk.write())
    assert set(before).isdisjoint(after)
    assert renewed_at(await desk.spool.note(RENEWED_NOTE)) == desk.clock.now()


async def test_the_same_key_after_a_restart_is_no_news() -> None:
    desk = Desk()
    await desk.write()
    mark = await desk.spool.note(KEY_NOTE)
    desk.restart()
    await desk.write(AWAY)
    assert (await desk.spool.note(KEY_NOTE), await desk.spool.note(RENEWED_NOTE)) == (mark, None)


async def test_nothing_of_the_key_is_noted() -> None:
    desk = Desk()
    desk.replace_key("ab" * 32)
    await desk.write()
    assert "abab" not in (await desk.spool.note(KEY_NOTE) or "")


@pytest.mark.parametrize("text", ["", "short", "zz" * 32])
async def test_what_is_no_key_makes_no_tokens(text: str) -> None:
    desk = Desk()
    desk.replace_key(text)
    with pytest.raises(Unreachable, match="no usable key"):
        await desk.write()


# What must not leave


async def test_a_session_in_which_something_private_was_left_is_not_written() -> None:
    one = session("aa", natural_key=f"x@{NAME}")
    new = prepared(one, NAME)
    assert new.leaks
    with pytest.raises(Refused, match="would leak: natural_key"):
        await Desk().write(new=new)


async def test_a_secret_of_another_destination_is_not_written_either() -> None:
    desk = Desk()
    await desk.credentials.keep("other", "s3cretXofXanother", insecure=False)
    one = session("aa", events=(event("loot", item="a s3cretXofXanother"),))
    with pytest.raises(Refused, match=r"would leak: events\.0\.item"):
        await desk.write(new=prepared(one))


async def test_a_secret_of_the_destination_itself_is_not_written() -> None:
    one = session("aa", facts={"mode": "s3cret-s3cret"})
    with pytest.raises(Refused, match=r"would leak: facts\.mode"):
        await Desk().write(new=prepared(one))


async def test_who_the_owner_is_there_stands_beside_the_session_and_is_a_leak_in_it() -> None:
    known = replace(DESTINATION, account="mila@example.org")
    written = await Desk().write(known)
    assert msgspec.json.decode(gzip.decompress(written.letter.body), type=Envelope).account == known.account
    dirty = prepared()
    # As if whoever cleans had let it through.
    dirty = replace(dirty, document=dirty.document.replace(b'"Hide"', b'"Hide of mila@example.org"'))
    with pytest.raises(Refused, match=r"would leak: events\.0\.item"):
        await Desk().write(known, dirty)


@pytest.mark.parametrize("key", ["s3cret-s3cret", "s3cretXofXanother"])
async def test_a_key_in_the_place_of_the_owners_name_is_not_written(key: str) -> None:
    """Whoever gave it may have mixed up the two, or gave the key only later."""
    desk = Desk()
    await desk.credentials.keep("other", "s3cretXofXanother", insecure=False)
    with pytest.raises(Refused, match="would leak: account"):
        await desk.write(replace(DESTINATION, account=key))


async def test_such_a_delivery_fails_says_where_and_fails_again() -> None:
    desk = Office(stored)
    new = prepared(session("aa", natural_key=f"x@{NAME}", facts={"mode": "solo"}), NAME)
    await admit(desk.spool, new, now=desk.clock.now())
    await desk.agree()
    await desk.work(HOUR)
    row = (await desk.rows())["aa"]
    assert (row.state.value, row.last_error) == ("failed", "would leak: natural_key")
    assert await desk.spool.retry([], desk.clock.now()) == 1
    await desk.work(HOUR)
    row = (await desk.rows())["aa"]
    assert (row.state.value, row.last_error) == ("failed", "would leak: natural_key")
    assert desk.sender.sent == []
    found = await desk.spool.session("aa")
    assert found is not None
    kept = msgspec.json.encode(found[2]).decode()
    assert "Quellmont" not in kept
    assert "solo" not in kept


async def test_a_letter_that_was_written_before_its_key_was_given_is_not_sent() -> None:
    desk = Office(lambda _: answer(503), stored)
    await admit(desk.spool, found("aa", mark="lantern of brass"), now=desk.clock.now())
    await desk.agree()
    await desk.work()
    await desk.credentials.keep("home", "lantern of brass1", insecure=False)
    await desk.work(HOUR)
    row = (await desk.rows())["aa"]
    assert (row.state.value, row.last_error) == ("failed", "would leak: a key in what was written")
    assert len(desk.sender.sent) == 1


# What is kept


async def test_a_name_that_may_stay_stands_as_the_log_says_it() -> None:
    new = prepared(keeps=frozenset({Group.PLAYERS}))
    written = await Desk().write(changed({Group.PLAYERS: Treatment.KEEP}), new)
    assert names(written) == [NAME, "Hob O'Tarrant"]


async def test_one_destination_has_the_name_and_the_other_a_token() -> None:
    desk, new = Desk(), prepared(keeps=frozenset({Group.PLAYERS}))
    assert names(await desk.write(changed({Group.PLAYERS: Treatment.KEEP}), new))[0] == NAME
    token = names(await desk.write(AWAY, new))[0]
    assert token is not None
    assert token.startswith("player-")


async def test_a_letter_is_not_written_twice() -> None:
    """What was tried is sent as it was, or the other side would take it for something else."""
    desk = Office(lambda sent: stored(sent, received_digest="00" * 32))
    await admit(desk.spool, prepared(), now=desk.clock.now())
    await desk.agree()
    await desk.work(timedelta(seconds=1))
    desk.credentials._own.clear()
    desk.open_again()
    await desk.work(HOUR)
    bodies = {sent.request.body for sent in desk.sender.sent}
    assert len(desk.sender.sent) > 1
    assert len(bodies) == 1


def test_no_note_is_no_time() -> None:
    assert renewed_at(None) is None
