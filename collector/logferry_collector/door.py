"""Lets so many connections in and turns the next one away. Reads nothing of what they say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

FULL = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\nRetry-After: 10\r\n\r\n"


class Door:
    """Makes the protocol of each connection, as asyncio asks for it, and counts those that are open."""

    def __init__(self, inside: Callable[[], asyncio.Protocol], places: int) -> None:
        self._inside = inside
        self._places = places
        self._open = 0

    def __call__(self) -> asyncio.Protocol:
        return _Guest(self, self._inside())

    def enter(self) -> bool:
        """Whether there is a place; it is taken then."""
        if self._open >= self._places:
            return False
        self._open += 1
        return True

    def leave(self) -> None:
        """A place is free again."""
        self._open -= 1


class _Guest(asyncio.Protocol):
    """One connection: what happens to it is passed on, once it is in."""

    def __init__(self, door: Door, inside: asyncio.Protocol) -> None:
        self._door = door
        self._inside = inside
        self._in = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._in = self._door.enter()
        if self._in:
            self._inside.connection_made(transport)
        else:
            outside = cast("asyncio.Transport", transport)
            outside.write(FULL)
            outside.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._in:
            self._door.leave()
            self._inside.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._in:
            self._inside.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inside.eof_received() if self._in else None

    def pause_writing(self) -> None:
        if self._in:
            self._inside.pause_writing()

    def resume_writing(self) -> None:
        if self._in:
            self._inside.resume_writing()
