"""Whether a key is good is asked where its owner agreed, takes no time to speak of, and is never guessed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from logferry_daemon.checks.check import Check
from logferry_daemon.checks.validity import ValidityCheck
from logferry_daemon.core.exchange import Response
from logferry_daemon.core.gate import Access
from logferry_daemon.core.validity import Invalid, Unclear, Valid
from logferry_daemon.key_trial import KeyTrial
from logferry_ipc.messages import Login, NewDestination
from logferry_model.errors import Misconfigured, Unreachable
from tests.daemon.shell.house import URL, House
from tests.daemon.shell.office import answer
from tests.fakes import Answer, Sent

VALID = answer(200, json.dumps({"valid": True, "account": "mila"}).encode())


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path)
    made.sender.script = [VALID]
    async with made.open():
        yield made


async def settled(
    house: House, *, dialect: str = "logferry", secret: str = "s3cret-key", agree: bool = True
) -> KeyTrial:
    await house.control.add_destination(NewDestination(name="home", dialect=dialect, url=URL))
    await house.control.login("home", Login(secret=secret))
    if agree:
        await house.agree()
    return KeyTrial(house.fleet)


async def test_it_is_asked_with_the_key_and_nothing_else(house: House) -> None:
    trial = await settled(house)
    assert await trial.of("home") == Valid(account="mila")
    (sent,) = house.sender.sent
    assert (sent.request.method, sent.request.path, sent.request.body) == ("GET", "/auth/validate", b"")
    assert sent.secret == {"Authorization": "Bearer s3cret-key"}


async def test_nothing_goes_there_before_its_owner_agreed(house: House) -> None:
    trial = await settled(house, agree=False)
    said = await trial.of("home")
    assert isinstance(said, Unclear)
    assert "before you agree" in said.reason
    assert house.sender.sent == []
    assert not trial.can_be_asked("home")


def boom(_: Sent) -> Response:
    raise Unreachable("refused", "nobody answers there")


@pytest.mark.parametrize("trouble", [boom, answer(503), answer(200, b"<html>")], ids=["away", "trouble", "portal"])
async def test_what_cannot_be_asked_is_unclear(house: House, trouble: Answer) -> None:
    trial = await settled(house)
    house.sender.script = [trouble]
    assert isinstance(await trial.of("home"), Unclear)


async def test_whoever_does_not_answer_is_not_waited_for(house: House) -> None:
    await settled(house)
    house.sender.free.clear()
    said = await KeyTrial(house.fleet, timedelta(milliseconds=50)).of("home")
    assert isinstance(said, Unclear)
    assert "no answer within" in said.reason
    assert house.sender.broken_off == 1


async def test_a_key_that_a_server_repeats_is_not_shown(house: House) -> None:
    trial = await settled(house)
    house.sender.script = [answer(401, json.dumps({"error": "s3cret-key is revoked"}).encode())]
    assert await trial.of("home") == Invalid(reason="*** is revoked")


async def test_a_key_of_the_wrong_form_is_known_without_asking(house: House) -> None:
    said = await (await settled(house, dialect="swgdb", secret="only-a-key")).of("home")
    assert isinstance(said, Invalid)
    assert "USER-HASH:API-KEY" in said.reason
    assert house.sender.sent == []


async def test_a_locked_keyring_is_no_word_on_the_key(house: House) -> None:
    trial = await settled(house)
    house.credentials.state = Access.LOCKED
    house.fleet.gates.forgive("home")
    assert isinstance(await trial.of("home"), Unclear)
    assert house.sender.sent == []


async def test_a_key_that_was_laid_down_for_another_address_is_not_tried_here(house: House) -> None:
    trial = await settled(house)
    house.credentials.origins["home"] = "a file"
    await house.spool.set_note("laid-for:home", "elsewhere")
    house.fleet.gates.forgive("home")
    assert isinstance(await trial.of("home"), Unclear)
    assert house.sender.sent == []


async def test_a_contract_without_the_question_says_so(house: House) -> None:
    trial = await settled(house, dialect="putt")
    said = await trial.of("home")
    assert isinstance(said, Unclear)
    assert said.reason.startswith("putt has no way")
    assert house.sender.sent == []


async def test_a_test_tells_the_state_and_the_key(house: House) -> None:
    await settled(house)
    told = await house.control.test_destination("home")
    assert (told.state, told.key, told.account, told.key_reason) == ("ready", "valid", "mila", "")
    house.sender.script = [answer(401, json.dumps({"detail": "It is revoked"}).encode())]
    told = await house.control.test_destination("home")
    assert (told.key, told.key_reason) == ("invalid", "It is revoked")
    with pytest.raises(Misconfigured, match="There is no destination"):
        await house.control.test_destination("nowhere")


@pytest.mark.parametrize(
    ("says", "level", "word"),
    [
        (lambda: VALID, "ok", "as mila"),
        (lambda: answer(401, b'{"detail": "It is revoked"}'), "problem", "It is revoked"),
        (lambda: answer(503), "advice", "could not be checked"),
    ],
)
async def test_doctor_asks_too(house: House, says: Callable[[], Response], level: str, word: str) -> None:
    trial = await settled(house)
    house.sender.script = [says()]
    found: list[Check] = [one async for one in ValidityCheck(house.fleet, trial).run()]
    assert [(one.name, one.level) for one in found] == [("key of home", level)]
    assert word in found[0].message
    assert bool(found[0].hint) == (level == "problem")


async def test_doctor_asks_nobody_before_consent(house: House) -> None:
    trial = await settled(house, agree=False)
    assert [one async for one in ValidityCheck(house.fleet, trial).run()] == []
    assert house.sender.sent == []
