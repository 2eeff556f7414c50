"""The local API over HTTP on 127.0.0.1 and nowhere else. The only part of this room that knows aiohttp."""

from logferry_ipc.server.listener import DEFAULT_PORT, HOST, PORTS
from logferry_ipc.server.opening import BODY_DEADLINE, HEARTBEAT, Server, open_server

__all__ = ["BODY_DEADLINE", "DEFAULT_PORT", "HEARTBEAT", "HOST", "PORTS", "Server", "open_server"]
