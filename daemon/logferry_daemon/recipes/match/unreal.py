"""The layout of a Rocket League replay: two sealed parts, the first of which begins with a list of properties. Pure.

Lengths, counts and depth are bounded before anything is believed; the second part is only checked for being there.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from logferry_daemon.recipes.match.blocks import Blocks
from logferry_model.errors import Damaged

MAX_HEADER = 2**20
MAX_BODY = 2**27
MAX_DEPTH = 8
MAX_TEXT = 4096
MAX_PROPERTIES = 50_000
MAX_ITEMS = 10_000
_FIRST_NET_VERSION = (866, 18)
"""Engine and licensee version from which on a third version follows."""
_LONE_KINDS = ("OnlinePlatform_Steam", "OnlinePlatform_PS4")
"""Kinds of byte that the game writes without their value."""
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_SEED = 0xEFCBF201

Properties = dict[str, Any]
"""Name -> number, text, truth, properties, or a list of properties."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What a replay tells about itself."""

    kind: str
    properties: Properties


def read_replay(blocks: Blocks) -> Replay:
    """The first part's properties; Damaged when either part is not whole."""
    header = _part(blocks, MAX_HEADER)
    replay = _Reader(header).replay()
    _part(blocks, MAX_BODY)
    return replay


def checksum(data: bytes) -> int:
    """The game's CRC-32: the usual polynomial, each byte from its other end, another seed."""
    return _turned(zlib.crc32(data.translate(_REVERSED), _turned(_SEED)))


def _turned(number: int) -> int:
    """32 bits from the other end."""
    return int(f"{number:032b}"[::-1], 2)


def _part(blocks: Blocks, limit: int) -> bytes:
    size, told = struct.unpack("<2I", blocks.take(8))
    if size > limit:
        raise _not_a_replay("it says that it is larger than any")
    data = blocks.take(size)
    if checksum(data) != told:
        raise Damaged("replay-damaged", "the replay is damaged: its content does not fit its checksum.")
    return data


def _not_a_replay(why: str) -> Damaged:
    return Damaged("not-a-replay", f"not a replay of Rocket League: {why}.")


class _Reader:
    """Walks once through the first part."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._count = 0

    def replay(self) -> Replay:
        """Versions, the kind of replay, properties."""
        engine, licensee = self._numbers("<2I")
        if (engine, licensee) >= _FIRST_NET_VERSION and licensee >= _FIRST_NET_VERSION[1]:
            self._numbers("<I")
        kind = self._text()
        if not kind.startswith("TAGame."):
            raise _not_a_replay("it is not one of the game's kinds")
        return Replay(kind=kind, properties=self._properties(MAX_DEPTH))

    def _properties(self, depth: int) -> Properties:
        if not depth:
            raise _not_a_replay("its properties are nested too deep")
        found: Properties = {}
        while (name := self._text()) != "None":
            self._count += 1
            if self._count > MAX_PROPERTIES:
                raise _not_a_replay("it has too many properties")
            kind = self._text()
            self._numbers("<2I")  # a size that the game gets wrong for bytes, and the place in an array
            found[name] = self._value(kind, depth)
        return found

    def _value(self, kind: str, depth: int) -> Any:  # noqa: ANN401 -- a value of any kind
        if kind == "ArrayProperty":
            (count,) = self._numbers("<I")
            if count > MAX_ITEMS:
                raise _not_a_replay("one of its lists is too long")
            return [self._properties(depth - 1) for _ in range(count)]
        if kind == "StructProperty":
            self._text()
            return self._properties(depth - 1)
        simple = self._SIMPLE.get(kind)
        if simple is None:
            raise _not_a_replay("it has a property of an unknown kind")
        return simple(self)

    def _numbers(self, layout: str) -> tuple[Any, ...]:
        return struct.unpack(layout, self._take(struct.calcsize(layout)))

    def _take(self, size: int) -> bytes:
        data = self._data[self._at : self._at + size]
        if len(data) < size:
            raise _not_a_replay("its properties stop in the middle")
        self._at += size
        return data

    def _text(self) -> str:
        (length,) = self._numbers("<i")
        if abs(length) > MAX_TEXT:
            raise _not_a_replay("one of its texts is too long")
        if length < 0:
            return self._take(-2 * length).decode("utf-16-le", "replace").rstrip("\0")
        return self._take(length).decode("cp1252", "replace").rstrip("\0")

    def _int(self) -> int:
        return int(self._numbers("<i")[0])

    def _big(self) -> int:
        return int(self._numbers("<Q")[0])

    def _float(self) -> float:
        return float(self._numbers("<f")[0])

    def _bool(self) -> bool:
        return self._take(1) != b"\0"

    def _byte(self) -> str:
        kind = self._text()
        if kind in _LONE_KINDS:
            return kind
        if kind == "None":
            self._take(1)
            return kind
        return self._text()

    _SIMPLE: Mapping[str, Callable[[_Reader], Any]] = {
        "IntProperty": _int,
        "QWordProperty": _big,
        "FloatProperty": _float,
        "BoolProperty": _bool,
        "ByteProperty": _byte,
        "StrProperty": _text,
        "NameProperty": _text,
    }
