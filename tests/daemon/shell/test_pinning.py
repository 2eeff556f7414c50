"""Pinned destinations: found, looked at, pinned, and what another key or another pin means for consent and key."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from logferry_daemon.control.answers import DaemonControl
from logferry_daemon.core.discovery import Candidate
from logferry_daemon.core.pins import wrong_key
from logferry_daemon.settings import load_settings
from logferry_ipc.messages import DaemonState, DiscoverRequest, FingerprintRequest, Login, NewDestination, NewPin
from logferry_model.errors import Misconfigured, Unreachable
from logferry_model.fingerprint import fingerprint_of
from tests.daemon.shell.house import House, error_of
from tests.daemon.shell.office import stored
from tests.fakes import FakeDiscovery

LAN = "https://192.168.1.20:8765"
OLD, NEW = fingerprint_of(b"old"), fingerprint_of(b"new")
PINNED = NewDestination(name="home", dialect="logferry", url=LAN, pin=str(OLD))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path)
    made.discovery = FakeDiscovery(
        Candidate(name="Games", url=LAN, fingerprint=OLD), Candidate(name="Other", url=f"{LAN}0", fingerprint=None)
    )
    made.fingerprints.keys[LAN] = OLD
    async with made.open():
        yield made


@pytest.fixture
def control(house: House) -> DaemonControl:
    return house.control


async def set_up(house: House) -> None:
    """A pinned destination that was sent one session."""
    await house.add_source()
    await house.control.add_destination(PINNED)
    await house.control.login("home", Login(secret="s3cret"))
    await house.agree()
    await house.hunt(1)


async def test_who_answers_is_told_and_nothing_is_set(house: House, control: DaemonControl) -> None:
    found = (await control.discover(DiscoverRequest(seconds=5))).candidates
    assert [(one.name, one.url, one.fingerprint) for one in found] == [
        ("Games", LAN, str(OLD)),
        ("Other", f"{LAN}0", ""),
    ]
    assert house.discovery.browsed == [timedelta(seconds=5)]
    assert (await control.destinations()).destinations == ()
    assert house.sender.sent == []


@pytest.mark.parametrize("seconds", [0, -1, 26, float("nan"), float("inf")])
async def test_a_search_has_a_length(house: House, control: DaemonControl, seconds: float) -> None:
    assert (await error_of(control.discover(DiscoverRequest(seconds=seconds)))).code == "search-length"
    assert house.discovery.browsed == []


async def test_a_key_is_looked_at(house: House, control: DaemonControl) -> None:
    assert (await control.fingerprint(FingerprintRequest(url=LAN))).fingerprint == str(OLD)
    assert isinstance(await error_of(control.fingerprint(FingerprintRequest(url="https://192.168.1.21"))), Unreachable)


@pytest.mark.parametrize(
    "url", ["http://192.168.1.20:8765", "http://127.0.0.1:8765", "https://me:pw@192.168.1.20", "x"]
)
async def test_only_https_shows_a_key(house: House, control: DaemonControl, url: str) -> None:
    error = await error_of(control.fingerprint(FingerprintRequest(url=url)))
    assert (type(error), error.code) == (Misconfigured, "url-refused")
    assert house.fingerprints.looked == []


async def test_a_pin_is_set_shown_and_goes_with_every_request(house: House, control: DaemonControl) -> None:
    await set_up(house)
    (told,) = (await control.destinations()).destinations
    assert told.pin == str(OLD)
    assert f'pin = "{OLD.setting}"' in house.settings_file.read_text()
    assert f"{LAN}, pinned to {OLD}," in (await control.consent("home")).policy
    assert [sent.pin for sent in house.sender.sent] == [OLD]
    (check,) = [one for one in (await control.doctor()).checks if one.name == "destination home"]
    assert (check.level, str(OLD) in check.message) == ("ok", True)


@pytest.mark.parametrize(
    ("url", "pin"),
    [(LAN, "abcd"), ("http://127.0.0.1:8765", str(OLD)), (LAN, f"{OLD}0")],
    ids=["half", "without encryption", "too long"],
)
async def test_what_is_no_pin_is_refused_and_leaves_no_trace(
    house: House, control: DaemonControl, url: str, pin: str
) -> None:
    wanted = NewDestination(name="home", dialect="logferry", url=url, pin=pin)
    error = await error_of(control.add_destination(wanted))
    assert (type(error), error.code) == (Misconfigured, "pin-unusable")
    assert not house.settings_file.exists()


async def test_a_lan_collector_without_encryption_is_refused_with_or_without_pin(control: DaemonControl) -> None:
    for pin in ("", str(OLD)):
        wanted = NewDestination(name="home", dialect="logferry", url="http://192.168.1.20:8765", pin=pin)
        assert (await error_of(control.add_destination(wanted))).code == "url-refused"


async def test_another_key_stops_all_until_somebody_acts_and_both_are_in_the_status(
    house: House, control: DaemonControl
) -> None:
    await set_up(house)
    house.sender.script = [wrong_key(OLD, NEW)]
    await house.hunt(2, 3)
    asked = len(house.sender.sent)
    await house.pass_time(timedelta(hours=48))
    assert len(house.sender.sent) == asked, "no time opens it again"
    status = await control.status()
    assert (status.state, status.counts.held) == (DaemonState.ATTENTION, 2)
    (trouble,) = [one for one in status.attention if one.code != "backlog"]
    assert str(OLD) in trouble.message
    assert str(NEW) in trouble.message
    assert "logferry destinations pin home --accept FINGERPRINT" in trouble.hint
    (check,) = [one for one in (await control.doctor()).checks if one.name == "destination home"]
    assert (check.level, str(NEW) in check.message) == ("problem", True)


async def test_an_accepted_key_voids_the_consent_and_goes_on_after_the_next(
    house: House, control: DaemonControl
) -> None:
    await set_up(house)
    house.sender.script = [wrong_key(OLD, NEW)]
    await house.hunt(2)
    house.sender.script = [stored]
    asked = len(house.sender.sent)
    await control.pin_destination("home", NewPin(pin=str(NEW)))
    await house.pass_time(timedelta(hours=1))
    assert len(house.sender.sent) == asked, "nothing goes before consent"
    (told,) = (await control.destinations()).destinations
    assert (told.pin, told.consent, told.credential) == (str(NEW), False, "available")
    assert str(NEW) in (await control.consent("home")).policy
    await house.agree()
    await house.pass_time(timedelta(minutes=1))
    assert (await control.status()).counts.uploaded == 2
    assert [sent.pin for sent in house.sender.sent[asked:]] == [NEW]


async def test_an_accepted_key_stays_and_the_rest_of_the_table_too(house: House, control: DaemonControl) -> None:
    await set_up(house)
    text = house.settings_file.read_text().replace("[destinations.home]", "[destinations.home]\n# the box downstairs")
    house.settings_file.write_text(text)
    await control.pin_destination("home", NewPin(pin=NEW.digits))
    text = house.settings_file.read_text()
    assert "# the box downstairs" in text
    assert f'url = "{LAN}"' in text
    assert load_settings(house.settings_file).destinations["home"].fingerprint == NEW


async def test_a_pin_is_for_what_is_there_and_must_be_one(house: House, control: DaemonControl) -> None:
    assert (await error_of(control.pin_destination("nope", NewPin(pin=str(NEW))))).code == "destination-unknown"
    await set_up(house)
    assert (await error_of(control.pin_destination("home", NewPin(pin="x")))).code == "pin-unusable"
    house.settings_file.write_text("")
    error = await error_of(control.pin_destination("home", NewPin(pin=str(NEW))))
    assert error.code == "not-in-file"
    assert (await control.destinations()).destinations[0].pin == str(OLD)
