"""A tus server in memory that keeps every byte that reaches it, and a network that breaks where a test says."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from logferry_daemon.core.exchange import Request, Response, Upload
from logferry_daemon.core.tus import PATH
from logferry_model.errors import Unreachable

T = TypeVar("T")


def answer(status: int, body: bytes = b"", **headers: object) -> Response:
    """An answer; `upload_offset=7` is a header."""
    named = {name.replace("_", "-"): str(value) for name, value in headers.items()}
    return Response(status=status, headers={"tus-resumable": "1.0.0", **named}, body=body)


class Killed(Exception):
    """The client's process ended."""


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request."""

    says: Response | None = None
    """Instead of what the server would say; the request does not reach it."""
    after: int | None = None
    """So many bytes of the body arrive, and then the connection is gone."""
    lost: bool = False
    """The answer is lost."""
    kill: bool = False
    """The client ends instead of hearing that."""
    expire: bool = False
    """Before the request, the server forgets every upload that is not whole."""


FINE = Fault()


@dataclass
class ModelTus:
    """As the protocol has it; every `Fault` is for one request."""

    faults: Iterable[Fault] = ()
    uploads: dict[str, tuple[bytearray, int]] = field(default_factory=dict)
    finished: list[bytes] = field(default_factory=list)
    received: int = 0
    """Bytes of all pieces, as far as they arrived."""
    requests: list[Request] = field(default_factory=list)
    metadata: list[dict[str, str]] = field(default_factory=list)
    patches_get: Response | None = None
    """What every piece is answered."""
    all_or_nothing: bool = False
    """A piece that did not come whole is thrown away."""
    wasted: int = 0
    """Bytes thrown away."""
    other: Callable[[Request], Response] = lambda _: answer(404)
    """Answers what is not about uploads."""

    def __post_init__(self) -> None:
        self._script = iter(self.faults)

    def send(self, request: Request) -> Response:
        """The answer, or Unreachable, or Killed."""
        self.requests.append(request)
        fault = next(self._script, FINE)
        if fault.expire:
            self.uploads = {name: one for name, one in self.uploads.items() if len(one[0]) == one[1]}
        if fault.says is not None:
            return fault.says
        if fault.after is not None and request.method == "PATCH":
            self._patch(request, request.body[: fault.after])
            raise Killed if fault.kill else Unreachable("cut", "the connection broke")
        said = self._answer(request)
        if fault.kill:
            raise Killed
        if fault.lost:
            raise Unreachable("cut", "the connection broke")
        return said

    def _answer(self, request: Request) -> Response:
        if not request.path.startswith(PATH):
            return self.other(request)
        assert request.headers["Tus-Resumable"] == "1.0.0"
        match request.method:
            case "POST":
                return self._create(request)
            case "HEAD":
                return self._head(request)
        if self.patches_get is not None:
            return self.patches_get
        return self._patch(request, request.body)

    def _create(self, request: Request) -> Response:
        name = f"u{len(self.metadata)}"
        pairs = (pair.split(" ") for pair in request.headers["Upload-Metadata"].split(","))
        self.metadata.append({key: base64.b64decode(value).decode() for key, value in pairs})
        self.uploads[name] = (bytearray(), int(request.headers["Upload-Length"]))
        return answer(201, location=f"{PATH}/{name}")

    def _head(self, request: Request) -> Response:
        found = self.uploads.get(request.path.rpartition("/")[2])
        if found is None:
            return answer(404)
        return answer(200, upload_offset=len(found[0]), upload_length=found[1])

    def _patch(self, request: Request, arrived: bytes) -> Response:
        found = self.uploads.get(request.path.rpartition("/")[2])
        if found is None:
            return answer(404)
        there, length = found
        if int(request.headers["Upload-Offset"]) != len(there):
            return answer(409)
        if self.all_or_nothing and len(arrived) < len(request.body):
            self.wasted += len(arrived)
            return answer(204, upload_offset=len(there))
        self.received += len(arrived)
        if checksum := request.headers.get("Upload-Checksum"):
            name, digest = checksum.split(" ")
            if hashlib.new(name, arrived).digest() != base64.b64decode(digest):
                return answer(460)
        there += arrived
        assert len(there) <= length
        if len(there) == length and arrived:
            self.finished.append(bytes(there))
        return answer(204, upload_offset=len(there))


def drive(talk: Generator[Request, Response, T], server: ModelTus, keep: Callable[[Upload], None]) -> T:
    """A conversation with the model, as handover.py has it."""
    request = next(talk)
    while True:
        if request.keep is not None:
            keep(request.keep)
        try:
            try:
                said = server.send(request)
            except Unreachable as error:
                request = talk.throw(error)
            else:
                request = talk.send(said)
        except StopIteration as done:
            ended: T = done.value
            return ended
