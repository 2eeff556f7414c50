"""Opens the local API and closes it. Wires the parts; answers nothing by itself."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web

from logferry_ipc.control import Control
from logferry_ipc.endpoint import Keys
from logferry_ipc.guard import OWNER_SCOPES, Grant, Rules
from logferry_ipc.messages import API_VERSION, Hello
from logferry_ipc.routes import ROUTES
from logferry_ipc.server.answers import add_headers
from logferry_ipc.server.desk import BODY_LIMIT, Desk
from logferry_ipc.server.listener import DEFAULT_PORT, HOST, PORTS, listen
from logferry_ipc.server.streams import Streams

BODY_DEADLINE = timedelta(seconds=10)
HEARTBEAT = timedelta(seconds=15)

_LAST_ANSWERS = timedelta(seconds=1)
"""How long requests under way may take to end when the server closes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A listener that is up."""

    port: int
    instance: str

    @property
    def origin(self) -> str:
        """What stands before `/v1`."""
        return f"http://{HOST}:{self.port}"

    @property
    def moved(self) -> bool:
        """True when the usual port was taken: addresses that people have noted down do not work."""
        return self.port != DEFAULT_PORT


@asynccontextmanager
async def open_server(
    control: Control,
    *,
    instance: str,
    version: str,
    keys: Keys,
    ports: Sequence[int] = PORTS,
    origins: frozenset[str] = frozenset(),
    body_deadline: timedelta = BODY_DEADLINE,
    heartbeat: timedelta = HEARTBEAT,
) -> AsyncIterator[Server]:
    """Listen on the first free port of `ports`; on leaving, end every stream and close in about a second.

    `origins` are the foreign web pages that may call, each whole (`https://overlay.example`).
    """
    with listen(ports) as listener:
        port = int(listener.getsockname()[1])
        desk = Desk(
            control=control,
            hello=Hello(name="logferry", version=version, api_versions=(API_VERSION,), instance=instance),
            proof_key=keys.proof_key,
            rules=Rules(port=port, grants=(Grant.of("owner", keys.token, OWNER_SCOPES),), origins=origins),
            body_deadline=body_deadline,
            streams=Streams(instance=instance, heartbeat=heartbeat),
        )
        runner = web.AppRunner(
            _application(desk),
            access_log=None,  # it would print the query
            logger=_quiet_logger(),
            handle_signals=False,
            shutdown_timeout=_LAST_ANSWERS.total_seconds(),
        )
        try:
            await runner.setup()
            await web.SockSite(runner, listener).start()
            yield Server(port=port, instance=instance)
        finally:
            await runner.cleanup()


def _application(desk: Desk) -> web.Application:
    application = web.Application(middlewares=[desk.receive], client_max_size=BODY_LIMIT)
    for route in ROUTES:
        application.router.add_route(route.method, route.path, desk.handler(route))
    application.on_response_prepare.append(add_headers)
    application.on_shutdown.append(desk.streams.end)
    return application


def _quiet_logger() -> logging.Logger:
    """For the HTTP library: its tracebacks show the bytes of a request that it could not read."""
    logger = logging.getLogger("logferry_ipc.http")
    if not logger.filters:
        logger.addFilter(_without_traceback)
    return logger


def _without_traceback(record: logging.LogRecord) -> bool:
    record.exc_info = None
    return True
