"""A destination for some trackers: others' sessions are excluded there by its owner's rule, and one word undoes it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from logferry_ipc.messages import Delivery, DeliveryState, Login, NewDestination, NewSource, NewTrackers, Status
from logferry_model.errors import Misconfigured
from tests.daemon.shell.house import URL, House
from tests.daemon.shell.stage import hunt
from tests.factories_swg import swg_log

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path)
    async with made.open():
        yield made


async def settle(house: House, *trackers: str, name: str = "home", dialect: str = "logferry") -> None:
    """A destination for these trackers that may be sent to, and a session of two trackers."""
    new = NewDestination(name=name, dialect=dialect, url=URL, trackers=trackers)
    await house.control.add_destination(new)
    await house.control.login(name, Login(secret="s3cret"))
    await house.agree(name)
    await house.decide("*", to=name)


async def play(house: House, *, quiet: bool = True) -> None:
    for tracker, file, document in (
        ("artemis", "session-1.json", hunt(1)),
        ("swg-bot", "session_2.json", json.dumps(swg_log(1)).encode()),
    ):
        folder = house.user_home / tracker
        folder.mkdir(exist_ok=True)
        if tracker not in house.fleet.runners:
            await house.control.add_source(NewSource(tracker=tracker, path=str(folder)))
        house.files.write(file, document, mtime=LONG_AGO)
    await house.fleet.rescan()
    if quiet:
        await house.quiet()


async def delivered(house: House, to: str = "home") -> dict[str, Delivery]:
    """Tracker -> its delivery."""
    found = (await house.control.sessions()).sessions
    return {one.tracker: each for one in found for each in one.deliveries if each.destination == to}


def closes(now: Status) -> bool:
    """Whether everything that was found is in one state."""
    counts = now.counts
    states = counts.pending + counts.uploading + counts.uploaded + counts.failed + counts.held + counts.excluded
    return counts.found == states


async def test_others_are_excluded_by_the_owners_rule_and_not_parked(house: House) -> None:
    await settle(house, "artemis")
    await play(house)
    became = await delivered(house)
    assert became["artemis"].state is DeliveryState.UPLOADED
    assert became["swg-bot"].state is DeliveryState.EXCLUDED
    assert became["swg-bot"].reason == "not for this destination: you chose other trackers for it"
    now = await house.control.status()
    assert (now.counts.excluded, now.counts.failed) == (1, 0)
    assert closes(now)
    assert now.destinations[0].trackers == ("artemis",)
    assert len(house.sender.sent) == 1


async def test_the_ledger_tells_the_rule(house: House) -> None:
    await settle(house, "artemis")
    await play(house)
    lines = {line.rule: line for line in (await house.control.ledger("", "")).lines}
    assert lines["other-tracker"].count == 1
    assert lines["other-tracker"].state is DeliveryState.EXCLUDED


async def test_another_choice_judges_anew_what_was_not_sent(house: House) -> None:
    await settle(house, "artemis")
    await play(house)
    told = await house.control.change_trackers("home", NewTrackers(trackers=()))
    await house.quiet()
    assert told.destinations[0].trackers == ()
    assert {one.state for one in (await delivered(house)).values()} == {DeliveryState.UPLOADED}
    await house.control.change_trackers("home", NewTrackers(trackers=("putt",)))
    await house.quiet()
    # What is there is there.
    assert {one.state for one in (await delivered(house)).values()} == {DeliveryState.UPLOADED}
    assert 'trackers = ["putt"]' in house.settings_file.read_text()


async def test_consent_stays_whatever_is_chosen(house: House) -> None:
    await settle(house)
    await house.control.change_trackers("home", NewTrackers(trackers=("putt",)))
    assert (await house.control.consent("home")).granted


async def test_what_is_on_its_way_is_broken_off_when_it_is_left_out(house: House) -> None:
    await settle(house)
    house.sender.free.clear()
    await play(house, quiet=False)
    async with asyncio.timeout(30):
        while not house.sender.sent:  # its letter is written on another thread
            await asyncio.sleep(0)
    (gone,) = [tracker for tracker, one in (await delivered(house)).items() if one.state is DeliveryState.UPLOADING]
    (other,) = {"artemis", "swg-bot"} - {gone}
    await house.control.change_trackers("home", NewTrackers(trackers=(other,)))
    assert house.sender.broken_off == 1
    assert (await delivered(house))[gone].state is DeliveryState.EXCLUDED
    house.sender.free.set()
    await house.quiet()
    became = await delivered(house)
    assert (became[gone].state, became[other].state) == (DeliveryState.EXCLUDED, DeliveryState.UPLOADED)


async def test_what_failed_for_its_tracker_is_no_failure_once_it_is_left_out(house: House) -> None:
    await settle(house, dialect="resonance")
    await play(house)
    assert {one.state for one in (await delivered(house)).values()} == {DeliveryState.FAILED}
    await house.control.change_trackers("home", NewTrackers(trackers=("resonance",)))
    now = await house.control.status()
    assert (now.counts.failed, now.counts.excluded) == (0, 2)
    assert "delivery-failed" not in {one.code for one in now.attention}
    assert closes(now)


async def test_a_choice_in_the_file_counts_from_the_start(tmp_path: Path) -> None:
    house = House(tmp_path)
    async with house.open():
        await settle(house)
    text = house.settings_file.read_text()
    house.settings_file.write_text(text.replace("[destinations.home]", '[destinations.home]\ntrackers = ["artemis"]'))
    async with house.open():
        await play(house)
        assert (await delivered(house))["swg-bot"].state is DeliveryState.EXCLUDED


async def test_a_tracker_that_is_none_is_refused_and_the_known_ones_are_named(house: House) -> None:
    with pytest.raises(Misconfigured, match='There is no tracker "golf"') as caught:
        await house.control.add_destination(NewDestination(name="x", dialect="logferry", url=URL, trackers=("golf",)))
    assert "putt" in caught.value.hint
    await house.add_destination()
    with pytest.raises(Misconfigured):
        await house.control.change_trackers("home", NewTrackers(trackers=("golf",)))
    assert "trackers" not in house.settings_file.read_text()


async def test_dialects_with_fields_for_some_trackers_say_so(house: House) -> None:
    takes = (await house.control.destinations()).takes
    assert takes == {
        "artemis": ("artemis", "entropia-chat"),
        "putt": ("putt",),
        "resonance": ("resonance",),
        "swgdb": ("swg-bot",),
    }


async def test_hosts_for_uploads_are_kept_with_the_destination_and_are_in_what_is_agreed_to(house: House) -> None:
    new = NewDestination(name="store", dialect="s3", url=URL, upload_hosts=("a.example", "b.example"))
    told = await house.control.add_destination(new)
    assert told.destinations[0].upload_hosts == ("a.example", "b.example")
    assert "a.example or b.example" in (await house.control.consent("store")).policy


@pytest.mark.parametrize(
    ("dialect", "host", "word"),
    [
        ("s3", "https://a.example", "it is no host name"),
        ("s3", "169.254.169.254", "only has a meaning on one cable"),
        ("logferry", "a.example", "uploads to other hosts"),
    ],
)
async def test_a_host_that_is_none_is_refused_before_anything_is_written(
    house: House, dialect: str, host: str, word: str
) -> None:
    new = NewDestination(name="store", dialect=dialect, url=URL, upload_hosts=(host,))
    with pytest.raises(Misconfigured, match=word):
        await house.control.add_destination(new)
    assert not house.settings_file.exists()
