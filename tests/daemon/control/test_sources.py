"""Folders are followed, and followed no more."""

from __future__ import annotations

import asyncio

import pytest

from logferry_daemon.control.answers import DaemonControl
from logferry_ipc.messages import NewDestination, NewSource
from logferry_model.errors import Misconfigured, Refused
from tests.daemon.shell.house import URL, House, error_of


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


async def test_a_source_that_is_removed_while_everything_is_looked_at_holds_nobody_up(
    house: House, control: DaemonControl
) -> None:
    for name in ("one", "two", "three"):
        await house.add_source(name)
    async with asyncio.timeout(60):
        await asyncio.gather(control.upload_all(), control.remove_source("two"), control.remove_source("three"))
