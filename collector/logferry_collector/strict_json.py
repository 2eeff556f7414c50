"""Decides whether a document is JSON that every database and every reader understands alike. Repairs nothing.

Python's own loader takes more than JSON: it reads 1e999 as infinity, keeps the last of two equal
keys, lets half a surrogate pair through and builds integers no column can hold. Each of those is
refused here, so that a document has one verdict on SQLite and on PostgreSQL.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable
from itertools import accumulate
from typing import Any, NoReturn

from logferry_collector.limits import Limits
from logferry_collector.rejections import Unacceptable, unacceptable
from logferry_model.envelope import FieldProblem

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1

_STRING = re.compile(rb'"[^"]*"?')
_SUSPECT_NUMBER = re.compile(rb"[0-9]{19}|[eE][+-]?[0-9]{3}|NaN|Infinity")
"""Every number that does not fit has 19 digits or an exponent of three; looked for outside strings."""
_NOT_STRUCTURE = bytes(set(range(256)) - set(b"[]{},"))
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


class _Repeated:
    """Stands where an object with two equal keys was."""

    def __init__(self, key: str) -> None:
        self.key = key


class _Defect(Exception):
    """A refused value on its way up; every level it passes adds its own step to the pointer."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.steps: list[str] = []

    @property
    def pointer(self) -> str:
        """RFC 6901."""
        return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in reversed(self.steps))


def check_json(document: bytes, limits: Limits) -> None:
    """Return if `document` is strict JSON within the limits, or raise Unacceptable saying where it is not."""
    frame = _without_strings(document)
    _check_outline(frame, limits)
    parsed, keys_differ = _parse(document)
    if keys_differ and not _is_suspect(document, frame, limits):
        return
    try:
        _check(parsed, limits.string_bytes)
    except _Defect as defect:
        raise unacceptable("json-invalid", _printable(defect.pointer), defect.reason) from None


def _without_strings(document: bytes) -> bytes:
    """Everything that stands outside strings.

    Escapes go first, so that every quote left opens or closes a string. Each step is one linear
    pass; one regular expression for all of it would be quadratic on a run of escaped quotes.
    """
    return _STRING.sub(b"", document.replace(rb"\\", b"").replace(rb"\"", b""))


def _check_outline(frame: bytes, limits: Limits) -> None:
    """Depth and size, counted on the bytes: a parser must not meet 100,000 brackets to say no."""
    outline = frame.translate(None, _NOT_STRUCTURE)
    if len(outline) > limits.json_tokens:
        _refuse(f"more than {limits.json_tokens} brackets and commas")
    brackets = outline.translate(None, b",")
    if max(accumulate(map(_STEP.__getitem__, brackets)), default=0) > limits.json_depth:
        _refuse(f"nested deeper than {limits.json_depth}")


def _is_suspect(document: bytes, frame: bytes, limits: Limits) -> bool:
    r"""Whether any value could be refused: only then is it worth looking at each of them.

    Half a surrogate pair and a NUL can only be written as \u escapes, the parser refuses them raw.
    """
    too_long = len(document) > limits.string_bytes
    return too_long or rb"\u" in document or _SUSPECT_NUMBER.search(frame) is not None


def _parse(document: bytes) -> tuple[object, bool]:
    """The document, and whether all its keys differ."""
    repeated: list[_Repeated] = []

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any] | _Repeated:
        built = dict(pairs)
        if len(built) == len(pairs):
            return built
        repeated.append(_Repeated(Counter(key for key, _ in pairs).most_common(1)[0][0]))
        return repeated[-1]

    try:
        return json.loads(document.decode("utf-8"), object_pairs_hook=build, parse_constant=_constant), not repeated
    except UnicodeDecodeError as error:
        _refuse(f"not UTF-8 at byte {error.start}")
    except json.JSONDecodeError as error:
        _refuse(f"{error.msg} at character {error.pos}")
    except ValueError:
        # Python refuses to build integers of more than 4,300 digits.
        _refuse("an integer beyond 64 bits")


def _constant(name: str) -> float:
    return math.nan if name == "NaN" else math.inf


def _check(value: object, longest: int) -> None:
    check = _CHECKS.get(type(value))
    if check is not None:
        check(value, longest)


def _check_dict(value: dict[str, Any], longest: int) -> None:
    key = ""
    try:
        for key, item in value.items():
            _check_text(key, longest)
            _check(item, longest)
    except _Defect as defect:
        defect.steps.append(key)
        raise


def _check_list(value: list[Any], longest: int) -> None:
    checked = 0
    try:
        for item in value:
            _check(item, longest)
            checked += 1
    except _Defect as defect:
        defect.steps.append(str(checked))
        raise


def _check_text(value: str, longest: int) -> None:
    if "\0" in value:
        raise _Defect("a NUL character")
    if not value.isascii():
        try:
            size = len(value.encode())
        except UnicodeEncodeError:
            raise _Defect("half of a surrogate pair") from None
    else:
        size = len(value)
    if size > longest:
        raise _Defect(f"a string of more than {longest} bytes")


def _check_int(value: int, _longest: int) -> None:
    if not INT64_MIN <= value <= INT64_MAX:
        raise _Defect("an integer beyond 64 bits")


def _check_float(value: float, _longest: int) -> None:
    if not math.isfinite(value):
        raise _Defect("not a finite number")


def _check_repeated(value: _Repeated, _longest: int) -> None:
    raise _Defect(f'the key "{_printable(value.key)}" stands there twice')


_CHECKS: dict[type, Callable[[Any, int], None]] = {
    dict: _check_dict,
    list: _check_list,
    str: _check_text,
    int: _check_int,
    float: _check_float,
    _Repeated: _check_repeated,
}


def _refuse(reason: str) -> NoReturn:
    raise Unacceptable(
        "json-invalid", f"The document: {reason}.", errors=(FieldProblem(pointer="", reason=reason),)
    ) from None


def _printable(text: str) -> str:
    """What the client sent, safe to send back: short, and without half surrogate pairs."""
    return text[:200].encode("ascii", "backslashreplace").decode("ascii")
