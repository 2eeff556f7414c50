"""Nobody holds a connection by saying nothing, or only half of it, and there are not more of them than is good."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

from logferry_collector.compose import open_collector
from logferry_collector.limits import Limits
from logferry_collector.settings import CollectorSettings

HEAD_SECONDS = 1.0
PLACES = 3
ASK = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def open_door(settings: CollectorSettings, head_seconds: float) -> AsyncIterator[tuple[str, int]]:
    """Its address."""
    limits = Limits(head_seconds=head_seconds, connections=PLACES)
    async with open_collector(settings, limits) as running:
        found = urlsplit(running.url)
        assert found.hostname
        assert found.port
        yield found.hostname, found.port


@pytest.fixture
async def address(settings: CollectorSettings) -> AsyncIterator[tuple[str, int]]:
    async with open_door(settings, HEAD_SECONDS) as found:
        yield found


@pytest.fixture
async def patient(settings: CollectorSettings) -> AsyncIterator[tuple[str, int]]:
    async with open_door(settings, 60) as found:
        yield found


async def answer(ends: Ends) -> bytes:
    """The status line, and the rest read away."""
    reader, writer = ends
    writer.write(ASK)
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    await reader.readexactly(length)
    return head.split(b"\r\n")[0]


def test_ten_seconds_and_a_few_hundred_connections_are_the_limits() -> None:
    assert (Limits().head_seconds, Limits().connections) == (10.0, 256)


@pytest.mark.parametrize("said", [b"", b"POST /api/v1/ingest HTTP/1.1\r\nHost: x\r\nX-API-K"], ids=["nothing", "half"])
async def test_a_head_that_does_not_come_is_not_waited_for(address: tuple[str, int], said: bytes) -> None:
    reader, writer = await asyncio.open_connection(*address)
    began = time.monotonic()
    writer.write(said)
    assert await asyncio.wait_for(reader.read(), 60) == b""
    assert time.monotonic() - began >= HEAD_SECONDS * 0.9
    writer.close()


async def test_a_head_that_trickles_is_not_waited_for(address: tuple[str, int]) -> None:
    reader, writer = await asyncio.open_connection(*address)
    writer.write(b"GET /health HTTP/1.1\r\n")
    for number in range(50):
        writer.write(b"X-%d: y\r\n" % number)
        await asyncio.sleep(0.05)
        if reader.at_eof():
            break
    assert number < 49
    writer.close()


async def test_a_second_head_that_stays_half_is_cut_too(address: tuple[str, int]) -> None:
    ends = await asyncio.open_connection(*address)
    assert b"200" in await answer(ends)
    ends[1].write(ASK[:20])
    assert await asyncio.wait_for(ends[0].read(), 60) == b""
    ends[1].close()


async def test_one_connection_too_many_is_turned_away_until_another_has_gone(patient: tuple[str, int]) -> None:
    inside = [await asyncio.open_connection(*patient) for _ in range(PLACES)]
    assert b"200" in await answer(inside[0])
    reader, writer = await asyncio.open_connection(*patient)
    assert (await asyncio.wait_for(reader.read(), 60)).startswith(b"HTTP/1.1 503 ")
    writer.close()
    for _, one in inside:
        one.close()
        await one.wait_closed()
    async with asyncio.timeout(50):
        while not await lets_in(patient):
            await asyncio.sleep(0.05)  # it has to hear that they went


async def lets_in(address: tuple[str, int]) -> bool:
    again = await asyncio.open_connection(*address)
    try:
        return b"200" in await answer(again)
    finally:
        again[1].close()
