"""What an owner agreed to holds for exactly that, and lasts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from logferry_daemon.core.destination import Destination
from tests.contracts.spooling import HOME
from tests.daemon.shell.gatehouse import House, agreed
from tests.daemon.shell.office import DESTINATION


@pytest.fixture
async def house() -> House:
    return await agreed()


async def test_consent_survives_a_restart(house: House) -> None:
    await house.restart()
    assert (await house.gates.gate(DESTINATION)).open


@pytest.mark.parametrize(
    "changed",
    [
        replace(DESTINATION, url="https://elsewhere.example"),
        replace(DESTINATION, url="https://collector.example:8443"),
        replace(DESTINATION, dialect="artemis-rest"),
        replace(DESTINATION, name="other"),
    ],
    ids=["address", "port", "dialect", "name"],
)
async def test_consent_is_for_exactly_this_destination(house: House, changed: Destination) -> None:
    assert await house.reason(changed) == "no consent"
    assert await house.reason() == ""


async def test_consent_that_is_taken_back_is_gone_also_after_a_restart(house: House) -> None:
    await house.gates.consents.withdrawn(HOME)
    assert await house.reason() == "no consent"
    await house.restart()
    assert await house.reason() == "no consent"
