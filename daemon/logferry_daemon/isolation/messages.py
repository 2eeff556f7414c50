"""What the child is told and what it answers. Values only; small enough to be imported in a blink."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Raw, Struct

from logferry_daemon.core.rows import Answer, Question

MAX_ASK = 2**20
MAX_REPLY = 64 * 2**20
"""Bytes. Two sessions as large as they may be are less."""


class Ask(Struct, frozen=True, kw_only=True):
    """One question about one database."""

    root: bytes
    """The source's folder, as the system encodes it."""
    path: bytes
    """Below it, with `/`."""
    question: Question
    room: bytes | None = None
    """An empty folder that nobody else can enter: read a copy in it."""


class Kind(StrEnum):
    """What whoever asked does next."""

    DAMAGED = "damaged"
    UNREACHABLE = "unreachable"
    COPY = "copy"
    """Ask again with a room: it cannot be read where it lies."""


class Refusal(Struct, frozen=True, kw_only=True):
    """Why there is no answer."""

    kind: Kind
    code: str = ""
    message: str = ""
    hint: str = ""


class Rows(Struct, frozen=True, kw_only=True):
    """An answer whose rows are encoded already: as objects they would take ten times the room."""

    rows: dict[str, list[Raw]]
    more: bool
    highest: int
    reached: int
    cut: tuple[int, ...]


class Sent(Struct, frozen=True, kw_only=True):
    """What the child writes: one of the two."""

    answer: Rows | None = None
    refusal: Refusal | None = None


class Reply(Struct, frozen=True, kw_only=True):
    """The same as its reader takes it."""

    answer: Answer | None = None
    refusal: Refusal | None = None
