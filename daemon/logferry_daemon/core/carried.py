"""What was found in a file, as it goes to another process and back: light facts, and sessions as opaque bytes. Pure.

Nobody takes a session out of its bytes but who asks for all of it: a hundred thousand events cost one copy of memory.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

from logferry_daemon.core.exact import exact
from logferry_daemon.core.reading import Found, Paper, Raw, Reading, Trouble
from logferry_model.figures import Statistics
from logferry_model.session import End, Session, SessionId

T = TypeVar("T")


class Opaque(Generic[T]):
    """A value that is made when it is called, afresh each time."""

    __slots__ = ("_made", "data")

    def __init__(self, data: bytes, made: Callable[[bytes], T]) -> None:
        self.data = data
        self._made = made

    def __repr__(self) -> str:
        return "Opaque(***)"

    def __call__(self) -> T:
        """All of it."""
        return self._made(self.data)


class Carried(Struct, frozen=True, kw_only=True):
    """A Found without anything that can be called; its fields are those of Found."""

    id: SessionId
    started_at: datetime
    last_at: datetime
    events: int
    weight: int
    raw: bytes
    statistics: bytes
    names: frozenset[str]
    offset: int
    line: int
    days: int
    end: End | None
    identity: str | None
    unsure: bool
    mark: str

    def __repr__(self) -> str:
        return "Carried(***)"


class CarriedReading(Struct, frozen=True, kw_only=True):
    """A Reading of them."""

    found: tuple[Carried, ...]
    troubles: tuple[Trouble, ...]
    papers: tuple[Paper, ...] | None
    first_at: datetime | None
    unfinished: bool


def carried(found: Found) -> Carried:
    """To send; of one that was carried before, the same bytes."""
    return Carried(
        id=found.id,
        started_at=found.started_at,
        last_at=found.last_at,
        events=found.events,
        weight=found.weight,
        raw=_bytes_of(found.raw) or _bytes_of_raw(found.raw()),
        statistics=_bytes_of(found.statistics) or msgspec.msgpack.encode(found.statistics()),
        names=found.names,
        offset=found.offset,
        line=found.line,
        days=found.days,
        end=found.end,
        identity=found.identity,
        unsure=found.unsure,
        mark=found.mark,
    )


def found_of(one: Carried) -> Found:
    """What was carried."""
    names = one.names
    return Found(
        id=one.id,
        started_at=one.started_at,
        last_at=one.last_at,
        events=one.events,
        weight=one.weight,
        raw=Opaque(one.raw, _raw),
        statistics=Opaque(one.statistics, _statistics),
        offset=one.offset,
        line=one.line,
        days=one.days,
        end=one.end,
        identity=one.identity,
        unsure=one.unsure,
        mark=one.mark,
        whom=lambda: names,
    )


def carried_reading(reading: Reading) -> CarriedReading:
    """To send."""
    return CarriedReading(
        found=tuple(map(carried, reading.found)),
        troubles=reading.troubles,
        papers=reading.papers,
        first_at=reading.first_at,
        unfinished=reading.unfinished,
    )


def reading_of(one: CarriedReading) -> Reading:
    """What was carried."""
    return Reading(
        found=tuple(map(found_of, one.found)),
        troubles=one.troubles,
        papers=one.papers,
        first_at=one.first_at,
        unfinished=one.unfinished,
    )


def _raw(data: bytes) -> Raw:
    session, names = msgspec.msgpack.decode(data, type=exact(tuple[Session, frozenset[str]]))
    return Raw(session=session, names=names)


def _bytes_of_raw(raw: Raw) -> bytes:
    return msgspec.msgpack.encode((raw.session, raw.names))


def _statistics(data: bytes) -> Statistics:
    made: Statistics = msgspec.msgpack.decode(data, type=exact(Statistics))
    return made


def _bytes_of(value: object) -> bytes:
    return value.data if isinstance(value, Opaque) else b""
