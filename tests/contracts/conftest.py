"""Every test of the spool runs over the real one and over its fake."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from logferry_daemon.ports import Spool
from tests.contracts.spooling import Bench, DiskBench, MemoryBench


@pytest.fixture(params=["sqlite", "memory"])
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    """A spool that can be opened again."""
    if request.param == "memory":
        yield MemoryBench()
        return
    async with AsyncExitStack() as stack:
        disk = DiskBench(tmp_path / "spool.db", stack)
        await disk.restart()
        yield disk


@pytest.fixture
def spool(bench: Bench) -> Spool:
    """An open one."""
    return bench.spool
