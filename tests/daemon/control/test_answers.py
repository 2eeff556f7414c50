"""The answers of the local API: every question there is, and those that no desk has for itself."""

from __future__ import annotations

import asyncio
import inspect
from pathlib import Path

import pytest

from logferry_daemon.control.answers import DaemonControl
from logferry_daemon.ports import KeyNote
from logferry_ipc.control import Control
from logferry_ipc.messages import ConsentGrant, DeliveryState, EventKind, Login
from tests.daemon.shell.house import House, error_of


def test_it_is_what_the_local_api_asks_for(control: DaemonControl) -> None:
    def asked(control: Control) -> None:
        """The type is the test."""

    asked(control)
    offered = {name for name, _ in inspect.getmembers(DaemonControl, inspect.isfunction) if not name.startswith("_")}
    wanted = {name for name, _ in inspect.getmembers(Control, inspect.isfunction) if not name.startswith("_")}
    assert offered == wanted


@pytest.mark.parametrize("ask", ["consent", "grant", "revoke", "login", "logout"])
async def test_an_unknown_destination_is_told_with_a_way_on(control: DaemonControl, ask: str) -> None:
    more: dict[str, list[object]] = {"grant": [ConsentGrant(policy_digest="")], "login": [Login(secret="s3cret")]}
    error = await error_of(getattr(control, ask)("nope", *more.get(ask, [])))
    assert (error.code, error.hint) == ("destination-unknown", "See: logferry destinations list")


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
