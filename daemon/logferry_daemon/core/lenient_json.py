"""Reads the JSON that trackers write: bounded, repaired where a repair is safe, refused with a reason otherwise.

Python trackers write NaN; games write lone surrogates and NUL. Each repair is counted, so that what is sent always
passes a collector that repairs nothing. Pure: bytes in, values out.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from dataclasses import dataclass
from typing import Any

from logferry_daemon.core.plain_json import DOUBTFUL, plain
from logferry_model.errors import Damaged

MAX_DEPTH = 64
_LOWEST, _HIGHEST = -(2**63), 2**63 - 1
_WORDS = ("true", "false", "null", "NaN", "Infinity", "-Infinity")
_CUT_NUMBERS = frozenset({".", "e", "E", "e+", "e-", "E+", "E-"})
"""What a number that is cut off leaves over; a lone minus sign begins a word, too."""
_CUT_ESCAPE = re.compile(r"\\u[0-9a-fA-F]{0,4}\Z")
_UNSENDABLE = re.compile("[\x00\ud800-\udfff]")
_ESCAPED = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
"""What may become such a sign; without any, no text has to be looked at one by one."""
_HOLDS = (dict, list)

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Loaded:
    """A document and how many of its values had to be repaired."""

    value: Any
    repairs: int = 0


class NotJson(Damaged):
    """The bytes are not one JSON document."""

    def __init__(self, message: str) -> None:
        super().__init__("not-json", message)


def load(data: bytes | str) -> Loaded:
    """The JSON document in `data`, or Damaged with `not-json`, `duplicate-key`, `too-deep` or `number-too-big`."""
    value = plain(data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass"), MAX_DEPTH)
    return carefully(data) if value is DOUBTFUL else Loaded(value)


def carefully(data: bytes | str) -> Loaded:
    """The same, of what may need a repair."""
    text = data if isinstance(data, str) else _text(data)
    repair = _Repair()
    try:
        value = _decoder(repair).decode(text)
    except json.JSONDecodeError as error:
        raise NotJson(f"not JSON at line {error.lineno} column {error.colno}: {error.msg.lower()}.") from error
    except RecursionError as error:
        raise _too_deep() from error
    if _UNSENDABLE.search(text) or _ESCAPED.search(text):
        value = _checked(value, repair, MAX_DEPTH)
    else:
        _check_depth(value, MAX_DEPTH)
    return Loaded(value, repair.count)


def looks_unfinished(data: bytes) -> bool:
    """Whether `data` may be the first part of a document that is still being written: nothing is wrong but its end."""
    if data.rstrip(b" \t\r\n").endswith(b"\x00"):
        return True  # room was made for what is still to come
    try:
        # An incremental decoder waits for the rest of a character that is cut off.
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(data)
    except UnicodeDecodeError:
        return False
    return _is_cut_off(text)


def _is_cut_off(text: str) -> bool:
    try:
        json.JSONDecoder(strict=False, parse_int=str).decode(text)
    except json.JSONDecodeError as error:
        rest = text[error.pos :]
        if error.msg.startswith("Invalid \\u"):
            return _CUT_ESCAPE.search(text) is not None
        in_text = error.msg.startswith("Unterminated string")
        return in_text or rest in _CUT_NUMBERS or any(word.startswith(rest) for word in _WORDS)
    except RecursionError:
        return False
    return False


class _Repair:
    """Counts the repairs of one document."""

    def __init__(self) -> None:
        self.count = 0

    def constant(self, _: str) -> None:
        self.count += 1

    def number(self, text: str) -> float | None:
        value = float(text)
        if math.isfinite(value):
            return value
        self.count += 1
        return None

    def text(self, value: str) -> str:
        fixed, times = _UNSENDABLE.subn("\N{REPLACEMENT CHARACTER}", value)
        self.count += bool(times)
        return fixed


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotJson(f"not text: byte {error.start} is not UTF-8.") from error


def _decoder(repair: _Repair) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=_unique,
        parse_constant=repair.constant,
        parse_float=repair.number,
        parse_int=_bounded,
        strict=False,
    )


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _twice()
    return found


def _bounded(text: str) -> int:
    value = int(text) if len(text) <= len(str(_LOWEST)) else _HIGHEST + 1
    if not _LOWEST <= value <= _HIGHEST:
        raise Damaged("number-too-big", "a whole number does not fit into 64 bits.")
    return value


def _checked(value: Any, repair: _Repair, depth: int) -> Any:  # noqa: ANN401 -- any JSON value
    if isinstance(value, str):
        return repair.text(value)
    if not isinstance(value, dict | list):
        return value
    if depth == 0:
        raise _too_deep()
    if isinstance(value, list):
        return [_checked(item, repair, depth - 1) for item in value]
    repaired = {repair.text(key): _checked(item, repair, depth - 1) for key, item in value.items()}
    if len(repaired) != len(value):
        raise _twice()
    return repaired


def _check_depth(value: Any, depth: int) -> None:  # noqa: ANN401 -- any JSON value
    if not isinstance(value, _HOLDS):
        return
    if depth == 0:
        raise _too_deep()
    for item in value.values() if isinstance(value, dict) else value:
        # Asked here, too: most of a document is no object, and a call for each would be most of the time.
        if isinstance(item, _HOLDS):
            _check_depth(item, depth - 1)


def _twice() -> Damaged:
    # Which key is not said: a key is content, and content stays out of messages.
    return Damaged("duplicate-key", "one of its objects has the same key twice.")


def _too_deep() -> Damaged:
    return Damaged("too-deep", f"nested deeper than {MAX_DEPTH} levels.")
