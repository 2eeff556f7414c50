"""The fault proxy against plain sockets: it does what it is told, to the byte, and nothing else."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from tests.faults.served import HOST, served
from tests.faults.tcp import HEALTHY, UNANSWERED, End, Fault, FaultProxy, Line, faults_before

MESSAGE = bytes(range(256)) * 400
"""102,400 bytes: more than one piece."""
SOON = 30.0
SHORT = 0.3
"""Seconds: nothing more comes within."""


@dataclass
class Echo:
    """Says back what it hears, and remembers it."""

    heard: bytearray = field(default_factory=bytearray)
    resets: int = 0
    guests: int = 0

    async def guest(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.guests += 1
        try:
            while piece := await reader.read(2**16):
                self.heard += piece
                writer.write(piece)
                await writer.drain()
        except ConnectionError:
            self.resets += 1
        finally:
            writer.close()


@contextmanager
def broken(fault: Fault) -> Iterator[tuple[Echo, FaultProxy, socket.socket]]:
    """An echo, the proxy before it, and a client that is connected to that."""
    echo = Echo()
    with (
        served(echo.guest) as port,
        faults_before(port, lambda _, __: fault) as proxy,
        socket.create_connection((HOST, proxy.port), timeout=SOON) as client,
    ):
        yield echo, proxy, client


def all_from(client: socket.socket) -> bytes:
    """Until the other side is done; ConnectionResetError when it was reset."""
    parts = []
    while piece := client.recv(2**16):
        parts.append(piece)
    return b"".join(parts)


def said(client: socket.socket, message: bytes = MESSAGE) -> bytes:
    """What comes back."""
    client.sendall(message)
    client.shutdown(socket.SHUT_WR)
    return all_from(client)


def test_a_healthy_connection_is_passed_on_to_the_byte() -> None:
    with broken(HEALTHY) as (echo, proxy, client):
        assert said(client) == MESSAGE
        assert bytes(echo.heard) == MESSAGE
        assert (proxy.connections, proxy.broken, proxy.up, proxy.down) == (1, 0, len(MESSAGE), len(MESSAGE))


@pytest.mark.parametrize("after", [1, 1000, 70_000])
def test_a_reset_on_the_way_up_lets_exactly_so_much_through(after: int) -> None:
    with broken(Fault(up=Line(end=End.RESET, after=after))) as (echo, proxy, client):
        with pytest.raises(OSError, match=r"(?i)reset|broken|not connected"):  # wherever it is noticed first
            said(client)
        assert proxy.up == after
        assert proxy.broken == 1
    assert bytes(echo.heard) == MESSAGE[: len(echo.heard)]
    assert len(echo.heard) <= after


@pytest.mark.parametrize("after", [0, 1000])
def test_a_reset_on_the_way_down_comes_when_the_server_has_it_all(after: int) -> None:
    small = MESSAGE[:2000]
    with broken(Fault(down=Line(end=End.RESET, after=after))) as (echo, proxy, client):
        client.sendall(small)
        with pytest.raises(ConnectionResetError):
            all_from(client)
        assert proxy.down == after
        assert bytes(echo.heard) == small


def test_an_unanswered_request_was_heard() -> None:
    with broken(UNANSWERED) as (echo, _, client):
        client.sendall(b"do it")
        with pytest.raises(ConnectionResetError):
            all_from(client)
        assert bytes(echo.heard) == b"do it"


def test_a_truncated_answer_ends_in_order() -> None:
    with broken(Fault(down=Line(end=End.CLOSE, after=1234))) as (_, __, client):
        client.sendall(MESSAGE[:5000])
        assert all_from(client) == MESSAGE[:1234]


def test_an_end_that_is_never_reached_changes_nothing() -> None:
    line = Line(end=End.RESET, after=len(MESSAGE))
    with broken(Fault(up=line, down=line)) as (_, __, client):
        assert said(client) == MESSAGE


@pytest.mark.parametrize("way", ["up", "down"])
def test_what_stalls_says_nothing_more_and_stays_open(way: str) -> None:
    line = Line(end=End.STALL, after=100)
    with broken(Fault(up=line) if way == "up" else Fault(down=line)) as (echo, _, client):
        client.sendall(MESSAGE[:5000])
        got = b""
        while len(got) < 100:
            got += client.recv(200)
        client.settimeout(SHORT)
        with pytest.raises(TimeoutError):
            client.recv(1)
        assert got == MESSAGE[:100]
        assert len(echo.heard) == (100 if way == "up" else 5000)


def test_a_silent_one_takes_nothing_and_says_nothing() -> None:
    with broken(Fault(silent=True)) as (echo, _, client):
        client.sendall(b"anybody there?")
        client.settimeout(SHORT)
        with pytest.raises(TimeoutError):
            client.recv(1)
        assert echo.guests == 0


def test_an_answer_in_the_servers_place_is_whole_and_the_server_hears_nothing() -> None:
    with broken(Fault(answer=b"come back later")) as (echo, proxy, client):
        assert said(client) == b"come back later"
        assert (echo.guests, proxy.up) == (0, 0)


def test_latency_holds_the_first_byte_of_each_direction() -> None:
    line = Line(latency=0.2)
    with broken(Fault(up=line, down=line)) as (_, __, client):
        began = time.monotonic()
        assert said(client, b"x") == b"x"
        assert time.monotonic() - began >= 0.4


def test_a_thin_line_takes_its_time_and_loses_nothing() -> None:
    with broken(Fault(up=Line(rate=50_000.0, slices=1000))) as (_, __, client):
        began = time.monotonic()
        assert said(client, MESSAGE[:20_000]) == MESSAGE[:20_000]
        assert time.monotonic() - began >= 0.4


def test_a_slicer_gives_small_pieces_and_loses_nothing() -> None:
    with broken(Fault(down=Line(slices=3, pause=0.1))) as (_, __, client):
        began = time.monotonic()
        client.sendall(b"0123456789")
        client.shutdown(socket.SHUT_WR)
        assert all_from(client) == b"0123456789"
        assert time.monotonic() - began >= 0.3, "four pieces have three pauses between them"


def test_a_client_that_goes_away_takes_the_servers_side_with_it() -> None:
    with broken(HEALTHY) as (echo, proxy, client):
        client.sendall(b"hello")
        assert client.recv(5) == b"hello"
        client.close()
        deadline = time.monotonic() + SOON
        while proxy.down != 5 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert bytes(echo.heard) == b"hello"


def test_the_plan_is_asked_for_each_connection_by_its_number_and_first_bytes() -> None:
    asked: list[tuple[int, bytes]] = []

    def plan(number: int, first: bytes) -> Fault:
        asked.append((number, first))
        return Fault(answer=b"no") if first.startswith(b"POST") else HEALTHY

    with served(Echo().guest) as port, faults_before(port, plan) as proxy:
        for message, told in ((b"GET /", b"GET /"), (b"POST /", b"no")):
            with socket.create_connection((HOST, proxy.port), timeout=SOON) as client:
                assert said(client, message) == told
    assert asked == [(1, b"GET /"), (2, b"POST /")]


def test_a_server_that_is_not_there_ends_the_connection() -> None:
    with socket.socket() as unused:
        unused.bind((HOST, 0))
        with (
            faults_before(unused.getsockname()[1]) as proxy,
            socket.create_connection((HOST, proxy.port), timeout=SOON) as client,
        ):
            client.sendall(b"hello")
            assert all_from(client) == b""


def test_a_further_request_on_the_same_connection_suffers_what_the_plan_says_of_it() -> None:
    echo = Echo()

    def plan(number: int, first: bytes) -> Fault:
        return Fault(answer=f"no {number}".encode()) if first.startswith(b"POST ") else HEALTHY

    with (
        served(echo.guest) as port,
        faults_before(port, plan) as proxy,
        socket.create_connection((HOST, proxy.port), timeout=SOON) as client,
    ):
        client.sendall(b"GET /health")
        assert client.recv(100) == b"GET /health"
        client.sendall(b"POST /ingest")
        assert all_from(client) == b"no 2"
        assert bytes(echo.heard) == b"GET /health"
        assert (proxy.connections, proxy.broken) == (2, 1)
