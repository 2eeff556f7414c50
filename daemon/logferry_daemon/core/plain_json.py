"""Reads JSON in which nothing has to be repaired or refused, some times faster than what can do both. Pure.

Nearly every document is like that. Of any doubt it says so, and lenient_json.py reads the document over again: what
is told here is what would be told there.
"""

from __future__ import annotations

from itertools import chain
from typing import Any

import msgspec

DOUBTFUL: Any = object()
"""Instead of a value."""
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What msgspec raises of bytes that are not what it was asked for."""
_BLANKS = b" \t\r\n"
_KEY = b'":'
"""Once blanks are gone, in texts as well, there is at least one for every key."""
_ZEROS = bytes(ord("0") if chr(byte) in "0123456789" else byte for byte in range(256))
_MANY_DIGITS = b"0" * 19
"""A whole number that does not fit into 64 bits has as many at least."""
_HOLDS = (dict, list)
_FLAT = frozenset({str, int, float, bool, type(None)})


def plain(data: bytes, max_depth: int) -> Any:  # noqa: ANN401 -- any JSON value
    """The value in `data`, or DOUBTFUL.

    It is as it stands there: no key twice in one object, no number out of bounds, no sign that cannot be sent on,
    nothing nested deeper than `max_depth`.
    """
    flat = data.translate(_ZEROS, _BLANKS)
    if holds_nul(data) or _MANY_DIGITS in flat:
        return DOUBTFUL
    try:
        value = msgspec.json.decode(data)
    except UNREADABLE:
        return DOUBTFUL
    return value if _keys(value, max_depth) == flat.count(_KEY) else DOUBTFUL


def holds_nul(data: bytes) -> bool:
    """Whether there may be a NUL in a text, which is never sent on."""
    return b"\\" in data and b"\\u0000" in data


def keys_written(data: bytes) -> int:
    """How many keys there are in all objects at least, the same ones counted again."""
    return data.translate(None, _BLANKS).count(_KEY)


def _keys(value: Any, max_depth: int) -> int:  # noqa: ANN401 -- any JSON value
    """How many keys there are; -1 where it is nested too deep."""
    number, level = 0, [value] if isinstance(value, _HOLDS) else []
    # All of one depth at a time, and of one kind: a call for each would be most of the time.
    while level and max_depth:
        objects = [one for one in level if type(one) is dict]
        arrays = [one for one in level if type(one) is list] if len(objects) < len(level) else ()
        number += sum(map(len, objects))
        values = [*chain.from_iterable(map(dict.values, objects)), *chain.from_iterable(arrays)]
        # Most of a document is no object, and where none is, nothing is looked at one by one.
        level = [] if _FLAT.issuperset(map(type, values)) else [one for one in values if type(one) in _HOLDS]
        max_depth -= 1
    return -1 if level else number
