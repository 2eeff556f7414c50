"""Whom the sender waits for and whom it gives up, over real sockets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from aiohttp import web

from logferry_daemon.adapters.send_http import MAX_ANSWER, Patience, open_sender
from logferry_daemon.core.exchange import Request
from logferry_daemon.ports import Sender
from tests.contracts.test_sender import REQUEST, code_of, site

HURRY = Patience(connect=timedelta(seconds=0.5), answer=timedelta(seconds=0.5))
"""For tests of being given up alone: whoever is to answer may run on a machine that stands still for a moment."""


@pytest.fixture
async def hurried() -> AsyncIterator[Sender]:
    async with open_sender("logferry/0", HURRY) as opened:
        yield opened


async def test_a_name_that_does_not_resolve_is_told_as_such(hurried: Sender) -> None:
    assert await code_of(hurried, "http://collector.invalid") in {"dns", "timeout"}


async def test_an_answer_that_stalls_is_given_up(hurried: Sender) -> None:
    async def stall(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": "100"})
        await answer.prepare(request)
        await answer.write(b"{")
        await asyncio.sleep(30)
        return answer

    async with site(stall) as server:
        assert await code_of(hurried, server.url) == "timeout"


async def test_an_answer_that_drips_is_given_up() -> None:
    async def drip(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(b" ")
            await asyncio.sleep(0.05)

    patience = Patience(connect=timedelta(hours=1), answer=timedelta(seconds=0.3))
    async with site(drip) as server, open_sender("logferry/0", patience) as sender, asyncio.timeout(60):
        assert await code_of(sender, server.url) == "timeout"


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("size", "patience"),
    [
        (2_400, Patience(connect=HOUR, answer=timedelta(seconds=0.75), whole=HOUR)),
        (20_000, Patience(connect=HOUR, answer=timedelta(seconds=10), whole=timedelta(seconds=1))),
    ],
    ids=["too slow", "too long"],
)
async def test_an_answer_that_is_made_to_last_is_given_up(size: int, patience: Patience) -> None:
    """The first one is as slow as one that held a line for half an hour."""
    whole = MAX_ANSWER // size

    async def last(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        for _ in range(whole):
            await answer.write(b" " * (size // 10))
            await asyncio.sleep(0.1)
        return answer

    async with site(last) as server, open_sender("logferry/0", patience) as sender, asyncio.timeout(60):
        assert await code_of(sender, server.url) == "timeout"


async def test_an_answer_that_comes_slowly_and_steadily_is_waited_for_longer_than_nothing_is() -> None:
    patience = Patience(connect=HOUR, answer=timedelta(seconds=4))

    async def trickle(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        for _ in range(45):
            await answer.write(b"x" * 2_000)
            await asyncio.sleep(0.1)
        return answer

    async with site(trickle) as server, open_sender("logferry/0", patience) as sender:
        began = asyncio.get_running_loop().time()
        got = await sender.send(server.url, REQUEST, {})
        assert asyncio.get_running_loop().time() - began > patience.answer.total_seconds()
    assert len(got.body) == 90_000


async def test_somebody_who_takes_the_connection_and_says_nothing_is_given_up(hurried: Sender) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        assert await code_of(hurried, f"http://127.0.0.1:{mute.getsockname()[1]}") == "timeout"


async def test_an_answer_that_takes_its_time_is_waited_for() -> None:
    async def think(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(1)
        return web.Response(body=b"thought")

    patience = Patience(connect=HOUR, answer=timedelta(seconds=30))
    async with site(think) as server, open_sender("logferry/0", patience) as sender:
        assert (await sender.send(server.url, REQUEST, {})).body == b"thought"


LARGE = Request(method="POST", path="/", body=b"x" * 2**23)


@asynccontextmanager
async def reader_of(takes: Callable[[socket.socket], Awaitable[bytes]]) -> AsyncIterator[str]:
    """Somebody whose system takes little ahead of him; what he says at the end is the whole answer."""
    loop, tasks = asyncio.get_running_loop(), set[asyncio.Task[None]]()

    async def serve(connection: socket.socket) -> None:
        with connection:
            await loop.sock_sendall(connection, await takes(connection))

    async def listen() -> None:
        while True:
            connection, _ = await loop.sock_accept(listener)
            connection.setblocking(False)
            tasks.add(asyncio.create_task(serve(connection)))

    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**14)
        # On one computer segments are as long as that buffer, and a window that is no segment wide stays shut for long.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1_400)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.setblocking(False)
        tasks.add(asyncio.create_task(listen()))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("most", [0, 2**20], ids=["from the first byte", "in the middle"])
async def test_somebody_who_stops_reading_a_large_letter_is_given_up(most: int) -> None:
    async def stop(connection: socket.socket) -> bytes:
        left = most
        while left > 0:
            left -= len(await asyncio.get_running_loop().sock_recv(connection, left))
        await asyncio.sleep(60)
        return b""

    async with reader_of(stop) as url, open_sender("logferry/0", HURRY) as sender, asyncio.timeout(50):
        assert await code_of(sender, url, LARGE) == "timeout"


@pytest.mark.parametrize(
    ("size", "step"), [(6 * 2**20, 2**18), (100_000, 4_096)], ids=["as it is written", "from the system's buffer"]
)
async def test_a_letter_is_sent_however_long_it_takes_as_long_as_it_moves(size: int, step: int) -> None:
    patience = Patience(connect=HOUR, answer=timedelta(seconds=5))

    async def plod(connection: socket.socket) -> bytes:
        loop, left = asyncio.get_running_loop(), size
        while left > 0:
            await asyncio.sleep(0.25)
            taken = 0
            while left > 0 and taken < step:
                got = len(await loop.sock_recv(connection, min(2**14, step)))
                taken, left = taken + got, left - got
        return b"HTTP/1.1 200 So\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"

    async with reader_of(plod) as url, open_sender("logferry/0", patience) as sender, asyncio.timeout(100):
        began = asyncio.get_running_loop().time()
        got = await sender.send(url, Request(method="POST", path="/", body=b"x" * size), {})
        assert asyncio.get_running_loop().time() - began > patience.answer.total_seconds()
    assert got.body == b"{}"


async def test_somebody_who_takes_a_drop_now_and_then_is_given_up() -> None:
    async def sip(connection: socket.socket) -> bytes:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(0.05)
            await loop.sock_recv(connection, 16)

    async with reader_of(sip) as url, open_sender("logferry/0", HURRY) as sender, asyncio.timeout(60):
        assert await code_of(sender, url, LARGE) == "timeout"
