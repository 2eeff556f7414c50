"""Looks things up in JSON whose shape varies: fields under several names, nested or not, times written in several ways.

Gives what is there or None; never guesses, never raises for a wrong type. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from logferry_daemon.core.figure import figure
from logferry_daemon.core.identity import EPOCH, YEARS, from_ms, parse_time
from logferry_daemon.core.lenient_json import Loaded, NotJson, load, looks_unfinished
from logferry_daemon.core.reading import Reading, Trouble
from logferry_model.errors import Damaged

Object = dict[str, Any]
MAX_TEXT = 200
MAX_MS = 4 * 10**12
"""Larger numbers are no time in milliseconds: the year 2096."""
MAX_S = 4 * 10**9
_SAFE_ID = re.compile(
    r"(?:(?:bot|combat|crafting|desktop|log|mobile|putt|quest|run|session|swg|web)[_-])*"
    r"(?:\d[\dT:._-]{0,30}Z?|[0-9a-f]{16,64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})",
    re.IGNORECASE,
)
_STAMP = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)[T_ -]?(\d\d)[:-]?(\d\d)[:-]?(\d\d)(?:[._]\d+)?")


def is_safe_id(text: str) -> bool:
    """Whether a program made this id: of numbers, times or chance. Anything else was typed and may name somebody."""
    return _SAFE_ID.fullmatch(text) is not None


def opened(data: bytes) -> Loaded | Reading:
    """The JSON document in `data`, or what to say of bytes that hold none."""
    if not data.strip(b"\0 \r\n\t"):
        return Reading(troubles=(Trouble(code="empty", message="the file is empty."),), unfinished=True)
    try:
        return load(data)
    except NotJson as error:
        trouble = Trouble(code=error.code, message=error.message)
        return Reading(troubles=(trouble,), unfinished=looks_unfinished(data))
    except Damaged as error:
        return Reading(troubles=(Trouble(code=error.code, message=error.message),))


def repaired(repairs: int) -> Iterator[Trouble]:
    """What to say of values that JSON does not know."""
    if repairs:
        yield Trouble(code="repaired", message=f"{repairs} value(s) such as NaN are not JSON; they count as not given.")


def layers(document: Object, *names: str) -> Sequence[Object]:
    """The document and those of its parts that hold fields of it in some releases, in the order of `names`."""
    found = [document]
    for name in names:
        found += [inner for outer in tuple(found) if isinstance(inner := outer.get(name), dict)]
    return found


def values(sources: Iterable[Object], *keys: str) -> Iterator[Any]:
    """What stands under any of `keys`, nulls left out: the first key of the first source comes first."""
    for source in sources:
        for key in keys:
            if source.get(key) is not None:
                yield source[key]


def text(sources: Iterable[Object], *keys: str) -> str | None:
    """The first text that is not empty."""
    return next(
        (one.strip()[:MAX_TEXT] for one in values(sources, *keys) if isinstance(one, str) and one.strip()), None
    )


def number(sources: Iterable[Object], *keys: str) -> float | None:
    """The first number, also one that was written as text."""
    return next((one for value in values(sources, *keys) if (one := as_number(value)) is not None), None)


def as_number(value: Any) -> float | None:  # noqa: ANN401 -- any JSON value
    """A number, or a text that is one: `12`, `12.5`, `12.5%`, `1,250`."""
    if not isinstance(value, str):
        return figure(value)
    try:
        return figure(float(value.strip().removesuffix("%").replace(",", "")))
    except ValueError:
        return None


def objects(sources: Iterable[Object], *keys: str) -> list[Object]:
    """All objects of the first list, or of the first object's values."""
    for value in values(sources, *keys):
        if isinstance(value, list):
            return [item for item in value if isinstance(item, dict)]
    return []


def moment(sources: Iterable[Object], *keys: str, zone: tzinfo | None = None) -> datetime | None:
    """The first time."""
    return next((at for value in values(sources, *keys) if (at := as_moment(value, zone)) is not None), None)


def as_moment(value: Any, zone: tzinfo | None = None) -> datetime | None:  # noqa: ANN401 -- any JSON value
    """An ISO time, a stamp as in file names, or a number of seconds or milliseconds; aware UTC to the millisecond.

    A time without a zone is in `zone`, None being this computer's.
    """
    if isinstance(value, dict):
        return as_moment(value.get("$date"), zone)
    if isinstance(value, str):
        return _from_text(value.strip(), zone)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not 0 < value < MAX_MS:
        return None
    return from_ms(round(value * 1000 if value < MAX_S else value))


def from_stamp(stamp: str, zone: tzinfo | None = None) -> datetime | None:
    """The time that a file was named for: `20250901_050900`, or seconds or milliseconds since 1970."""
    digits = stamp.rpartition("_")[2]
    if digits.isascii() and digits.isdigit() and len(digits) in {10, 13}:
        return as_moment(int(digits))
    found = _STAMP.search(stamp)
    return _from_iso(_dashed(found), zone) if found else None


def later(start: datetime, length: timedelta) -> datetime:
    """`start` and so much later, or earlier; `start` itself where that leads out of the calendar."""
    try:
        moved = start + length
    except OverflowError:
        return start
    return moved if moved.year in YEARS and moved >= EPOCH else start


def _from_text(value: str, zone: tzinfo | None) -> datetime | None:
    if value.isascii() and value.isdigit():
        return from_stamp(value, zone)
    found = _STAMP.fullmatch(value)
    return _from_iso(value, zone) or (_from_iso(_dashed(found), zone) if found else None)


def _dashed(stamp: re.Match[str]) -> str:
    return "{}-{}-{}T{}:{}:{}".format(*stamp.groups())


def _from_iso(value: str, zone: tzinfo | None) -> datetime | None:
    try:
        at = datetime.fromisoformat(value)
        aware = at if at.tzinfo else at.replace(tzinfo=zone) if zone else at.astimezone(UTC)
    except (ValueError, OverflowError, OSError):  # the last two where the calendar of the system does not reach
        return None
    return parse_time(aware.isoformat())
