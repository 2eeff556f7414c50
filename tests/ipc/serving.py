"""Real servers for tests: one in the test's own loop, one in a thread for clients that block."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from logferry_ipc.control import Control
from logferry_ipc.endpoint import Endpoint, Keys, announced
from logferry_ipc.server import HEARTBEAT, Server, open_server
from tests.fake_control import FakeControl

ANY_PORT = (0,)
T = TypeVar("T")


@dataclass(frozen=True)
class Daemon:
    """A control, the server in front of it, and the keys to it."""

    control: FakeControl
    server: Server
    keys: Keys

    @property
    def port(self) -> int:
        return self.server.port

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys.token}"}


@asynccontextmanager
async def served(
    control: FakeControl | None = None,
    *,
    origins: frozenset[str] = frozenset(),
    body_deadline: timedelta = timedelta(seconds=10),
    heartbeat: timedelta = HEARTBEAT,
) -> AsyncIterator[Daemon]:
    """A server on a free port, in this loop."""
    control = control or FakeControl()
    keys = Keys.fresh()
    async with open_server(
        control,
        instance="boot1",
        version="0.0.0",
        keys=keys,
        ports=ANY_PORT,
        origins=origins,
        body_deadline=body_deadline,
        heartbeat=heartbeat,
    ) as server:
        yield Daemon(control, server, keys)


@dataclass(frozen=True)
class ThreadedDaemon:
    """A whole daemon as clients see it, in a thread of its own."""

    control: FakeControl
    endpoint: Endpoint
    loop: asyncio.AbstractEventLoop

    def do(self, act: Callable[[], T]) -> T:
        """Run `act` in the daemon's thread, as everything that touches its control must be."""

        async def run() -> T:
            return act()

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(timeout=60)


@contextmanager
def daemon_in_thread(runtime: Path, control: FakeControl | None = None) -> Iterator[ThreadedDaemon]:
    """A daemon that announces itself in `runtime`; it says good-bye and goes at the end of the block."""
    ready: Future[tuple[ThreadedDaemon, asyncio.Event]] = Future()

    async def live() -> None:
        fake = control or FakeControl()
        leave = asyncio.Event()
        async with served(fake) as daemon:
            endpoint = Endpoint.of_this_process(instance="boot1", port=daemon.port, keys=daemon.keys)
            with announced(runtime, endpoint):
                ready.set_result((ThreadedDaemon(fake, endpoint, asyncio.get_running_loop()), leave))
                await leave.wait()

    thread = threading.Thread(target=lambda: asyncio.run(live()), daemon=True)
    thread.start()
    daemon, leave = ready.result(timeout=60)
    try:
        yield daemon
    finally:
        daemon.loop.call_soon_threadsafe(leave.set)
        thread.join(60)
        assert not thread.is_alive(), "the daemon did not end"


def is_control(control: FakeControl) -> Control:
    """The type checker's proof that the fake has every method of the port."""
    return control
