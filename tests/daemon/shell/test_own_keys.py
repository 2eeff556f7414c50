"""A key that the daemon makes for itself: made once, never shown, given up only knowingly, or taken into an account."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from logferry_daemon.control.given_up import IS_NEWS, LOST
from logferry_daemon.control.keys import HAS_ONE, KeyDesk
from logferry_daemon.core.exchange import Response
from logferry_daemon.core.gate import Access
from logferry_daemon.core.own_keys import is_own_key
from logferry_ipc.messages import (
    FORGET,
    GIVE_UP,
    OWN_KEY_ONLY,
    DeleteRequest,
    DestinationInfo,
    Forgetting,
    Login,
    NewDestination,
)
from logferry_model.errors import Misconfigured, Refused, Unreachable
from tests.daemon.shell.house import URL, House, error_of
from tests.daemon.shell.office import answer, problem, stored
from tests.daemon.shell.stage import hunt

ANONYMOUS = Login(anonymous=True)
ACCOUNT = "lf_0123456789abcdef_" + "a" * 43
MINUTE = timedelta(minutes=1)
JOIN = Login(secret=ACCOUNT, join=True)
PAGE = Path(__file__).parents[3] / "docs" / "credentials.md"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """One that sends without an account."""
    made = House(tmp_path)
    async with made.open():
        await made.add_source()
        await made.add_destination()
        await made.agree()
        await made.decide("*")
        yield made


async def key_of(house: House) -> str:
    return await house.credentials.secret("home") or ""


async def told(house: House) -> DestinationInfo:
    (one,) = (await house.control.destinations()).destinations
    return one


def bearers(house: House) -> list[str]:
    return [sent.secret["Authorization"].removeprefix("Bearer ") for sent in house.sender.sent]


def joins(answered: bytes = b'{"reports": 3}') -> Response:
    return answer(200, answered)


# Made


async def test_a_key_is_made_kept_and_used(house: House) -> None:
    assert (await house.control.login("home", ANONYMOUS)).note == ""
    key = await key_of(house)
    assert is_own_key(key)
    assert (await told(house)).own_key
    await house.hunt()
    await house.pass_time(MINUTE)
    assert set(bearers(house)) == {key}
    assert (await house.control.status()).counts.uploaded == 1


async def test_it_comes_out_by_no_answer_and_no_file(house: House) -> None:
    await house.control.login("home", ANONYMOUS)
    key = await key_of(house)
    for ask in (house.control.status, house.control.destinations, house.control.doctor, house.control.metrics):
        assert key.encode() not in msgspec.json.encode(await ask())
    assert key not in house.settings_file.read_text()
    assert not any(key in str(value) for value in house.spool._notes.values())


async def test_there_is_never_a_second_one(house: House) -> None:
    await house.control.login("home", ANONYMOUS)
    key = await key_of(house)
    assert (await house.control.login("home", ANONYMOUS)).note == HAS_ONE
    house.credentials.state = Access.LOCKED
    assert (await house.control.login("home", ANONYMOUS)).note == HAS_ONE
    house.credentials.state = None
    assert await key_of(house) == key


async def test_one_that_was_lost_is_made_anew(house: House) -> None:
    await house.control.login("home", ANONYMOUS)
    key = await key_of(house)
    await house.credentials.forget("home")
    assert (await house.control.login("home", ANONYMOUS)).note == ""
    assert is_own_key(await key_of(house))
    assert await key_of(house) != key


async def test_two_destinations_have_two(house: House) -> None:
    await house.add_destination("other")
    for name in ("home", "other"):
        await house.control.login(name, ANONYMOUS)
    assert await house.credentials.secret("home") != await house.credentials.secret("other")


async def test_the_key_of_an_account_is_not_thrown_away_for_one(house: House) -> None:
    await house.control.login("home", Login(secret=ACCOUNT))
    error = await error_of(house.control.login("home", ANONYMOUS))
    assert (type(error), error.code) == (Refused, "key-there")
    assert await key_of(house) == ACCOUNT
    assert not (await told(house)).own_key


@pytest.mark.parametrize("access", [Access.LOCKED, Access.DENIED, Access.STUCK])
async def test_while_nobody_can_see_whether_there_is_one_none_is_made(house: House, access: Access) -> None:
    house.credentials.state = access
    error = await error_of(house.control.login("home", ANONYMOUS))
    assert (type(error), error.code) == (Misconfigured, "keyring-closed")


@pytest.mark.parametrize("login", [Login(anonymous=True, secret="s3cret"), Login(anonymous=True, join=True)])
async def test_a_key_is_made_or_given_and_not_both(house: House, login: Login) -> None:
    assert (await error_of(house.control.login("home", login))).code == "anonymous-and-key"


async def test_where_nobody_comes_without_a_key_none_is_made(house: House) -> None:
    await house.control.add_destination(NewDestination(name="hunts", dialect="artemis", url=URL))
    error = await error_of(house.control.login("hunts", ANONYMOUS))
    assert (type(error), error.code) == (Misconfigured, "anonymous-unknown")
    assert await house.credentials.secret("hunts") is None


async def test_a_collector_that_takes_no_such_key_is_told_with_what_to_do(house: House) -> None:
    house.sender.script = [problem(401, code="anonymous-refused", title="No anonymous uploads")]
    await house.control.login("home", ANONYMOUS)
    await house.hunt()
    await house.pass_time(MINUTE)
    status = await house.control.status()
    assert status.destinations[0].state == "held"
    (trouble,) = [one for one in status.attention if "No anonymous uploads" in one.message]
    assert "logferry login home" in trouble.hint


async def test_whoever_looks_for_keys_hears_of_each_that_is_kept(house: House) -> None:
    heard: list[str] = []
    desk = KeyDesk(house.fleet, house.credentials, lambda: heard.append("kept"))
    await desk.login("home", ANONYMOUS)
    await desk.login("home", ANONYMOUS)
    assert heard == ["kept"]
    await desk.logout("home", GIVE_UP)
    await desk.login("home", Login(secret=ACCOUNT))
    assert heard == ["kept", "kept"]


# Given up


async def test_another_key_does_not_take_its_place_unasked(house: House) -> None:
    await house.control.login("home", ANONYMOUS)
    key = await key_of(house)
    error = await error_of(house.control.login("home", Login(secret=ACCOUNT)))
    assert (type(error), error.code) == (Refused, "own-key-there")
    assert "logferry login home --join" in error.hint
    assert await key_of(house) == key


async def test_neither_while_the_keyring_is_closed_nor_after_a_kill_in_between(house: House) -> None:
    await house.control.login("home", ANONYMOUS)
    house.credentials.state = Access.LOCKED
    assert (await error_of(house.control.login("home", Login(secret=ACCOUNT)))).code == "own-key-there"
    house.credentials.state = None
    await house.spool.set_note("own-key:home", None)
    assert (await error_of(house.control.login("home", Login(secret=ACCOUNT)))).code == "own-key-there"


async def test_after_a_logout_that_says_what_is_lost_it_does(house: House) -> None:
    await house.control.login("home", ANONYMOUS)
    assert (await told(house)).lost_with_key == LOST
    assert (await house.control.logout("home", GIVE_UP)).note == LOST
    assert not (await told(house)).own_key
    await house.control.login("home", Login(secret=ACCOUNT))
    assert (await key_of(house), (await told(house)).lost_with_key) == (ACCOUNT, "")
    assert (await house.control.logout("home")).note == ""


@pytest.mark.parametrize("wanted", [FORGET, Forgetting(confirm="yes")])
@pytest.mark.parametrize("ask", ["logout", "remove_destination"])
async def test_whoever_asks_for_its_end_is_told_first_what_is_lost_and_nothing_is_changed(
    house: House, ask: str, wanted: Forgetting
) -> None:
    await house.control.login("home", ANONYMOUS)
    key, before = await key_of(house), await house.control.destinations()
    error = await error_of(getattr(house.control, ask)("home", wanted))
    assert (type(error), error.code) == (Refused, OWN_KEY_ONLY)
    assert LOST in error.message
    assert '"confirm": "own-key-only"' in error.hint
    assert (await key_of(house), await house.control.destinations()) == (key, before)
    assert (await house.control.consent("home")).granted
    await getattr(house.control, ask)("home", GIVE_UP)
    assert await key_of(house) == ""


def test_the_page_says_how_a_program_confirms_that() -> None:
    (body,) = re.findall(r'`({"confirm": [^`]+})`', PAGE.read_text("utf-8"))
    assert msgspec.json.decode(body, type=Forgetting) == GIVE_UP


@pytest.mark.parametrize("ask", ["logout", "remove_destination"])
async def test_the_key_of_an_account_goes_unasked(house: House, ask: str) -> None:
    await house.control.login("home", Login(secret=ACCOUNT))
    await getattr(house.control, ask)("home")
    assert await key_of(house) == ""


async def test_deletions_that_wait_for_it_are_counted_before_it_is_gone(house: House) -> None:
    await house.control.login("home", ANONYMOUS)
    await house.hunt()
    await house.pass_time(MINUTE)
    house.sender.script = [Unreachable("refused", "connection refused")]
    (session,) = (await house.control.sessions()).sessions
    await house.control.delete(session.id, DeleteRequest(remote=True))
    await house.quiet()
    assert "1 deletion waits for it" in (await told(house)).lost_with_key
    assert "1 deletion waits for it" in (await house.control.logout("home", GIVE_UP)).note


async def test_an_address_that_is_changed_in_the_settings_leaves_word_of_the_key_that_goes_with_it(
    tmp_path: Path,
) -> None:
    house = House(tmp_path)
    async with house.open():
        await house.add_destination()
        await house.control.login("home", ANONYMOUS)
        assert not [one for one in (await house.control.status()).attention if one.code == "own-key-lost"]
    house.settings_file.write_text(house.settings_file.read_text().replace(URL, "https://other.example"))
    async with house.open():
        assert await key_of(house) == ""
        (said,) = [one for one in (await house.control.status()).attention if one.code == "own-key-lost"]
        assert "home has another address" in said.message
        await house.clock.advance(IS_NEWS + MINUTE, 1)
        assert not [one for one in (await house.control.status()).attention if one.code == "own-key-lost"]


async def test_a_destination_that_is_removed_takes_it_along(house: House) -> None:
    await house.control.login("home", ANONYMOUS)
    await house.control.remove_destination("home", GIVE_UP)
    await house.add_destination()
    assert await key_of(house) == ""
    await house.control.login("home", Login(secret=ACCOUNT))
    assert await key_of(house) == ACCOUNT


# For another address, or for one that nobody knows any more


@pytest.fixture
async def moved(tmp_path: Path) -> AsyncIterator[House]:
    """Its address became another one while the keyring was locked, so the key of the old one still lies there."""
    made = House(tmp_path)
    async with made.open():
        await made.add_destination()
        await made.agree()
        await made.control.login("home", ANONYMOUS)
    made.settings_file.write_text(made.settings_file.read_text().replace(URL, "https://other.example"))
    made.credentials.state = Access.LOCKED
    async with made.open():
        made.credentials.state = None
        await made.agree()
        yield made


@pytest.fixture
async def rebuilt(tmp_path: Path) -> AsyncIterator[House]:
    """Its queue was damaged, and with it went the note of where the key is for."""
    made = House(tmp_path)
    async with made.open():
        await made.add_destination()
        await made.control.login("home", ANONYMOUS)
    made.spool._notes.clear()
    async with made.open():
        await made.agree()
        yield made


async def test_the_key_of_another_address_is_not_posted_to_this_one(moved: House) -> None:
    own = await key_of(moved)
    assert is_own_key(own)
    shown = await told(moved)
    assert (shown.credential, shown.own_key) == ("absent", False)
    error = await error_of(moved.control.login("home", JOIN))
    assert (error.code, moved.sender.sent) == ("nothing-to-join", [])


@pytest.mark.parametrize("login", [ANONYMOUS, Login(secret=ACCOUNT)])
async def test_it_is_not_thrown_away_unasked_and_nobody_is_told_to_join_with_it(moved: House, login: Login) -> None:
    own = await key_of(moved)
    error = await error_of(moved.control.login("home", login))
    assert (type(error), error.code) == (Refused, "own-key-elsewhere")
    assert "--join" not in error.hint
    assert "logferry logout home" in error.hint
    assert await key_of(moved) == own
    await moved.control.logout("home", GIVE_UP)
    assert await key_of(moved) == ""
    await moved.control.login("home", login)
    assert (await told(moved)).credential == "available"


async def test_after_a_rebuilt_queue_no_second_key_takes_the_place_of_the_first(rebuilt: House) -> None:
    own = await key_of(rebuilt)
    error = await error_of(rebuilt.control.login("home", ANONYMOUS))
    assert (error.code, await key_of(rebuilt)) == ("own-key-elsewhere", own)
    # The owner knows where it is for.
    await rebuilt.control.login("home", Login(secret=own))
    shown = await told(rebuilt)
    assert (shown.credential, shown.own_key, await key_of(rebuilt)) == ("available", True, own)


# Taken into an account


async def test_nobody_is_asked_to_take_over_before_his_owner_agreed_to_him(house: House) -> None:
    await house.control.login("home", ANONYMOUS)
    own = await key_of(house)
    await house.control.revoke("home")
    error = await error_of(house.control.login("home", JOIN))
    assert (type(error), error.code, house.sender.sent) == (Refused, "no-consent", [])
    assert "logferry consent grant home" in error.hint
    assert await key_of(house) == own


async def test_an_account_takes_over_and_its_key_takes_the_place(house: House) -> None:
    await house.control.login("home", ANONYMOUS)
    own = await key_of(house)
    house.sender.script = [joins(), stored]
    done = await house.control.login("home", JOIN)
    assert "3 reports" in done.note
    assert await key_of(house) == ACCOUNT
    assert not (await told(house)).own_key
    (asked,) = house.sender.sent
    assert (asked.request.path, asked.secret) == ("/api/v1/me/join", {"Authorization": f"Bearer {ACCOUNT}"})
    assert msgspec.json.decode(asked.request.body) == {"key": own}
    await house.hunt()
    await house.pass_time(MINUTE)
    assert bearers(house)[1:] == [ACCOUNT]
    assert (await house.control.status()).counts.uploaded == 1


async def test_nothing_is_under_way_with_the_key_that_ends(house: House) -> None:
    """Else its refusal, which comes later, would hold the destination under the new key."""
    house.sender.script = [lambda sent: joins() if sent.request.path.endswith("join") else stored(sent)]
    await house.control.login("home", ANONYMOUS)
    house.sender.free.clear()
    long_ago = house.clock.now() - timedelta(days=60)
    for seed in (1, 2):
        house.files.write(f"session-{seed}.json", hunt(seed), mtime=long_ago)
    await house.fleet.rescan()
    async with asyncio.timeout(30):
        while not house.sender.sent:  # its letter is written on another thread
            await asyncio.sleep(0)
        joining = asyncio.ensure_future(house.control.login("home", JOIN))
        while not house.sender.sent[-1].request.path.endswith("join"):
            await asyncio.sleep(0)
    under_way = len(house.sender.sent) - 1
    await house.hunt(3)
    assert (house.sender.broken_off, len(house.sender.sent)) == (under_way, under_way + 1)
    house.sender.free.set()
    await joining
    await house.pass_time(MINUTE)
    assert set(bearers(house)[under_way:]) == {ACCOUNT}
    assert (await house.control.status()).counts.uploaded == 3


@pytest.mark.parametrize(
    "said",
    [
        problem(401, code="credential-invalid", title="The API key is not valid"),
        problem(409, code="join-refused"),
        problem(404),
        joins(b"{}"),
        Unreachable("refused", "connection refused"),
    ],
)
async def test_where_it_does_not_nothing_is_changed_and_it_goes_on_as_before(
    house: House, said: Response | Unreachable
) -> None:
    await house.control.login("home", ANONYMOUS)
    own = await key_of(house)
    house.sender.script = [said, stored]
    error = await error_of(house.control.login("home", JOIN))
    assert (type(error), error.code) == (Refused, "not-joined")
    assert ACCOUNT not in error.message + error.hint
    assert await key_of(house) == own
    await house.hunt()
    await house.pass_time(MINUTE)
    assert bearers(house)[-1] == own
    assert (await house.control.status()).counts.uploaded == 1


async def test_an_answer_that_repeats_a_key_is_not_repeated(house: House) -> None:
    await house.control.login("home", ANONYMOUS)
    own = await key_of(house)
    house.sender.script = [problem(409, title=f"{own} or {ACCOUNT} is wrong")]
    error = await error_of(house.control.login("home", JOIN))
    assert own not in error.message
    assert ACCOUNT not in error.message
    assert "is wrong" in error.message


async def test_after_a_kill_in_the_middle_it_is_asked_again(house: House) -> None:
    """The collector had done it; the keyring still has the key that is good for nothing any more."""
    await house.control.login("home", ANONYMOUS)
    house.sender.script = [joins()]
    for _ in range(2):
        house.credentials.state = None
        await house.fleet.road.credentials.keep("home", "lfa_" + "k" * 43, insecure=False)
        assert "3 reports" in (await house.control.login("home", JOIN)).note
    assert await key_of(house) == ACCOUNT


async def test_without_a_key_of_its_own_there_is_nothing_to_take_over(house: House) -> None:
    assert (await error_of(house.control.login("home", JOIN))).code == "nothing-to-join"
    await house.control.login("home", Login(secret=ACCOUNT))
    assert (await error_of(house.control.login("home", JOIN))).code == "nothing-to-join"
    assert house.sender.sent == []


async def test_a_closed_keyring_is_told(house: House) -> None:
    await house.control.login("home", ANONYMOUS)
    house.credentials.state = Access.LOCKED
    assert (await error_of(house.control.login("home", JOIN))).code == "keyring-closed"
    assert house.sender.sent == []


async def test_a_key_that_was_laid_down_is_not_replaced(house: House) -> None:
    await house.control.login("home", ANONYMOUS)
    house.credentials.origins["home"] = "the credential logferry.home"
    assert (await error_of(house.control.login("home", JOIN))).code == "secret-injected"
    assert house.sender.sent == []
