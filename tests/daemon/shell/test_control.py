"""The answers of the local API: a small daemon over fakes, and every question there is."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from logferry_daemon.control.answers import DaemonControl
from logferry_daemon.ports import KeyNote
from logferry_daemon.settings import SourceSettings
from logferry_ipc.control import Control
from logferry_ipc.messages import (
    ConsentGrant,
    DaemonState,
    DeliveryState,
    EventKind,
    Login,
    NewDestination,
    NewSource,
    PauseRequest,
    RetryRequest,
)
from logferry_model.errors import LogferryError, Misconfigured, Refused
from tests.daemon.shell.house import URL, House
from tests.daemon.shell.office import problem, stored

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path)
    async with made.open():
        yield made


@pytest.fixture
def control(house: House) -> DaemonControl:
    return house.control


async def error_of(call: object) -> LogferryError:
    assert inspect.isawaitable(call)
    with pytest.raises(LogferryError) as caught:
        await call
    return caught.value


def test_it_is_what_the_local_api_asks_for(control: DaemonControl) -> None:
    def asked(control: Control) -> None:
        """The type is the test."""

    asked(control)
    offered = {name for name, _ in inspect.getmembers(DaemonControl, inspect.isfunction) if not name.startswith("_")}
    wanted = {name for name, _ in inspect.getmembers(Control, inspect.isfunction) if not name.startswith("_")}
    assert offered == wanted


# Status and sessions


async def test_a_fresh_daemon_is_idle_and_empty(control: DaemonControl) -> None:
    status = await control.status()
    assert (status.state, status.version, status.counts.found, status.paused) == (DaemonState.IDLE, "1.2.3", 0, False)
    assert (await control.sessions()).sessions == ()


async def test_a_session_goes_all_the_way_and_is_told_of(house: House, control: DaemonControl) -> None:
    await house.set_up()
    await house.hunt(1, 2)
    status = await control.status()
    assert (status.counts.found, status.counts.uploaded, status.metrics.uploaded) == (2, 2, 2)
    assert status.last_report_url is not None
    listed = (await control.sessions()).sessions
    assert [one.deliveries[0].state for one in listed] == [DeliveryState.UPLOADED] * 2
    assert listed[0].started_at > listed[1].started_at
    assert (await control.sources()).sources[0].sessions == 2


async def test_a_session_is_shown_by_the_beginning_of_its_id(house: House, control: DaemonControl) -> None:
    await house.add_source()
    await house.hunt()
    (listed,) = (await control.sessions()).sessions
    for name in (listed.id, listed.id[:6]):
        detail = await control.session(name)
        assert detail.session == listed
        assert detail.statistics.events == 5


@pytest.mark.parametrize("name", ["", "zz", "x" * 99, "%"])
async def test_an_unknown_session_is_told_with_a_way_on(control: DaemonControl, name: str) -> None:
    for error in (await error_of(control.session(name)), await error_of(control.upload(name))):
        assert (error.code, error.hint) == ("session-unknown", "See: logferry sessions list")


async def test_an_ambiguous_beginning_is_no_session(house: House, control: DaemonControl) -> None:
    await house.add_source()
    await house.hunt(*range(1, 30))
    first = [one.id[0] for one in (await control.sessions()).sessions]
    twice = next(letter for letter in first if first.count(letter) > 1)
    assert (await error_of(control.session(twice))).code == "session-unknown"


async def test_a_session_without_a_destination_is_held(house: House, control: DaemonControl) -> None:
    await house.add_source()
    await house.hunt()
    status = await control.status()
    assert (status.counts.found, status.counts.held) == (1, 1)


async def test_everything_found_is_accounted_for(house: House, control: DaemonControl) -> None:
    await house.set_up()
    await house.add_destination("away")
    house.sender.script = [problem(422), stored]
    await house.hunt(1, 2, 3)
    counts = (await control.status()).counts
    assert counts.found == 6
    assert (counts.uploaded, counts.failed, counts.held) == (2, 1, 3)


# Uploads


async def test_an_upload_skips_the_wait(house: House, control: DaemonControl) -> None:
    await house.set_up()
    house.sender.script = [problem(503), stored]
    await house.hunt()
    (listed,) = (await control.sessions()).sessions
    assert listed.deliveries[0].state is DeliveryState.PENDING
    assert (await control.upload(listed.id[:5])).changed == 1
    await house.quiet()
    assert (await control.status()).counts.uploaded == 1


async def test_an_upload_of_what_is_held_says_what_holds_it(house: House, control: DaemonControl) -> None:
    await house.add_source()
    await house.add_destination()
    await house.hunt()
    (listed,) = (await control.sessions()).sessions
    changed = await control.upload(listed.id)
    assert (changed.changed, "no consent" in changed.note) == (1, True)
    assert house.sender.sent == []


async def test_upload_all_looks_at_every_source_first(house: House, control: DaemonControl) -> None:
    await house.set_up()
    await house.quiet()
    long_ago = house.clock.now() - timedelta(days=30)
    from tests.daemon.shell.stage import hunt

    house.files.write("session-1.json", hunt(), mtime=long_ago)
    async with asyncio.timeout(60):
        changed = await control.upload_all()
    await house.quiet()
    assert changed.note == ""
    assert (await control.status()).counts.uploaded == 1


@pytest.mark.parametrize("by", ["session", "prefix", "delivery", "all"])
async def test_what_was_refused_is_tried_again_on_demand(house: House, control: DaemonControl, by: str) -> None:
    await house.set_up()
    house.sender.script = [problem(422, title="Too new"), stored]
    await house.hunt()
    status = await control.status()
    assert status.state is DaemonState.ATTENTION
    assert any("Too new" in one.message and one.hint for one in status.attention)
    (listed,) = (await control.sessions()).sessions
    ids = {"session": (listed.id,), "prefix": (listed.id[:4],), "delivery": (listed.deliveries[0].id,), "all": ()}
    assert (await control.retry(RetryRequest(ids=ids[by]))).changed == 1
    await house.quiet()
    assert (await control.status()).counts.uploaded == 1


async def test_a_retry_of_nothing_changes_nothing(house: House, control: DaemonControl) -> None:
    await house.set_up()
    house.sender.script = [problem(422)]
    await house.hunt()
    assert (await control.retry(RetryRequest(ids=("",)))).changed == 0
    assert (await control.retry(RetryRequest(ids=("nope",)))).changed == 0


# Pause


async def test_a_pause_holds_and_tells_until_when(house: House, control: DaemonControl) -> None:
    await house.set_up()
    await control.pause(PauseRequest(seconds=600))
    await house.hunt()
    status = await control.status()
    assert (status.state, status.paused) == (DaemonState.PAUSED, True)
    assert status.paused_until == house.clock.now() + timedelta(seconds=600)
    assert house.sender.sent == []
    await house.pass_time(11 * MINUTE)
    status = await control.status()
    assert (status.paused, status.paused_until, status.counts.uploaded) == (False, None, 1)


async def test_resume_goes_on_at_once(house: House, control: DaemonControl) -> None:
    await house.set_up()
    await control.pause(PauseRequest())
    await house.hunt()
    await control.resume()
    await house.quiet()
    assert (await control.status()).counts.uploaded == 1


@pytest.mark.parametrize("seconds", [0, -1, 31 * 86_400])
async def test_a_pause_of_no_length_or_of_months_is_none(control: DaemonControl, seconds: float) -> None:
    assert (await error_of(control.pause(PauseRequest(seconds=seconds)))).code == "pause-length"
    assert not (await control.status()).paused


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), 1e300])
async def test_a_pause_without_a_number_is_none(control: DaemonControl, seconds: float) -> None:
    assert (await error_of(control.pause(PauseRequest(seconds=seconds)))).code == "pause-length"


# Sources


async def test_a_source_is_added_kept_in_the_settings_and_removed(house: House, control: DaemonControl) -> None:
    added = await control.add_source(NewSource(tracker="artemis", path=str(house.logs)))
    assert [(one.name, one.tracker, one.path) for one in added.sources] == [("artemis", "artemis", str(house.logs))]
    assert "artemis" in added.trackers
    assert "elite-dangerous" in added.trackers
    await house.hunt()
    (told,) = (await control.sources()).sources
    assert (told.state, told.files, told.sessions) == ("watching", 1, 1)
    assert "[sources.artemis]" in house.settings_file.read_text()
    assert (await control.remove_source("artemis")).sources == ()
    assert "artemis" not in house.settings_file.read_text()
    assert len((await control.sessions()).sessions) == 1


async def test_a_source_that_nobody_named_gets_a_free_name(house: House, control: DaemonControl) -> None:
    for _ in range(3):
        await control.add_source(NewSource(tracker="artemis", path=str(house.logs)))
    assert [one.name for one in (await control.sources()).sources] == ["artemis", "artemis-2", "artemis-3"]


async def test_a_folder_need_not_be_there_yet(house: House, control: DaemonControl) -> None:
    house.files.present = False
    await control.add_source(NewSource(tracker="artemis", path=str(house.logs / "later")))
    await house.quiet()
    (told,) = (await control.sources()).sources
    assert "cannot be read" in told.state
    assert any(one.code == "source-missing" for one in (await control.status()).attention)


BAD_SOURCES = {
    "tracker": (NewSource(tracker="nope", path="LOGS"), "tracker-unknown"),
    "name": (NewSource(tracker="artemis", path="LOGS", name="No Good"), "name-unusable"),
    "disk": (NewSource(tracker="artemis", path="/"), "folder-refused"),
    "home": (NewSource(tracker="artemis", path="HOME"), "folder-refused"),
    "relative": (NewSource(tracker="artemis", path="logs"), "folder-refused"),
    "file": (NewSource(tracker="artemis", path="LOGS/file"), "folder-refused"),
    "link": (NewSource(tracker="artemis", path="LOGS/link"), "folder-refused"),
    "loop": (NewSource(tracker="artemis", path="LOGS/loop"), "folder-refused"),
    "zero": (NewSource(tracker="artemis", path="LOGS/\0"), "folder-refused"),
    "nobody": (NewSource(tracker="artemis", path="~nobody-at-all/logs"), "folder-refused"),
    "empty": (NewSource(tracker="artemis", path=""), "folder-refused"),
    "long": (NewSource(tracker="artemis", path="LOGS/" + "x" * 5000), "folder-refused"),
}


@pytest.mark.parametrize("kind", BAD_SOURCES)
async def test_a_source_that_cannot_be_is_refused_and_leaves_no_trace(
    house: House, control: DaemonControl, kind: str
) -> None:
    (house.logs / "file").write_text("")
    (house.logs / "link").symlink_to(house.user_home)
    (house.logs / "loop").symlink_to(house.logs / "loop")
    wanted, code = BAD_SOURCES[kind]
    path = wanted.path.replace("LOGS", str(house.logs)).replace("HOME", str(house.user_home))
    error = await error_of(control.add_source(NewSource(tracker=wanted.tracker, path=path, name=wanted.name)))
    assert (type(error), error.code) == (Misconfigured, code)
    assert error.hint or kind in {"loop", "zero", "nobody", "long"}
    assert (await control.sources()).sources == ()
    assert not house.settings_file.exists()


async def test_a_name_is_given_once(house: House, control: DaemonControl) -> None:
    await house.add_source("mine")
    error = await error_of(control.add_source(NewSource(tracker="artemis", path=str(house.logs), name="mine")))
    assert (type(error), error.code) == (Refused, "name-taken")
    await house.add_destination()
    error = await error_of(control.add_destination(NewDestination(name="home", dialect="logferry", url=URL)))
    assert (type(error), error.code) == (Refused, "name-taken")


async def test_what_is_not_there_cannot_be_removed(control: DaemonControl) -> None:
    assert (await error_of(control.remove_source("nope"))).code == "source-unknown"
    assert (await error_of(control.remove_destination("nope"))).code == "destination-unknown"


# Destinations


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


# Consent and keys


async def test_consent_is_shown_given_and_taken_back(house: House, control: DaemonControl) -> None:
    await house.add_destination()
    shown = await control.consent("home")
    assert (shown.granted, shown.granted_at) == (False, None)
    assert URL in shown.policy
    given = await control.grant("home", ConsentGrant(policy_digest=shown.policy_digest))
    assert (given.granted, given.granted_at) == (True, house.clock.now())
    assert not (await control.revoke("home")).granted


async def test_consent_to_another_text_is_refused(house: House, control: DaemonControl) -> None:
    await house.add_destination()
    error = await error_of(control.grant("home", ConsentGrant(policy_digest="00" * 32)))
    assert (type(error), error.code) == (Refused, "policy-changed")
    assert not (await control.consent("home")).granted


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


@pytest.mark.parametrize("ask", ["consent", "grant", "revoke", "login", "logout"])
async def test_an_unknown_destination_is_told_with_a_way_on(control: DaemonControl, ask: str) -> None:
    more: dict[str, list[object]] = {"grant": [ConsentGrant(policy_digest="")], "login": [Login(secret="s3cret")]}
    error = await error_of(getattr(control, ask)("nope", *more.get(ask, [])))
    assert (error.code, error.hint) == ("destination-unknown", "See: logferry destinations list")


# The rest


async def test_the_doctor_looks_at_everything(house: House, control: DaemonControl) -> None:
    house.credentials.noted = [KeyNote(code="key-in-file", message="It lies in a file.", hint="Log in.")]
    empty = {one.name: one.level for one in (await control.doctor()).checks}
    assert (empty["sources"], empty["destinations"], empty["keys"]) == ("advice", "advice", "advice")
    await house.set_up()
    await house.quiet()
    told = {one.name: (one.level, one.hint) for one in (await control.doctor()).checks}
    assert told["source hunts"][0] == "advice"
    assert told["destination home"] == ("ok", "")
    await house.hunt()
    assert {one.level for one in (await control.doctor()).checks if one.name == "source hunts"} == {"ok"}
    house.logs.rmdir()
    await control.revoke("home")
    told = {one.name: (one.level, one.hint) for one in (await control.doctor()).checks}
    for name in ("source hunts", "destination home"):
        assert told[name][0] == "problem"
        assert told[name][1]


async def test_events_tell_what_happens_in_order(house: House, control: DaemonControl) -> None:
    events = control.events(None)
    await house.set_up()
    await house.hunt()
    told = []
    async with asyncio.timeout(60):
        async for event in events:
            told.append((event.kind, event.delivery.state if event.delivery else None))
            if told[-1][1] is DeliveryState.UPLOADED:
                break
    assert told[0][0] is EventKind.STATE_CHANGED
    found = told.index((EventKind.SESSION_FOUND, None))
    assert told.index((EventKind.DELIVERY_CHANGED, DeliveryState.UPLOADED)) > found


async def test_stop_asks_the_owner_to_end(house: House, control: DaemonControl) -> None:
    assert not house.stop.is_set()
    assert (await control.stop()).ok
    assert house.stop.is_set()


async def test_settings_come_back_after_a_restart(house: House, tmp_path: Path) -> None:
    await house.set_up()
    again = House(tmp_path / "again")
    again.settings_file, again.spool, again.credentials = house.settings_file, house.spool, house.credentials
    async with again.open() as control:
        assert [one.name for one in (await control.sources()).sources] == ["hunts"]
        (told,) = (await control.destinations()).destinations
        assert (told.name, told.consent, told.credential) == ("home", True, "available")


async def test_a_source_that_is_removed_while_everything_is_looked_at_holds_nobody_up(
    house: House, control: DaemonControl
) -> None:
    for name in ("one", "two", "three"):
        await house.add_source(name)
    async with asyncio.timeout(60):
        await asyncio.gather(control.upload_all(), control.remove_source("two"), control.remove_source("three"))
