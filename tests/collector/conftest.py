"""Real collectors on free ports and real databases in temporary folders."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from logferry_collector.compose import open_collector
from logferry_collector.keys import create_key
from logferry_collector.settings import CollectorSettings

from .client import Client


@pytest.fixture
def settings(tmp_path: Path) -> CollectorSettings:
    return CollectorSettings(database_url=f"sqlite:///{tmp_path}/collector.sqlite3", port=0)


@pytest.fixture
async def client(settings: CollectorSettings) -> AsyncIterator[Client]:
    """A client with a key, and the collector it talks to."""
    key = create_key(settings, "mila", "test").text
    # Nothing is decoded on the way back: what is compared are bytes.
    async with open_collector(settings) as running, ClientSession(auto_decompress=False) as session:
        yield Client(session, running.url, key)
