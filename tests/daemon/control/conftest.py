"""A small daemon over fakes, and its answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from logferry_daemon.control.answers import DaemonControl
from tests.daemon.shell.house import House


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path)
    async with made.open():
        yield made


@pytest.fixture
def control(house: House) -> DaemonControl:
    return house.control
