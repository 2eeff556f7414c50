"""Matches of any game whose file begins with fields at fixed places: the recipe says where. Bytes in, a match out."""

from __future__ import annotations

import re
import struct
from datetime import timedelta

from msgspec import Struct

from logferry_daemon.core.identity import content_mark
from logferry_daemon.recipes.match.blocks import Blocks
from logferry_daemon.recipes.match.played import LOCAL_PLAYER, Played, moment, no_time, within
from logferry_model.session import Participant, Scalar

MAX_HEADER = 2**16
_NUMBERS = {"u8": "<B", "u16": "<H", "u32": "<I", "u64": "<Q", "i32": "<i"}
_LONG = 2**31
"""Seconds; `within` takes none that are as many."""
_TEXT = re.compile(r"text:([1-9][0-9]{0,3})")


class HeaderField(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One field: `u8`, `u16`, `u32`, `u64`, `i32`, all little-endian, or `text:N` of N bytes of UTF-8."""

    name: str
    at: int
    type: str

    def __post_init__(self) -> None:
        """A place outside of the header would make the recipe read what is no field."""
        if self.type not in _NUMBERS and not _TEXT.fullmatch(self.type):
            raise ValueError(f'"{self.type}" is not a type of a field: u8, u16, u32, u64, i32 or text:N')
        if not 0 <= self.at <= MAX_HEADER - self.size:
            raise ValueError(f'the field "{self.name}" is not in the first {MAX_HEADER} bytes')

    @property
    def size(self) -> int:
        """Bytes."""
        found = _TEXT.fullmatch(self.type)
        return int(found[1]) if found else struct.calcsize(_NUMBERS[self.type])

    @property
    def text(self) -> bool:
        """Whether it holds text."""
        return self.type not in _NUMBERS

    def of(self, header: bytes) -> str | int:
        """Its value."""
        data = header[self.at : self.at + self.size]
        if self.text:
            return data.partition(b"\0")[0].decode("utf-8", "replace")
        return int(struct.unpack(_NUMBERS[self.type], data)[0])


class Header(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fields, and what some of them mean."""

    fields: tuple[HeaderField, ...]
    started: str
    """The field with the seconds since 1970: it tells one match from another, too."""
    seconds: str | None = None
    """The field with how long it took."""
    identity: str | None = None
    """The field that names the player."""

    def __post_init__(self) -> None:
        """What means something has to be there."""
        known = {one.name: one for one in self.fields}
        for name in (self.started, self.seconds, self.identity):
            if name is not None and name not in known:
                raise ValueError(f'"{name}" is not one of the fields')
        for name in (self.started, self.seconds):
            if name is not None and known[name].text:
                raise ValueError(f'the field "{name}" is a text and no number')

    @property
    def names(self) -> frozenset[str]:
        """Of all fields."""
        return frozenset(one.name for one in self.fields)


def read_by_header(blocks: Blocks, header: Header, *, people: frozenset[str], figures: frozenset[str]) -> Played:
    """The match; `people` are the fields that name somebody, `figures` those that a measure is made of."""
    data = blocks.take(max((one.at + one.size for one in header.fields), default=0))
    for _ in blocks.records(1):
        pass  # a zip shows only at its end whether it is sound
    values: dict[str, Scalar] = {one.name: one.of(data) for one in header.fields}
    private = people | ({header.identity} if header.identity else set())
    # Not from the names: a digest of one is as good as the name to whoever tries a list of them.
    key = content_mark({name: value for name, value in values.items() if name not in private})
    started = moment(_number(values, header.started))
    if started is None:
        raise no_time()
    # A number may name somebody, too: an account has one.
    identity = str(values[header.identity] or "") if header.identity else ""
    return Played(
        key=key,
        started_at=started,
        lasted=within(timedelta(seconds=min(_number(values, header.seconds), _LONG)), started),
        whole=f"1 match, {len(header.fields)} fields",
        identity=identity or None,
        names=frozenset(str(values[name]) for name in private),
        participants=(
            Participant(
                id=LOCAL_PLAYER,
                name=identity or None,
                local=True,
                figures={
                    name: float(value)
                    for name, value in values.items()
                    if isinstance(value, int) and name in figures - private
                },
            ),
        ),
        facts={name: value for name, value in values.items() if name not in private},
    )


def _number(values: dict[str, Scalar], name: str | None) -> int:
    value = values[name] if name else None
    return value if isinstance(value, int) else 0
