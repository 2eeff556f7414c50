"""What the worker is told and what it answers: lengths and messages on two pipes. Values only.

Keys and tokens go this way and no other: not by the command line, the environment or a file.
"""

from __future__ import annotations

import struct
from datetime import timedelta, timezone, tzinfo
from typing import IO, Any

import msgspec
from msgspec import Struct

from logferry_daemon.core.addressing import Tokens
from logferry_daemon.core.carried import Carried, CarriedReading
from logferry_daemon.core.detectors import Surroundings
from logferry_daemon.core.known_secrets import Secrets
from logferry_daemon.core.new_session import NewSession
from logferry_daemon.core.policy import Group, Listing
from logferry_daemon.core.reading import Document
from logferry_daemon.core.slots import Slots
from logferry_daemon.core.writing import Errand, Written
from logferry_daemon.recipes.match.recipe import MatchRecipe
from logferry_model.session import End

_LENGTH = struct.Struct(">Q")
LONGEST = 2**30
"""Bytes of a message; a session as large as it may be is far less."""


class Start(Struct, frozen=True, kw_only=True):
    """The first message to a worker."""

    surroundings: Surroundings


class Ready(Struct, frozen=True, kw_only=True):
    """The first message of a worker: it has all that it needs."""

    pid: int


class Write(Struct, frozen=True, kw_only=True, tag="write"):
    """One letter to make."""

    dialect: str
    errand: Errand


class Read(Struct, frozen=True, kw_only=True, tag="read"):
    """One document to read."""

    tracker: str
    """One with code, by its name."""
    recipe: MatchRecipe | None = None
    """What another one is made of."""
    document: Document

    def __repr__(self) -> str:
        return "Read(***)"


class Prepare(Struct, frozen=True, kw_only=True, tag="prepare"):
    """One session to prepare for the spool: an Order, but for the detectors, which a worker has of its own."""

    found: Carried
    end: End | None
    only_grows: bool
    names_player: bool
    beside: frozenset[str]
    slots: Slots
    listing: Listing
    keeps: frozenset[Group]
    secrets: Secrets

    def __repr__(self) -> str:
        return "Prepare(***)"


Task = Write | Read | Prepare
"""What a worker is told after the first message: its tag says what is to be done."""


class Wrote(Struct, frozen=True, kw_only=True, tag="wrote"):
    """The letter."""

    written: Written


class Held(Struct, frozen=True, kw_only=True, tag="held"):
    """What the document holds."""

    reading: CarriedReading

    def __repr__(self) -> str:
        return "Held(***)"


class Prepared(Struct, frozen=True, kw_only=True, tag="prepared"):
    """The session as it may be kept."""

    new: NewSession

    def __repr__(self) -> str:
        return "Prepared(***)"


class Refusal(Struct, frozen=True, kw_only=True, tag="refusal"):
    """There is nothing, for a reason that its owner is told."""

    kind: str
    code: str
    message: str
    hint: str


class Mistake(Struct, frozen=True, kw_only=True, tag="mistake"):
    """There is nothing because of a mistake of ours."""

    kind: str
    """Of the error; its text may have what nobody should read."""


Answer = Wrote | Held | Prepared | Refusal | Mistake
"""What became of a task."""


def encoded(message: Struct) -> bytes:
    """As it goes through a pipe."""
    return msgspec.msgpack.encode(message, enc_hook=_plain)


def start_of(data: bytes) -> Start:
    """What a worker is told first; MsgspecError when it is anything else."""
    return msgspec.msgpack.decode(data, type=Start)


def ready_of(data: bytes) -> Ready:
    """What it answers to that."""
    return msgspec.msgpack.decode(data, type=Ready)


def task_of(data: bytes) -> Task:
    """What it is told after that."""
    task: Task = msgspec.msgpack.decode(data, type=Task, dec_hook=_made)
    return task


def answer_of(data: bytes) -> Answer:
    """What it answers to a task."""
    answer: Answer = msgspec.msgpack.decode(data, type=Answer)
    return answer


def say(pipe: IO[bytes], data: bytes) -> None:
    """The whole message, now."""
    pipe.write(_LENGTH.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def hear(pipe: IO[bytes]) -> bytes | None:
    """The next whole message; None when there is no other side any more."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > LONGEST:
        return None
    data = pipe.read(length)
    return data if len(data) == length else None


def _plain(value: Any) -> Any:  # noqa: ANN401 -- msgspec's own signature
    if isinstance(value, Tokens | Slots | Secrets):
        return value.carried()
    if isinstance(value, timezone):
        return value.utcoffset(None)
    raise TypeError(type(value).__name__)


def _made(wanted: type, value: Any) -> Any:  # noqa: ANN401 -- as above
    if wanted is Tokens or wanted is Slots:
        return wanted(value)
    if wanted is Secrets:
        return Secrets.of_carried(value)
    if wanted is tzinfo:
        return timezone(msgspec.convert(value, timedelta))
    raise TypeError(wanted.__name__)
