"""Keys are kept, and forgotten, and show nowhere."""

from __future__ import annotations

from datetime import timedelta

import pytest

from logferry_daemon.control.answers import DaemonControl
from logferry_ipc.messages import Login, NewDestination
from tests.daemon.shell.house import House, error_of
from tests.daemon.shell.office import problem, stored

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("front", ["", "https://discord.com/api/webhooks/", "https://discordapp.com/api/v10/webhooks/"])
async def test_of_a_pasted_address_the_key_in_it_is_kept(control: DaemonControl, house: House, front: str) -> None:
    new = NewDestination(name="guild", dialect="webhook", url="https://discord.com/api/webhooks")
    await control.add_destination(new)
    await control.login("guild", Login(secret=f"{front}1200000000000000002/s3cretTokenOfTheChannel"))
    assert await house.credentials.secret("guild") == "1200000000000000002/s3cretTokenOfTheChannel"


@pytest.mark.parametrize("secret", ["", "  ", "a\nb", "a\tb", "schlüssel", "\x7f"])
async def test_a_key_that_cannot_stand_in_a_header_is_refused(
    house: House, control: DaemonControl, secret: str
) -> None:
    await house.add_destination()
    assert (await error_of(control.login("home", Login(secret=secret)))).code == "secret-unusable"


async def test_a_key_is_kept_without_the_blanks_around_it_and_forgotten(house: House, control: DaemonControl) -> None:
    await house.add_destination()
    await control.login("home", Login(secret=" s3cret\n"))
    assert await house.credentials.secret("home") == "s3cret"
    await control.logout("home")
    (told,) = (await control.destinations()).destinations
    assert told.credential == "absent"


async def test_a_new_key_lifts_what_the_old_one_stopped(house: House, control: DaemonControl) -> None:
    await house.set_up()
    house.sender.script = [problem(401), stored]
    await house.hunt()
    assert any(one.state == "held" for one in (await control.status()).destinations)
    await control.login("home", Login(secret="fresh"))
    await house.pass_time(MINUTE)
    assert (await control.status()).counts.uploaded == 1
