"""A folder as a destination, by the whole daemon with real parts: no key, no network, and never what is read itself."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from logferry_daemon.compose import open_daemon
from logferry_daemon.control.answers import DaemonControl
from logferry_daemon.core.gate import Access
from logferry_daemon.gates import Gates
from logferry_daemon.home import Home
from logferry_daemon.settings import load_settings
from logferry_ipc.messages import (
    ConsentGrant,
    DeleteRequest,
    IdentityDecision,
    NewDestination,
    NewSource,
    VerifyRequest,
)
from logferry_model.envelope import Envelope
from logferry_model.errors import Misconfigured
from tests.daemon.shell.house import House
from tests.daemon.shell.office import DESTINATION, Office
from tests.daemon.shell.stage import hunt
from tests.fake_spool import MemorySpool
from tests.fakes import ManualClock, MemoryCredentials


@pytest.fixture
def home(tmp_path: Path) -> Home:
    for name in ("logs", "out"):
        (tmp_path / name).mkdir()
    made = Home.below(tmp_path / "home")
    made.config.mkdir(parents=True)
    logs = json.dumps(str(tmp_path / "logs"))
    made.settings_file.write_text(
        f"[ipc]\nport = 0\n[watch]\nsettle = 0.1\nrescan = 0.5\nbackfill = true\n"
        f'[sources.hunts]\ntracker = "artemis"\npath = {logs}\n'
    )
    return made


async def set_up(control: DaemonControl, out: Path) -> None:
    await control.add_destination(NewDestination(name="disk", dialect="folder", url=out.as_uri()))
    shown = await control.consent("disk")
    assert "This is a folder" in shown.policy
    await control.grant("disk", ConsentGrant(policy_digest=shown.policy_digest))
    await control.decide_identity(IdentityDecision(destination="disk", tracker="*", identity="*", allowed=True))


async def until_there(out: Path, count: int) -> list[Path]:
    async with asyncio.timeout(60):
        while len(found := sorted(out.iterdir())) != count:
            await asyncio.sleep(0.05)
    return found


async def test_a_session_lands_in_the_folder_without_any_key_is_proved_there_and_goes_again_when_deleted(
    home: Home, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    (tmp_path / "logs" / "session-1.json").write_bytes(hunt())
    async with open_daemon(home, load_settings(home.settings_file), asyncio.Event()) as control:
        await set_up(control, out)
        (file,) = await until_there(out, 1)
        envelope = msgspec.json.decode(file.read_bytes(), type=Envelope)
        assert file.name.startswith("artemis-")
        assert envelope.tracker == "artemis"
        (info,) = (await control.destinations()).destinations
        assert (info.credential, info.consent) == ("available", True)
        async with asyncio.timeout(60):
            while (await control.status()).counts.uploaded != 1:
                await asyncio.sleep(0.05)
        (receipt,) = (await control.receipts("")).receipts
        proof = await control.verify(VerifyRequest(deliveries=(receipt.delivery,)))
        assert [(one.state, one.payload_there) for one in proof.deliveries] == [("verified", receipt.payload_digest)]
        (session,) = (await control.sessions()).sessions
        await control.delete(session.id, DeleteRequest(remote=True))
        await until_there(out, 0)


async def test_a_folder_destination_is_there_again_after_a_restart(home: Home, tmp_path: Path) -> None:
    async with open_daemon(home, load_settings(home.settings_file), asyncio.Event()) as control:
        await set_up(control, tmp_path / "out")
    (tmp_path / "logs" / "session-1.json").write_bytes(hunt())
    async with open_daemon(home, load_settings(home.settings_file), asyncio.Event()):
        await until_there(tmp_path / "out", 1)


async def test_what_is_read_is_never_written_into(tmp_path: Path) -> None:
    house = House(tmp_path)
    async with house.open() as control:
        await house.add_source()
        for folder in (house.logs, house.logs / "out", house.logs.parent):
            wanted = NewDestination(name="disk", dialect="folder", url=folder.as_uri())
            with pytest.raises(Misconfigured, match="in each other"):
                await control.add_destination(wanted)
        out = tmp_path / "out"
        await control.add_destination(NewDestination(name="disk", dialect="folder", url=out.as_uri()))
        with pytest.raises(Misconfigured, match="in each other"):
            await control.add_source(NewSource(tracker="putt", path=str(out / "rounds"), name="rounds"))
        assert [one.name for one in (await control.sources()).sources] == ["hunts"]
        settings = house.settings_file.read_text()
    assert "rounds" not in settings
    assert settings.count("[destinations.") == 1


async def test_no_keyring_is_asked_for_a_folder() -> None:
    credentials = MemoryCredentials()
    gates = Gates(ManualClock(), MemorySpool(), credentials, lambda: None)
    folder = replace(DESTINATION, dialect="folder", url="file:///home/mila/out")
    assert await gates.keys.access(folder) is Access.AVAILABLE
    assert await gates.keys.access(DESTINATION) is Access.ABSENT


async def test_without_a_key_nothing_else_is_sent() -> None:
    office = Office()
    office.credentials = MemoryCredentials()
    office.open_again()
    await office.find("aa")
    await office.agree()
    await office.work()
    assert office.sender.sent == []
