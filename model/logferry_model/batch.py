"""Many uploads in one request: each part is the headers and the bytes of what would have been a post of its own.

The wire contract is docs/wire.md. The length of a part is told and not searched for, so that what is inside needs no
escape and is the same to the byte. Pure: bytes in, values out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from msgspec import Raw, Struct

from logferry_model.envelope import Problem, Receipt, sha256_hex
from logferry_model.errors import Damaged

MEDIA_TYPE = "multipart/mixed"
MOST_PARTS = 100
_HEAD = 4 * 1024
"""Bytes of one part's headers."""
_BOUNDARY = re.compile(r'boundary="?([A-Za-z0-9_-]{1,70})"?')
_HEADER = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,63}): ?([\x20-\x7e]{0,1024})")
_LENGTH = re.compile(r"\d{1,9}")


class Part(Struct, frozen=True):
    """One of them."""

    headers: Mapping[str, str]
    body: bytes


class Batched(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one part: what an answer to a post of its own would have been."""

    idempotency_key: str
    status: int
    receipt: Receipt | None = None
    problem: Problem | None = None


class BatchAnswer(Struct, frozen=True, kw_only=True):
    """In the order of the parts."""

    results: tuple[Batched, ...]


class ReceiptsRequest(Struct, frozen=True, kw_only=True):
    """Asks which of these arrived, without sending them again."""

    keys: tuple[str, ...]
    """Idempotency keys, bare."""


class ReceiptsAnswer(Struct, frozen=True, kw_only=True):
    """Of those that did, in no order that means anything."""

    receipts: tuple[Receipt, ...]


class Told(Struct, frozen=True, kw_only=True):
    """The same as it is read: what is inside is judged one by one."""

    idempotency_key: str
    status: int
    receipt: Raw = Raw(b"null")
    problem: Raw = Raw(b"null")


class ToldAnswer(Struct, frozen=True, kw_only=True):
    """Of all of them."""

    results: tuple[Told, ...]


def join_parts(parts: Sequence[Part]) -> tuple[str, bytes]:
    """The Content-Type and the body; the same parts make the same bytes."""
    boundary = sha256_hex(b"".join(part.body for part in parts))[:32]
    pieces: list[bytes] = []
    for part in parts:
        told = {**part.headers, "Content-Length": str(len(part.body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        pieces += [f"--{boundary}\r\n{head}\r\n".encode("ascii"), part.body, b"\r\n"]
    return f'{MEDIA_TYPE}; boundary="{boundary}"', b"".join([*pieces, f"--{boundary}--\r\n".encode()])


def split_parts(content_type: str, body: bytes, *, most: int = MOST_PARTS) -> Sequence[Part]:
    """The parts, with header names in lower case; Damaged `batch-unreadable` when it is anything else."""
    kind, _, rest = content_type.partition(";")
    boundary = _BOUNDARY.fullmatch(rest.strip())
    if kind.strip().lower() != MEDIA_TYPE or boundary is None:
        raise _unreadable("its type is not multipart/mixed with a boundary")
    opening, end = f"--{boundary[1]}\r\n".encode(), f"--{boundary[1]}--"
    parts: list[Part] = []
    at = 0
    while body.startswith(opening, at):
        if len(parts) == most:
            raise _unreadable(f"it has more than {most} parts")
        part, at = _part(body, at + len(opening))
        parts.append(part)
    if not parts or body[at:].rstrip(b"\r\n") != end.encode():
        raise _unreadable("it does not end where its last part ends")
    return parts


def _part(body: bytes, at: int) -> tuple[Part, int]:
    """The part that begins there, and where the next one does."""
    over = body.find(b"\r\n\r\n", at, at + _HEAD)
    if over < 0:
        raise _unreadable("a part has no headers, or too many")
    headers = _headers(body[at:over])
    length = headers.pop("content-length", "")
    if not _LENGTH.fullmatch(length):
        raise _unreadable("a part does not tell its length")
    begin = over + 4
    end = begin + int(length)
    if body[end : end + 2] != b"\r\n":
        raise _unreadable("a part is not as long as it says")
    return Part(headers, body[begin:end]), end + 2


def _headers(head: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in head.decode("latin-1").split("\r\n"):
        header = _HEADER.fullmatch(line)
        if header is None or header[1].lower() in found:
            raise _unreadable("a part has a header that is none, or one twice")
        found[header[1].lower()] = header[2].strip()
    return found


def _unreadable(why: str) -> Damaged:
    return Damaged("batch-unreadable", f"The batch cannot be read: {why}.")
