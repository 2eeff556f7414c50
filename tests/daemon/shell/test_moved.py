"""A destination that answers with a redirect, or is not there: all is held, said why and how it goes on, tried again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from logferry_daemon.core.exchange import Response
from logferry_ipc.messages import Login, PauseRequest, RetryRequest, Status
from tests.daemon.shell.house import URL, House
from tests.daemon.shell.office import problem, stored

MINUTE = timedelta(minutes=1)
ELSEWHERE = "https://other.example"


def redirect(to: str = f"{ELSEWHERE}/api/s3cret?token=1") -> Response:
    return Response(status=308, headers={"location": to}, body=b"")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """One whose destination has moved."""
    made = House(tmp_path)
    made.sender.script = [redirect(), stored]
    async with made.open():
        await made.set_up()
        await made.hunt()
        await made.pass_time(MINUTE)
        yield made


async def told(house: House) -> Status:
    return await house.control.status()


async def test_the_status_says_why_it_is_held_and_how_it_goes_on(house: House) -> None:
    status = await told(house)
    assert (status.destinations[0].state, status.counts.held, status.counts.failed) == ("held", 1, 0)
    (said,) = [one for one in status.attention if one.code == "destination-held"]
    assert "redirect to https://other.example (308)" in said.message
    assert "1 upload waits until you change that" in said.message
    assert "[destinations.home]" in said.hint
    assert "logferry retry --all" in said.hint


async def test_nothing_that_stands_behind_the_host_is_repeated(house: House) -> None:
    assert "token" not in str(await told(house)).replace("[destinations", "")
    assert "/api/" not in str(await told(house))


async def test_doctor_says_the_same(house: House) -> None:
    (found,) = [one for one in (await house.control.doctor()).checks if one.name == "destination home"]
    assert (found.level, "redirect to https://other.example" in found.message) == ("problem", True)
    assert "logferry retry --all" in found.hint


async def test_nothing_more_is_sent_meanwhile(house: House) -> None:
    await house.hunt(2)
    await house.pass_time(timedelta(days=1))
    assert len(house.sender.sent) == 1


@pytest.mark.parametrize("ask", ["retry", "resume"])
async def test_its_owner_has_it_tried_again(house: House, ask: str) -> None:
    await (house.control.retry(RetryRequest()) if ask == "retry" else house.control.resume())
    await house.pass_time(MINUTE)
    assert ((await told(house)).counts.uploaded, (await told(house)).destinations[0].state) == (1, "ready")


async def test_a_pause_that_ends_by_itself_tries_nothing_that_a_person_was_to_mend(house: House) -> None:
    await house.control.pause(PauseRequest(seconds=60))
    await house.pass_time(5 * MINUTE)
    assert ((await told(house)).paused, len(house.sender.sent)) == (False, 1)


async def test_resume_leaves_what_a_destination_asked_for_with_a_time(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.sender.script = [problem(429, retry_after="600"), stored]
    async with house.open():
        await house.set_up()
        await house.hunt()
        await house.pass_time(MINUTE)
        await house.control.resume()
        await house.pass_time(MINUTE)
        assert len(house.sender.sent) == 1


async def test_a_new_address_in_the_settings_is_tried_after_the_start_that_reads_it(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.sender.script = [redirect(), stored]
    async with house.open():
        await house.set_up()
        await house.hunt()
        await house.pass_time(MINUTE)
    house.settings_file.write_text(house.settings_file.read_text().replace(URL, ELSEWHERE))
    async with house.open():
        await house.control.login("home", Login(secret="s3cret"))
        await house.agree()
        await house.decide("*")
        await house.hunt(2)
        await house.pass_time(MINUTE)
        assert (await told(house)).destinations[0].state == "ready"
        assert house.sender.sent[-1].url == ELSEWHERE


@pytest.mark.parametrize(
    "to",
    ["", "/elsewhere", "javascript:alert(1)", "https://[", "https://\x1b[2J", "https://xn--\u202e.example", "//a.b"],
)
async def test_what_is_no_plain_address_is_not_shown(tmp_path: Path, to: str) -> None:
    house = House(tmp_path)
    house.sender.script = [redirect(to)]
    async with house.open():
        await house.set_up()
        await house.hunt()
        await house.pass_time(MINUTE)
        assert "answers with a redirect (308), which" in (await told(house)).destinations[0].reason
