"""Anonymous or under a name, through the whole daemon over fakes."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from logferry_daemon.settings import load_settings
from logferry_ipc.messages import Login, NewAccount, NewDestination
from logferry_ipc.routes import BY_CALL, Scope
from logferry_model.envelope import Envelope
from logferry_model.errors import Misconfigured, Unreachable
from tests.daemon.shell.house import URL, House, error_of
from tests.daemon.shell.office import stored
from tests.daemon.shell.stage import hunt

ACCOUNT = "mila@example.org"
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path)
    async with made.open():
        yield made


async def set_up(house: House, account: str = "") -> None:
    await house.add_source()
    wanted = NewDestination(name="home", dialect="logferry", url=URL, account=account)
    await house.control.add_destination(wanted)
    await house.control.login("home", Login(secret="s3cret"))
    await house.agree()
    await house.decide("*")


def envelopes(house: House) -> list[Envelope]:
    bodies = [sent.request.body for sent in house.sender.sent if sent.request.method == "POST"]
    return [msgspec.json.decode(gzip.decompress(body), type=Envelope) for body in bodies]


async def test_without_a_name_nothing_but_the_random_id_goes_along(house: House) -> None:
    await set_up(house)
    await house.hunt()
    await house.pass_time(MINUTE)
    (sent,) = envelopes(house)
    assert (sent.account, bool(sent.install_id)) == ("", True)
    assert "nobody by name" in (await house.control.consent("home")).policy
    assert "account" not in house.settings_file.read_text()


async def test_a_name_is_set_shown_agreed_to_and_sent(house: House) -> None:
    await set_up(house, ACCOUNT)
    await house.hunt()
    await house.pass_time(MINUTE)
    (sent,) = envelopes(house)
    assert (sent.account, bool(sent.install_id)) == (ACCOUNT, True)
    assert ACCOUNT in (await house.control.consent("home")).policy
    (told,) = (await house.control.destinations()).destinations
    assert told.account == ACCOUNT
    assert load_settings(house.settings_file).destinations["home"].account == ACCOUNT


@pytest.mark.parametrize(("before", "after"), [("", ACCOUNT), (ACCOUNT, ""), (ACCOUNT, "other")])
async def test_another_name_voids_the_consent_and_goes_on_after_the_next(house: House, before: str, after: str) -> None:
    """What was written under the old name and never arrived is written anew."""
    house.sender.script = [Unreachable("refused", "connection refused")]
    await set_up(house, before)
    await house.hunt()
    await house.pass_time(MINUTE)
    house.sender.script = [stored]
    tried = len(envelopes(house))
    await house.control.change_account("home", NewAccount(account=after))
    await house.pass_time(timedelta(hours=1))
    assert len(envelopes(house)) == tried, "nothing goes before consent"
    assert not (await house.control.consent("home")).granted
    await house.agree()
    await house.pass_time(timedelta(hours=1))
    assert [one.account for one in envelopes(house)] == [before] * tried + [after]
    assert (await house.control.status()).counts.uploaded == 1


async def test_a_name_that_is_taken_back_and_given_again_is_agreed_to_anew(house: House) -> None:
    await set_up(house, ACCOUNT)
    await house.control.change_account("home", NewAccount(account=""))
    await house.control.change_account("home", NewAccount(account=ACCOUNT))
    assert not (await house.control.consent("home")).granted


async def test_a_session_that_has_the_name_in_its_own_texts_loses_them(house: House) -> None:
    """Beside the session it is no leak; in it, it is one as ever."""
    await set_up(house, ACCOUNT)
    document = json.loads(hunt(1, events=40))
    loot = next(event for event in document["events"] if event.get("itemName"))
    loot["itemName"] = f"Hide for {ACCOUNT}"
    long_ago = house.clock.now() - timedelta(days=60)
    house.files.write("session-1.json", json.dumps(document).encode(), mtime=long_ago)
    await house.fleet.rescan()
    await house.pass_time(MINUTE)
    (sent,) = envelopes(house)
    assert sent.account == ACCOUNT
    assert ACCOUNT.encode() not in bytes(sent.payload)
    (session,) = (await house.control.sessions()).sessions
    removed = (await house.control.preview(session.id, "home")).removed
    assert any("item" in one.field and "e-mail" in one.reason for one in removed)


@pytest.mark.parametrize(
    ("dialect", "url", "account", "why"),
    [
        ("resonance", URL, "mila", "no place for it"),
        ("swgdb", URL, "mila", "no place for it"),
        ("logferry", URL, "mila\n", "printable"),
        ("logferry", URL, "lf_0123456789abcdef_" + "k" * 43, "logferry login"),
    ],
)
async def test_who_cannot_be_called_so_is_told_why_and_nothing_is_set(
    house: House, dialect: str, url: str, account: str, why: str
) -> None:
    wanted = NewDestination(name="home", dialect=dialect, url=url, account=account)
    error = await error_of(house.control.add_destination(wanted))
    assert (type(error), error.code, why in error.message) == (Misconfigured, "account-unusable", True)
    assert account not in error.message
    assert not house.settings_file.exists()


async def test_a_name_that_cannot_be_changes_nothing(house: House) -> None:
    await set_up(house, ACCOUNT)
    error = await error_of(house.control.change_account("home", NewAccount(account=" ")))
    assert error.code == "account-unusable"
    assert (await error_of(house.control.change_account("nope", NewAccount(account="x")))).code == "destination-unknown"
    assert (await house.control.consent("home")).granted


@pytest.mark.parametrize("given", ["s3cret-of-another", "mila s3cret-of-another"])
async def test_the_key_of_any_destination_is_no_name(house: House, given: str) -> None:
    await set_up(house, ACCOUNT)
    await house.add_destination("other")
    await house.control.login("other", Login(secret="s3cret-of-another"))
    error = await error_of(house.control.change_account("home", NewAccount(account=given)))
    assert (type(error), error.code, "it is a key" in error.message) == (Misconfigured, "account-unusable", True)
    wanted = NewDestination(name="third", dialect="logferry", url=URL, account=given)
    assert (await error_of(house.control.add_destination(wanted))).code == "account-unusable"
    assert given not in error.message + house.settings_file.read_text()


def test_only_the_owner_may_say_who_he_is() -> None:
    assert BY_CALL["change_account"].scope is Scope.ADMIN
