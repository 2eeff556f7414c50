"""One connection to the daemon: first a nonce, and only after its proof, on the same connection, the token.

Always to the literal 127.0.0.1: `localhost` may mean ::1, where somebody else can listen on our port. So a
program that squats on the port never sees the token. The errors of sockets and HTTP end here.
"""

from __future__ import annotations

import http.client
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import TypeVar
from urllib.parse import quote

import msgspec
from msgspec import Struct

from logferry_ipc import problems
from logferry_ipc.endpoint import Endpoint
from logferry_ipc.messages import Hello
from logferry_ipc.proof import proves
from logferry_ipc.routes import HELLO, Route
from logferry_model.errors import Damaged, Misconfigured, Refused, Unreachable

_HOST = "127.0.0.1"
_LARGEST_PROBLEM = 64 * 1024

_Answer = TypeVar("_Answer", bound=Struct)


class DaemonNotRunning(Unreachable):
    """No daemon of this user runs at the moment."""

    def __init__(self) -> None:
        super().__init__(
            "daemon-not-running", "The Logferry daemon is not running.", hint='Start it with "logferry run".'
        )


@contextmanager
def told() -> Iterator[None]:
    """Turn the errors of sockets and HTTP into ours."""
    try:
        yield
    except ConnectionRefusedError as error:
        raise DaemonNotRunning from error
    except TimeoutError as error:
        raise Unreachable("daemon-silent", "The daemon did not answer in time.", hint="Try again.") from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise Unreachable("daemon-lost", "The connection to the daemon broke off.", hint="Try again.") from error


@contextmanager
def as_text() -> Iterator[None]:
    """A name of a file may be bytes that no text has: it cannot be said to the daemon, nor kept in its settings."""
    try:
        yield
    except UnicodeEncodeError as error:
        said = "There are bytes in this name that are no letters."
        raise Misconfigured("not-text", said, hint="Give the file or folder another name.") from error


class Line:
    """An open connection and the endpoint it was opened for."""

    def __init__(self, endpoint: Endpoint, connection: http.client.HTTPConnection, sock: socket.socket) -> None:
        self._endpoint = endpoint
        self._connection = connection
        self.sock = sock

    @classmethod
    def to(cls, endpoint: Endpoint, *, timeout: timedelta) -> Line:
        """Connect; nothing has been said yet."""
        connection = http.client.HTTPConnection(_HOST, endpoint.port, timeout=timeout.total_seconds())
        with told():
            connection.connect()
        return cls(endpoint, connection, connection.sock)

    def greet(self) -> Hello:
        """Make the other side prove that it is the daemon of this endpoint, or Refused."""
        nonce = os.urandom(16).hex()
        with told():
            self._connection.request(HELLO.method, f"{HELLO.path}?nonce={nonce}")
            response = self._connection.getresponse()
        try:
            hello = self.read(response, Hello)
        except Damaged:
            hello = None
        if hello is None or not proves(hello.proof, nonce, self._endpoint.keys.proof_key):
            raise Refused(
                "daemon-unproven",
                f"What listens on port {self._endpoint.port} is not your daemon; it was told nothing.",
                hint="Find out which program that is, end it, and start the daemon again.",
            )
        return hello

    def ask(
        self, route: Route, *values: str, body: Struct | None = None, cursor: str | None = None
    ) -> http.client.HTTPResponse:
        """Send the token and the request; the response of a success, or the error that it tells."""
        with as_text():
            path = route.fill(*values) + (f"?after={quote(cursor, safe='')}" if cursor is not None else "")
            data = None if route.method == "GET" else msgspec.json.encode(body if body is not None else {})
        headers = {"Authorization": f"Bearer {self._endpoint.keys.token}", "Content-Type": "application/json"}
        with told():
            self._connection.request(route.method, path, data, headers)
            response = self._connection.getresponse()
            if response.status == http.HTTPStatus.OK:
                return response
            body_of_problem = response.read(_LARGEST_PROBLEM)
        raise problems.to_error(response.status, body_of_problem)

    def read(self, response: http.client.HTTPResponse, answer: type[_Answer]) -> _Answer:
        """The value in a response, or Damaged when it holds something else."""
        with told():
            data = response.read()
        try:
            return msgspec.json.decode(data, type=answer)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Damaged(
                "answer-unreadable",
                "The daemon's answer makes no sense to this version.",
                hint="Restart the daemon, so that both are of one version.",
            ) from error

    def read_text(self, response: http.client.HTTPResponse) -> str:
        """The text in a response that is not JSON."""
        with told():
            return response.read().decode()

    def cut(self) -> None:
        """Break the connection under a reader in another thread."""
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give the connection back; nothing may be asked on it afterwards."""
        self._connection.close()
