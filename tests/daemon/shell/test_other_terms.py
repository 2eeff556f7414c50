"""What changes when a destination becomes another one: its terms, its pin, its address; and what must not survive it."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from logferry_daemon.control.answers import DaemonControl
from logferry_daemon.core.gate import Access
from logferry_daemon.core.policy import Group
from logferry_daemon.ports import Claimed
from logferry_daemon.recipes.engine import RecipeTracker
from logferry_daemon.recipes.parsing import parse_recipe
from logferry_daemon.recipes.recipe import Recipe
from logferry_ipc.messages import Login, NewDestination, NewPin, Preview, PrivacyChange
from logferry_model.errors import Misconfigured, Unreachable
from logferry_model.fingerprint import fingerprint_of
from tests.daemon.recipes.small import TAVERN, TEXT
from tests.daemon.shell.house import URL, House
from tests.daemon.shell.office import DESTINATION, Office, stored
from tests.daemon.shell.rushed import rushed
from tests.daemon.shell.stage import hunt
from tests.fakes import NOON, MemoryCredentials

OTHER = "https://other.example"
HOUR = timedelta(hours=1)
DROP, TOKEN = PrivacyChange(treatments={"players": "drop"}), PrivacyChange(treatments={"players": "token"})
PIN = fingerprint_of(b"new")


class Locking(MemoryCredentials):
    """A keyring that may be closed to whoever wants to delete something."""

    shut = False

    async def forget(self, destination: str, *, quiet: bool = False) -> None:
        if self.shut:
            raise Misconfigured("keyring-refused", "The keyring did not delete the key.", hint="Unlock it.")
        await super().forget(destination, quiet=quiet)


@pytest.fixture
def keyring() -> Locking:
    return Locking()


@pytest.fixture
async def house(tmp_path: Path, keyring: Locking) -> House:
    made = House(tmp_path)
    made.credentials = keyring
    return made


@pytest.fixture
async def control(house: House) -> AsyncIterator[DaemonControl]:
    async with house.open() as control:
        yield control


async def shown(house: House) -> Preview:
    (session,) = (await house.control.sessions()).sessions
    return await house.control.preview(session.id, "home")


def inside(body: bytes) -> Any:  # noqa: ANN401 -- any JSON value
    return json.loads(gzip.decompress(body))["payload"]


async def hunt_with_others(house: House) -> None:
    """A finished hunt in which somebody else is named."""
    document = json.loads(hunt(1))
    for event in document["events"]:
        event["player"] = "Zed Quellmont"
    house.files.write("session-1.json", json.dumps(document).encode(), mtime=NOON - 24 * HOUR)
    await house.fleet.rescan()
    await house.quiet()


async def under_way(house: House) -> None:
    """A letter is written, and its answer is a long time coming."""
    await house.set_up()
    house.sender.free.clear()
    house.files.write("session-1.json", hunt(1), mtime=NOON - 24 * HOUR)
    await house.fleet.rescan()
    async with asyncio.timeout(30):
        while not house.sender.sent:  # its letter is written on another thread
            await asyncio.sleep(0)


# What a preview shows


async def test_a_preview_is_of_the_present_terms_before_they_are_agreed_to_and_goes_so(
    house: House, control: DaemonControl
) -> None:
    house.sender.script = [Unreachable("refused", "no connection"), stored]
    await house.set_up()
    await hunt_with_others(house)
    before = await shown(house)
    assert before.body == house.sender.sent[-1].request.body
    await control.change_privacy("home", DROP)
    after = await shown(house)
    assert after.body != before.body
    assert inside(after.body) == json.loads(bytes(after.document))
    assert (after.state, after.reconstruction) == ("held", False)
    await house.agree()
    await house.pass_time(HOUR)
    assert inside(house.sender.sent[-1].request.body) == json.loads(bytes(after.document))


async def test_a_preview_after_a_consent_was_taken_back_is_of_the_present_terms(
    house: House, control: DaemonControl
) -> None:
    house.sender.script = [Unreachable("refused", "no connection"), stored]
    await house.set_up()
    await hunt_with_others(house)
    await control.revoke("home")
    before = await shown(house)
    await control.change_privacy("home", DROP)
    after = await shown(house)
    assert before.body != after.body
    assert inside(after.body) == json.loads(bytes(after.document))


@pytest.mark.usefixtures("control")
async def test_a_preview_of_what_is_on_its_way_is_of_one_letter(house: House) -> None:
    await under_way(house)
    found = await shown(house)
    assert found.body == house.sender.sent[-1].request.body
    assert inside(found.body) == json.loads(bytes(found.document))
    house.sender.free.set()


async def test_a_preview_of_what_was_sent_says_that_it_is_made_anew(house: House, control: DaemonControl) -> None:
    await house.set_up()
    await house.hunt()
    await control.change_privacy("home", DROP)
    found = await shown(house)
    assert (found.state, found.reconstruction) == ("uploaded", True)


# What was agreed to


def parse_line_recipe(text: str) -> Recipe:
    found = parse_recipe(text, origin="tavern.toml")
    assert isinstance(found, Recipe)
    return found


async def test_terms_that_come_back_are_asked_for_again(house: House, control: DaemonControl) -> None:
    await house.set_up()
    await control.change_privacy("home", DROP)
    await control.change_privacy("home", TOKEN)
    told = await control.consent("home")
    assert (told.granted, bool(told.agreed_terms)) == (False, True)
    await house.hunt()
    assert house.sender.sent == []


async def test_terms_that_stay_as_they_are_ask_nobody(house: House, control: DaemonControl) -> None:
    await house.set_up()
    await control.change_privacy("home", TOKEN)
    assert (await control.consent("home")).granted


async def test_terms_that_were_others_in_the_file_for_a_while_are_asked_for_again(house: House) -> None:
    async with house.open():
        await house.set_up_destination()
    first = house.settings_file.read_text()
    house.settings_file.write_text(f'{first}\n[destinations.home.privacy]\nplayers = "drop"\n')
    async with house.open():
        pass
    house.settings_file.write_text(first)
    async with house.open() as control:
        assert not (await control.consent("home")).granted


async def test_a_recipe_that_tells_more_is_agreed_to_anew_and_the_gate_says_why(house: House) -> None:
    house.trackers["tavern"] = TAVERN
    async with house.open():
        await house.set_up()
    more = TEXT.replace('["words", "loudness"]', '["words", "loudness", "mood"]')
    house.trackers["tavern"] = RecipeTracker(parse_line_recipe(more))
    async with house.open() as control:
        await house.hunt()
        gate = (await house.fleet.all_gates())["home"]
        hints = [one.hint for one in (await control.status()).attention]
        found = await control.consent("home")
        new = [row for row in found.terms if row not in found.agreed_terms]
    assert (house.sender.sent, found.granted, gate.reason) == ([], False, "no consent")
    assert gate.hint.startswith("It is not what you agreed to any more.")
    assert gate.hint in hints
    assert [row.partition(":")[0] for row in new] == ["of tavern"]
    assert "mood" in new[0]


@pytest.mark.parametrize(
    ("setting", "line"), [("partials", "while it still runs"), ("summary_first", "before its events")]
)
async def test_what_is_sent_before_a_session_is_over_and_whole_is_agreed_to_anew(
    house: House, setting: str, line: str
) -> None:
    first = house.settings_file.read_text() if house.settings_file.exists() else ""
    house.settings_file.write_text(f"{first}\n[upload]\n{setting} = false\n")
    async with house.open() as control:
        await house.set_up()
        assert line not in (await control.consent("home")).policy
    house.settings_file.write_text(house.settings_file.read_text().replace(f"{setting} = false", f"{setting} = true"))
    async with house.open() as control:
        await house.hunt()
        found = await control.consent("home")
        new = [row for row in found.terms if row not in found.agreed_terms]
    assert (house.sender.sent, found.granted, line in found.policy) == ([], False, True)
    assert [line in row for row in new] == [True]


async def test_a_source_more_asks_for_no_other_agreement(house: House, control: DaemonControl) -> None:
    await house.set_up_destination()
    await house.add_source()
    assert (await control.consent("home")).granted


async def test_what_is_on_its_way_on_other_terms_is_broken_off_before_the_answer(
    house: House, control: DaemonControl
) -> None:
    await under_way(house)
    await control.change_privacy("home", DROP)
    assert house.sender.broken_off == 1
    assert (await shown(house)).state == "held"


async def test_deletions_go_to_the_holder_of_the_new_key(house: House, control: DaemonControl) -> None:
    await house.set_up()
    await control.pin_destination("home", NewPin(pin=str(PIN)))
    await control.change_privacy("home", DROP)
    eraser, courier = house.fleet.erasers["home"].destination, house.fleet.couriers["home"].destination
    assert (eraser, eraser.pin) == (courier, PIN)


async def test_texts_that_a_later_destination_keeps_outlast_a_restart(house: House) -> None:
    async with house.open() as control:
        await control.add_destination(NewDestination(name="first", dialect="logferry", url=URL))
        await control.add_destination(NewDestination(name="last", dialect="logferry", url=OTHER))
        await control.change_privacy("last", PrivacyChange(treatments={"players": "keep"}))
    asked: list[frozenset[Group]] = []
    keep_only = house.spool.keep_only

    async def noted(groups: Any) -> None:  # noqa: ANN401 -- as the port has it
        asked.append(frozenset(groups))
        await keep_only(groups)

    house.spool.keep_only = noted  # type: ignore[method-assign]  # listens, and does the same
    async with house.open():
        assert [Group.PLAYERS in groups for groups in asked] == [True]


# Whose key it is


async def credential(control: DaemonControl) -> str:
    (told,) = (await control.destinations()).destinations
    return told.credential


def move(house: House) -> None:
    house.settings_file.write_text(house.settings_file.read_text().replace(URL, OTHER))


async def test_a_keyring_that_is_locked_at_the_start_keeps_its_key_to_itself_and_nobody_waits(
    house: House, keyring: Locking
) -> None:
    async with house.open():
        await house.set_up_destination()
    move(house)
    keyring.shut = True
    async with house.open() as control:
        assert await credential(control) == "absent"
        await house.agree()
        assert await credential(control) == "absent"
    keyring.shut = False
    async with house.open() as control:
        assert await keyring.secret("home") is None, "it is forgotten later"
        await control.login("home", Login(secret="n3w"))
        assert await credential(control) == "available"


@pytest.mark.parametrize("noted", [True, False])
async def test_a_key_that_could_not_be_forgotten_with_its_destination_goes_to_no_other_of_its_name(
    house: House, control: DaemonControl, keyring: Locking, *, noted: bool
) -> None:
    await house.set_up()
    if not noted:
        await house.spool.set_note("key-for:home", None)
    keyring.shut = True
    with pytest.raises(Misconfigured, match="did not delete"):
        await control.remove_destination("home")
    await control.add_destination(NewDestination(name="home", dialect="logferry", url=OTHER))
    await house.agree()
    assert await credential(control) == "absent"
    await house.hunt()
    assert house.sender.sent == []


async def test_a_key_that_was_kept_before_places_were_noted_goes_on(house: House) -> None:
    async with house.open():
        await house.set_up_destination()
    await house.spool.set_note("key-for:home", None)
    async with house.open() as control:
        assert await credential(control) == "available"


async def test_a_key_that_is_laid_down_goes_to_another_address_when_its_owner_says_so(
    house: House, keyring: Locking
) -> None:
    keyring.origins["home"] = "the credential logferry.home"
    async with house.open() as control:
        await house.set_up_destination()
        assert await credential(control) == "available"
    move(house)
    async with house.open() as control:
        # The fake has one place for both kinds; who laid it down still does.
        await keyring.keep("home", "laid down", insecure=False)
        assert await credential(control) == Access.FOREIGN
        told = await control.consent("home")
        assert "the credential logferry.home" in told.key_note
        assert OTHER in told.key_note
        await house.agree()
        assert (await credential(control), (await control.consent("home")).key_note) == ("available", "")


async def test_a_key_of_the_keyring_stays_another_places_also_when_a_laid_down_one_was_allowed(
    house: House, keyring: Locking
) -> None:
    async with house.open():
        await house.set_up_destination()
    move(house)
    keyring.shut, keyring.origins["home"] = True, "the credential logferry.home"
    async with house.open() as control:
        await house.agree()
        assert await credential(control) == "available"
        del keyring.origins["home"]
        house.fleet.gates.forgive("home")
        assert await credential(control) == "absent"


# Whose tokens


async def test_one_address_under_two_names_has_two_kinds_of_tokens_that_stay(house: House) -> None:
    async with house.open() as control:
        await house.add_source()
        for name in ("home", "work"):
            await house.add_destination(name)
        await hunt_with_others(house)
        (session,) = (await control.sessions()).sessions
        first = [bytes((await control.preview(session.id, name)).document) for name in ("home", "work")]
    async with house.open() as control:
        again = [bytes((await control.preview(session.id, name)).document) for name in ("home", "work")]
    assert b'"player-' in first[0], "there is no token in it"
    assert first[0] != first[1]
    assert again == first


# The very moment in which a courier takes something


async def test_what_was_claimed_as_the_terms_changed_waits_for_consent() -> None:
    async def change(desk: Office, claimed: Sequence[Claimed]) -> None:
        if any(one.letter for one in claimed):
            desk.courier.destination = replace(DESTINATION, pin=PIN)

    desk = await rushed(change, Unreachable("refused", "no connection"), stored)
    letters = [sent for sent in desk.sender.sent if sent.request.method == "POST"]
    assert (len(letters), await desk.states()) == (1, {"aa": "pending"}), "the letter of the first try went"


async def test_what_was_claimed_as_it_was_held_is_not_sent_before_it_is_claimed_again() -> None:
    held: list[str] = []

    async def hold(desk: Office, claimed: Sequence[Claimed]) -> None:
        if claimed and not held:
            held.extend(one.row.id for one in claimed)
            await desk.courier.hold(held)

    desk = await rushed(hold, stored)
    assert (len(desk.sender.sent), await desk.states()) == (1, {"aa": "uploaded"})
