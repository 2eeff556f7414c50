"""A secret goes into the daemon and never comes out: not by any answer, event, error or representation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from logferry_daemon.control.answers import DaemonControl
from logferry_daemon.core.gate import Access
from logferry_daemon.ports import KeyNote
from logferry_ipc.messages import Login
from logferry_ipc.routes import ROUTES, Route
from logferry_model.errors import LogferryError, Misconfigured, Refused
from tests.daemon.shell.house import House
from tests.leaks import CANARY

SECRET = f"{CANARY}-of-home"
READING = [route for route in ROUTES if route.method == "GET" and route.calls and not route.stream]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """One that has sent something with a secret."""
    made = House(tmp_path)
    async with made.open():
        await made.set_up()
        await made.control.login("home", Login(secret=SECRET))
        await made.hunt()
        yield made


@pytest.fixture
def control(house: House) -> DaemonControl:
    return house.control


async def answer(control: DaemonControl, route: Route) -> bytes:
    """What a question brings, whatever it is about."""
    sessions = (await control.sessions()).sessions
    values = {"session": sessions[0].id, "name": "home", "after": "0"}
    wanted = [name for name in values if f"{{{name}}}" in route.path]
    asked = [values["name"]] * len(route.query)
    try:
        return msgspec.json.encode(await getattr(control, str(route.calls))(*(values[name] for name in wanted), *asked))
    except LogferryError as error:
        return repr((error.code, error.message, error.hint)).encode()


@pytest.mark.parametrize("route", READING, ids=lambda route: route.name)
async def test_no_question_brings_it_back(control: DaemonControl, house: House, route: Route) -> None:
    assert house.sender.sent[-1].secret == {"Authorization": f"Bearer {SECRET}"}, "it was not used at all"
    said = await answer(control, route)
    assert said
    assert CANARY.encode() not in said


async def test_no_event_and_no_file_has_it(control: DaemonControl, house: House) -> None:
    told = control.events(None)
    await control.login("home", Login(secret=SECRET))
    event = await anext(told)
    assert CANARY not in repr(event)
    assert [file for file in house.folder.rglob("*") if file.is_file() and CANARY.encode() in file.read_bytes()] == []


async def test_no_error_has_it(control: DaemonControl, house: House) -> None:
    house.credentials.state = Access.LOCKED
    with pytest.raises(Misconfigured) as refused:
        await control.login("home", Login(secret=SECRET))
    assert CANARY not in f"{refused.value!r} {refused.value.message} {refused.value.hint}"
    assert CANARY not in repr(Login(secret=SECRET))


async def test_a_login_where_a_key_was_laid_down_says_that_it_is_not_used(control: DaemonControl, house: House) -> None:
    house.credentials.origins["home"] = "the credential logferry.home"
    done = await control.login("home", Login(secret=SECRET))
    assert "the credential logferry.home" in done.note
    assert (await control.login("home", Login(secret=SECRET))).ok


async def test_a_login_without_one_has_nothing_to_add(control: DaemonControl) -> None:
    assert (await control.login("home", Login(secret=SECRET))).note == ""


async def test_a_logout_where_a_key_was_laid_down_forgets_its_own_and_says_where_the_other_comes_from(
    control: DaemonControl, house: House
) -> None:
    house.credentials.origins["home"] = "the credential logferry.home"
    with pytest.raises(Refused) as refused:
        await control.logout("home")
    assert refused.value.code == "secret-injected"
    assert "the credential logferry.home" in refused.value.message
    assert await house.credentials.secret("home") is None


async def test_a_key_in_a_file_is_in_every_status(control: DaemonControl, house: House) -> None:
    house.credentials.noted = [KeyNote(code="key-in-file", message="It lies in a file.", hint="Log in.")]
    for _ in range(2):
        assert "key-in-file" in {one.code for one in (await control.status()).attention}
