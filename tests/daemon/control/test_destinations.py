"""Destinations come and go, with all that belongs to them."""

from __future__ import annotations

import pytest

from logferry_daemon.control.answers import DaemonControl
from logferry_daemon.settings import SourceSettings
from logferry_ipc.messages import Login, NewDestination, PauseRequest
from logferry_model.errors import Misconfigured
from tests.daemon.shell.house import URL, House, error_of


async def test_a_destination_is_added_and_shown_without_its_secret(house: House, control: DaemonControl) -> None:
    await house.add_destination()
    await control.login("home", Login(secret="s3cret"))
    shown = await control.destinations()
    (told,) = shown.destinations
    assert (told.name, told.dialect, told.url) == ("home", "logferry", URL)
    assert (told.consent, told.credential) == (False, "available")
    assert "logferry" in shown.dialects
    assert "s3cret" not in repr(shown)
    assert "s3cret" not in house.settings_file.read_text()


async def test_another_address_gets_everything_and_not_the_key_of_the_one_before(
    house: House, control: DaemonControl
) -> None:
    await house.add_source()
    await house.hunt(1, 2)
    await house.add_destination()
    await control.login("home", Login(secret="s3cret"))
    await house.agree()
    await house.quiet()
    await control.remove_destination("home")
    await house.credentials.keep("home", "of-the-old-address", insecure=False)
    await house.spool.set_note("place:home", "the old address")
    await control.add_destination(NewDestination(name="home", dialect="logferry", url="https://other.example"))
    (moved,) = (await control.destinations()).destinations
    assert (moved.credential, moved.consent) == ("absent", False)
    assert (await control.consent("home")).waiting == 2


@pytest.mark.parametrize("path", ["/", "/home/mila", "/etc/games"])
async def test_a_folder_in_the_settings_file_is_checked_as_one_that_is_added(path: str, house: House) -> None:
    with pytest.raises(Misconfigured, match="cannot be a source"):
        await house.fleet.add_source("all", SourceSettings(tracker="artemis", path=path))


async def test_a_new_destination_gets_what_was_found_before(house: House, control: DaemonControl) -> None:
    await house.add_source()
    await house.hunt(1, 2)
    await house.add_destination()
    assert (await control.consent("home")).waiting == 2
    await control.login("home", Login(secret="s3cret"))
    await house.agree()
    await house.quiet()
    assert (await control.status()).counts.uploaded == 2


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (NewDestination(name="home", dialect="nope", url=URL), "dialect-unknown"),
        (NewDestination(name="No Good", dialect="logferry", url=URL), "name-unusable"),
        (NewDestination(name="home", dialect="logferry", url="http://collector.example"), "url-refused"),
        (NewDestination(name="home", dialect="logferry", url="https://me:pw@collector.example"), "url-refused"),
        (NewDestination(name="home", dialect="logferry", url="file:///etc/passwd"), "url-refused"),
        (NewDestination(name="home", dialect="folder", url="file:///etc/cron.d"), "folder-refused"),
        (NewDestination(name="home", dialect="folder", url="file:///home/mila"), "folder-refused"),
        (NewDestination(name="home", dialect="webhook", url="https://discord.com/api/webhooks/1/s3"), "url-refused"),
    ],
    ids=["dialect", "name", "open", "password", "file", "system", "whole home", "key in it"],
)
async def test_a_destination_that_cannot_be_is_refused_and_leaves_no_trace(
    house: House, control: DaemonControl, wanted: NewDestination, code: str
) -> None:
    error = await error_of(control.add_destination(wanted))
    assert (type(error), error.code) == (Misconfigured, code)
    assert (await control.destinations()).destinations == ()
    assert not house.settings_file.exists()


@pytest.mark.parametrize(
    ("dialect", "address"), [("folder", "file:///home/you/sessions"), ("s3", "https://example.org")]
)
async def test_an_address_that_cannot_be_is_answered_with_one_that_could(
    control: DaemonControl, dialect: str, address: str
) -> None:
    error = await error_of(control.add_destination(NewDestination(name="home", dialect=dialect, url="/home/mila/out")))
    assert error.hint == f"Give its address, as {address}"


async def test_a_destination_that_goes_takes_its_consent_its_key_and_what_waits(
    house: House, control: DaemonControl
) -> None:
    await house.set_up()
    await house.hunt()
    await control.pause(PauseRequest())
    await house.hunt(2)
    assert (await control.remove_destination("home")).destinations == ()
    assert await house.credentials.secret("home") is None
    assert (await control.status()).counts.uploaded == 1
    await house.add_destination()
    told = await control.consent("home")
    assert (told.granted, told.waiting) == (False, 1)


async def test_a_keyring_that_refuses_leaves_no_destination_behind(house: House, control: DaemonControl) -> None:
    class Locked(type(house.credentials)):  # type: ignore[misc]  # the fake's own class
        async def forget(self, destination: str) -> None:
            raise Misconfigured("keyring-refused", "The keyring did not delete the key.", hint="Unlock it.")

    house.credentials.__class__ = Locked
    await house.set_up()
    assert (await error_of(control.remove_destination("home"))).code == "keyring-refused"
    assert (await control.destinations()).destinations == ()
    assert "home" not in house.settings_file.read_text()
