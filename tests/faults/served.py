"""Runs an asyncio server beside a test, in a thread of its own, for as long as a block lasts."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

HOST = "127.0.0.1"
SECONDS = 30.0
USUAL_LIMIT = 2**16
"""Bytes of one line, as asyncio itself has it."""

Guest = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextmanager
def served(guest: Guest, secured: ssl.SSLContext | None = None, *, limit: int = USUAL_LIMIT) -> Iterator[int]:
    """The port at which `guest` answers; whoever is still connected at the end is cut off.

    `limit` is the longest that a guest may ask its reader to find an end in.
    """
    loop, ended, listening = asyncio.new_event_loop(), asyncio.Event(), threading.Event()
    port = 0
    guests: set[asyncio.Task[None]] = set()

    async def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        guests.add(task)
        try:
            await guest(reader, writer)
        finally:
            # An encrypted goodbye takes two, and the other one may be gone.
            (writer.transport.abort if secured else writer.close)()
            guests.discard(task)

    async def serve() -> None:
        nonlocal port
        server = await asyncio.start_server(welcome, HOST, 0, ssl=secured, limit=limit)
        port = server.sockets[0].getsockname()[1]
        listening.set()
        try:
            await ended.wait()
        finally:
            # A server that is closed forgets whom it was just letting in (asyncio of Python 3.11).
            await _some_turns()
            server.close()
            for task in guests:
                task.cancel()
            await asyncio.gather(*guests, return_exceptions=True)
            await _some_turns()  # what was closed is let go by then

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run, name="served", daemon=True)
    thread.start()
    assert listening.wait(SECONDS)
    try:
        yield port
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(SECONDS)


async def _some_turns() -> None:
    """Of the loop: letting somebody in takes four, letting go of a connection two."""
    for _ in range(8):
        await asyncio.sleep(0)
