"""The listening socket: 127.0.0.1 and nothing else, on a port that nobody shares."""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Sequence

from logferry_model.errors import Misconfigured

HOST = "127.0.0.1"
DEFAULT_PORT = 47613
"""Unassigned, and below the range that Windows and macOS hand out by themselves."""
PORTS: Sequence[int] = range(DEFAULT_PORT, DEFAULT_PORT + 10)

_BACKLOG = 128
_TAKEN = frozenset({errno.EADDRINUSE, errno.EACCES})


def listen(ports: Sequence[int] = PORTS) -> socket.socket:
    """A listening socket on the first free port; Misconfigured when all are taken."""
    for port in ports:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            _forbid_sharing(listener)
            listener.bind((HOST, port))
            listener.listen(_BACKLOG)
        except OSError as error:
            listener.close()
            if error.errno not in _TAKEN:
                raise
        else:
            return listener
    raise Misconfigured(
        "ports-taken",
        f"Other programs have taken every port of {', '.join(map(str, ports))}.",
        hint="End them, or the other daemons, and start again.",
    )


def _forbid_sharing(listener: socket.socket) -> None:
    if sys.platform == "win32":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        # Here it only gives back a port whose old connections still linger; two listeners stay impossible.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
