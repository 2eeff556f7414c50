"""Lines that are JSON objects, and JSON objects that stand on several lines between other text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from logferry_daemon.core.identity import from_ms, parse_time
from logferry_daemon.core.lenient_json import Loaded, load
from logferry_daemon.core.reading import Trouble
from logferry_daemon.recipes.grammar import Glance, Parsed
from logferry_daemon.recipes.recipe import LineRule, Recipe, is_or_holds
from logferry_model.errors import Damaged

_BEGINS = frozenset(bytes([byte]) for byte in b'{["-0123456789tfnNI\xef')
"""First bytes of what may be JSON, or of a byte order mark before it."""
_PLACE = re.compile(r"-?[0-9]{1,6}")
_PLAIN = re.compile(r"[A-Za-z0-9_]+")
"""A text that is written in JSON as it is."""
_EARLIEST = 1e8
"""Seconds since 1970: a smaller number is a count of something else."""
_TICKS_TO_1970 = 621_355_968_000_000_000
"""Of 100 ns since the year 1, the unit of .NET."""


class JsonLines:
    """One JSON object a line; every line has a time and a type."""

    joins = glances = False
    days = 0
    beginnings: Sequence[bytes] = ()
    shift = timedelta()
    must_be_lines = True

    def __init__(self, recipe: Recipe) -> None:
        self._time = recipe.line.time
        self._type = recipe.line.type or ""

    def glance(self, line: bytes) -> Glance:
        """Every object must be read to be known."""
        return Glance.LOOK

    def parse(self, line: bytes) -> Parsed:
        """The object's time, type and fields; Damaged when it is none or lacks one of them."""
        loaded = _loaded(line)
        fields = Paths(_object(loaded.value))
        word, at = fields.get(self._type), moment(fields.get(self._time))
        if not isinstance(word, str) or at is None:
            raise Damaged("not-an-event", "no readable time or type.")
        return Parsed(word, at, at.isoformat(), fields, loaded.repairs)

    def is_whole(self, rest: bytes) -> bool:
        """An object that is closed cannot go on: only the newline is missing."""
        if not rest.endswith(b"}"):
            return False
        try:
            return isinstance(load(rest).value, dict)
        except Damaged:
            return False

    def passed(self, offset: int) -> None:
        """Every object has its own date."""

    def notes(self) -> Iterator[Trouble]:
        """None."""
        return iter(())


class JsonBlocks:
    """JSON objects on one line or several, between lines of other text that say nothing to us."""

    joins = True
    glances = False
    days = 0
    beginnings: Sequence[bytes] = ()
    shift = timedelta()
    must_be_lines = False

    def __init__(self, recipe: Recipe) -> None:
        self._time = recipe.line.time
        self._rules = recipe.line.rule
        self._wanted = tuple(_last_name(rule).encode() for rule in self._rules)
        self._last: datetime | None = None

    def glance(self, line: bytes) -> Glance:
        """Every object must be read to be known."""
        return Glance.LOOK

    def parse(self, line: bytes) -> Parsed | None:
        """The object's type by the first rule that fits; without a time of its own it has that of the one before."""
        if not any(name in line for name in self._wanted):
            return None
        loaded = _loaded(line)
        fields = Paths(_object(loaded.value))
        rule = next((rule for rule in self._rules if _fits(rule, fields)), None)
        if rule is None:
            return None
        self._last = moment(fields.get(self._time)) or self._last
        if self._last is None:
            raise Damaged("not-an-event", "no readable time.")
        return Parsed(rule.type, self._last, self._last.isoformat(), fields, loaded.repairs)

    def is_whole(self, rest: bytes) -> bool:
        """Never."""
        return False

    def passed(self, offset: int) -> None:
        """Every object has its own date."""

    def notes(self) -> Iterator[Trouble]:
        """None."""
        return iter(())


class Paths(Mapping[str, Any]):
    """A JSON value, asked by dotted paths; `*` is every item of a list, a number one of them.

    A key that has dots itself is found as it is.
    """

    def __init__(self, value: Any) -> None:  # noqa: ANN401 -- any JSON value
        self._value = value

    def __getitem__(self, path: str) -> Any:  # noqa: ANN401 -- any JSON value
        value = self._value
        if "." not in path and isinstance(value, dict):
            return value[path]  # by far the most, and asked of every line
        if isinstance(value, dict) and path in value:
            return value[path]
        return _at(value, path.split("."))

    def __iter__(self) -> Iterator[str]:
        return iter(self._value)

    def __len__(self) -> int:
        return len(self._value)


def _at(value: Any, path: Sequence[str]) -> Any:  # noqa: ANN401 -- any JSON value
    for number, name in enumerate(path):
        if name == "*" and isinstance(value, list):
            return list(_of_each(value, path[number + 1 :]))
        if isinstance(value, list) and _PLACE.fullmatch(name) and -len(value) <= int(name) < len(value):
            value = value[int(name)]
            continue
        if not isinstance(value, dict) or name not in value:
            raise KeyError(name)
        value = value[name]
    return value


def _of_each(items: Sequence[Any], rest: Sequence[str]) -> Iterator[Any]:
    """What stands there in each item that has it."""
    for item in items:
        try:
            yield _at(item, rest)
        except KeyError:
            continue


def _fits(rule: LineRule, fields: Mapping[str, Any]) -> bool:
    there = rule.has is None or fields.get(rule.has) is not None
    return there and all(is_or_holds(fields.get(path), value) for path, value in rule.where.items())


def _last_name(rule: LineRule) -> str:
    """A text that every block of the rule contains."""
    path, value = (rule.has, None) if rule.has else next(iter(rule.where.items()))
    if isinstance(value, str) and _PLAIN.fullmatch(value):
        return value
    names = [name for name in (path or "").split(".") if name != "*" and not _PLACE.fullmatch(name)]
    return names[-1] if names else ""


def moment(value: Any) -> datetime | None:  # noqa: ANN401 -- any JSON value
    """An ISO time, or a count since 1970 in seconds or milliseconds, or of .NET's ticks; None when it is none."""
    if isinstance(value, str) and not value.isdigit():
        return parse_time(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        return _counted(float(value))
    except (OverflowError, ValueError):
        return None


def _counted(number: float) -> datetime | None:
    if number < _EARLIEST:
        return None
    if number >= _TICKS_TO_1970:
        return from_ms(round((number - _TICKS_TO_1970) / 10_000)).astimezone(UTC)
    return from_ms(round(number if number >= 1e11 else number * 1000)).astimezone(UTC)


def _loaded(text: bytes) -> Loaded:
    if text[:1] not in _BEGINS:
        # Said without a look at the rest: a file of noise has millions of such lines.
        raise Damaged("not-json", "not JSON.")
    return load(text)


def _object(value: Any) -> Mapping[str, Any]:  # noqa: ANN401 -- any JSON value
    if not isinstance(value, dict):
        raise Damaged("not-an-event", "not a JSON object.")
    return value
