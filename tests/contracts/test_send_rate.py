"""What leaves in a second, over real sockets. No test is decided by how fast the machine is: only too fast is wrong."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import web

from logferry_daemon.adapters.send_http import Patience, open_sender
from logferry_daemon.core.exchange import Request
from tests.acceptance.running import tell
from tests.contracts.test_sender import Site, site

KIB = 1024
LIMIT = 256 * KIB
BODY = bytes(range(256)) * 1024
"""256 KiB: a second of it."""
LETTER = Request(method="POST", path="/upload", body=BODY)


@pytest.fixture
async def server() -> AsyncIterator[Site]:
    async def taken(_: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async with site(taken) as server:
        yield server


async def test_so_many_bytes_take_at_least_their_time_and_arrive_as_they_are(
    server: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_sender("logferry/0", limit=LIMIT) as sender:
        began = time.monotonic()
        response = await sender.send(server.url, LETTER, {})
        took = time.monotonic() - began
    tell(capsys, f"{len(BODY)} bytes at {LIMIT} a second: {took:.2f} s")
    assert took >= len(BODY) / LIMIT
    assert response.status == 200
    (heard,) = server.heard
    assert heard.body == BODY
    assert heard.headers["Content-Length"] == str(len(BODY))


async def test_all_requests_share_one_limit(server: Site, capsys: pytest.CaptureFixture[str]) -> None:
    async with open_sender("logferry/0", limit=LIMIT) as sender:
        began = time.monotonic()
        answers = await asyncio.gather(*(sender.send(server.url, LETTER, {}) for _ in range(4)))
        took = time.monotonic() - began
    tell(capsys, f"4 times {len(BODY)} bytes together at {LIMIT} a second: {took:.2f} s")
    assert took >= 4 * len(BODY) / LIMIT
    assert [answer.status for answer in answers] == [200] * 4


async def test_waiting_for_its_turn_is_no_standing_still(server: Site) -> None:
    hurry = Patience(connect=timedelta(seconds=30), answer=timedelta(seconds=2))
    async with open_sender("logferry/0", hurry, limit=16 * KIB) as sender:
        # One piece each, so that the last of them waits for five seconds.
        small = Request(method="POST", path="/upload", body=BODY[: 2 * KIB])
        answers = await asyncio.gather(*(sender.send(server.url, small, {}) for _ in range(40)))
    assert [answer.status for answer in answers] == [200] * 40
