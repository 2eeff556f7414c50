"""The parts of a collector and how they meet: the only file that names them all. Reads like a parts list."""

from __future__ import annotations

import asyncio
import logging
import secrets
import signal
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from importlib.metadata import version
from typing import cast

from aiohttp import web
from msgspec import Struct

from logferry_collector.announce import announced
from logferry_collector.answers import Frame
from logferry_collector.certificate import identity, server_context
from logferry_collector.door import Door
from logferry_collector.intake import Intake
from logferry_collector.limits import Limits
from logferry_collector.newcomers import Newcomers
from logferry_collector.render import load_pages
from logferry_collector.settings import CollectorSettings
from logferry_collector.store import Store, open_store
from logferry_collector.web import Handlers, build_app
from logferry_model.errors import Misconfigured
from logferry_model.fingerprint import Fingerprint

log = logging.getLogger(__name__)

WORKERS = 2
"""Threads that check uploads and make pages: each may hold one inflated body."""
ID_BYTES = 16
"""Random bytes in a report id: whoever has the link may read, so nobody may guess one."""
LINGER_SECONDS = 2.0
"""How long the rest of a refused body is read and dropped."""
STOP_SECONDS = 30.0
"""How long a stopping collector waits for requests it has begun."""


class Running(Struct, frozen=True, kw_only=True):
    """A collector that answers."""

    url: str
    """Where it can be reached from this machine."""
    public_url: str
    """What links in receipts begin with."""
    fingerprint: Fingerprint | None = None
    """Of its key, where it encrypts by itself."""
    announced: bool = False
    """Whether the local network knows of it."""


@asynccontextmanager
async def open_collector(settings: CollectorSettings, limits: Limits | None = None) -> AsyncIterator[Running]:
    """A collector that listens until the block ends, and then finishes what it has begun."""
    limits = limits or Limits()
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(settings.database_url))
        workers = stack.enter_context(ThreadPoolExecutor(WORKERS, "collector-worker"))
        listener = stack.enter_context(_listen(settings.host, settings.port))
        port = listener.getsockname()[1]
        own = identity(settings) if settings.tls else None
        url = _url("https" if own else "http", settings.host, port)
        public_url = settings.public_url or url
        app = _assemble(store, workers, limits, public_url, anonymous=settings.anonymous)
        secure = server_context(own) if own else None
        await stack.enter_async_context(_serving(app, listener, limits, secure))
        log.info("collector listening", extra={"url": url} | ({"key": str(own.fingerprint)} if own else {}))
        told = False
        if own and settings.announce:
            told = await stack.enter_async_context(announced(settings.name, settings.host, port, own.fingerprint))
        fingerprint = own.fingerprint if own else None
        yield Running(url=url, public_url=public_url, fingerprint=fingerprint, announced=told)


def _assemble(
    store: Store, workers: ThreadPoolExecutor, limits: Limits, public_url: str, *, anonymous: bool
) -> web.Application:
    pages = load_pages()
    intake = Intake(
        store,
        limits,
        workers,
        now=_now,
        new_id=_new_id,
        report_url=lambda report: f"{public_url}/r/{report}",
        newcomers=Newcomers(limits.newcomers_per_hour) if anonymous else None,
    )
    handlers = Handlers(
        intake=intake,
        library=store,
        limits=limits,
        workers=workers,
        page=pages.report,
        assets=pages.assets,
        version=version("logferry"),
        anonymous=anonymous,
        now=_now,
    )
    return build_app(handlers, Frame(now=_now, new_id=_new_id, page=pages.problem))


@asynccontextmanager
async def _serving(
    app: web.Application, listener: socket.socket, limits: Limits, secure: ssl.SSLContext | None
) -> AsyncIterator[None]:
    runner = web.AppRunner(
        app,
        # Digests are of the bytes on the wire, and inflating is ours: bounded, one member.
        auto_decompress=False,
        # aiohttp's own log line carries the path, and paths here carry keys; `answers.py` writes ours.
        access_log=None,
        # Long enough for an answer to arrive before its unread body is cut off, short enough for tricklers.
        lingering_time=LINGER_SECONDS,
        # aiohttp counts this from the beginning of a connection too, and only a whole head stops it.
        keepalive_timeout=limits.head_seconds,
        shutdown_timeout=STOP_SECONDS,
    )
    await runner.setup()
    try:
        door = Door(cast("web.Server", runner.server), limits.connections)  # None only before setup()
        listening = await asyncio.get_running_loop().create_server(
            door,
            sock=listener,
            backlog=1024,
            ssl=secure,
            # The door counts a connection once it speaks; who never gets so far is let go.
            ssl_handshake_timeout=limits.head_seconds if secure else None,
        )
        try:
            yield
        finally:
            listening.close()
    finally:
        await runner.cleanup()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except (OSError, UnicodeError) as error:  # UnicodeError: a host that cannot be a name
        raise Misconfigured(
            "port-unavailable",
            f"The collector cannot listen on {host}, port {port}.",
            hint="Another program may use the port: choose another one with --port or LOGFERRY_COLLECTOR_PORT.",
        ) from error


def _url(scheme: str, host: str, port: int) -> str:
    # A wildcard is where to listen, not an address anybody can open.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104 -- compared only
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


async def serve(settings: CollectorSettings, *, ready: Callable[[Running], None] = lambda _: None) -> None:
    """Run a collector until it is told to stop (SIGINT, SIGTERM); `ready` hears of it once it answers."""
    stop = asyncio.Event()
    _on_signals(stop)
    async with open_collector(settings) as running:
        ready(running)
        await stop.wait()
        log.info("collector stopping")


def _on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Windows loops take no handlers: there Ctrl+C cancels the task, which ends the block as well.
        with suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)


def _now() -> datetime:
    return datetime.now(UTC)


def _new_id() -> str:
    return secrets.token_urlsafe(ID_BYTES)
