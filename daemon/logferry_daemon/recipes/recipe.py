"""What a recipe may say, and how its text is read. A recipe is data: a new game needs no Python. Opens no file."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct, field

from logferry_model.errors import Misconfigured

_DURATION = re.compile(r"([0-9]{1,6})\s*([smhd])")
_UNIT = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Pattern(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lines of one type, and of those only the ones whose fields have these values."""

    type: str
    where: dict[str, str | int | float | bool] = field(default_factory=dict)

    def fits(self, word: str, line: Mapping[str, Any]) -> bool:
        """Whether a line of type `word` with these fields is meant."""
        return word == self.type and all(line.get(key) == value for key, value in self.where.items())


class Files(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which files, where, and how large they may be."""

    patterns: tuple[str, ...]
    max_bytes: int = 128 * 2**20
    max_line_bytes: int = 2**20
    paths: dict[Literal["windows", "macos", "linux"], tuple[str, ...]] = field(default_factory=dict)


class Line(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a line says when and what."""

    time: str
    type: str


class SessionRules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a session begins and ends, and whose it is."""

    start: Pattern
    end: tuple[Pattern, ...] = ()
    between: tuple[str, ...] = ()
    """Line types that belong to no session and open no closed one again."""
    silence: str | None = None
    """As "30m": nothing written for so long ends a session."""
    processes: tuple[str, ...] = ()
    identity: str | None = None
    """The field of the starting line that names the player."""
    facts: dict[str, str] = field(default_factory=dict)
    """Fact -> field of the starting line."""


class Privacy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the log names people, as `Type.Field`."""

    names: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    """What the log puts before a name, as "CMDR "; the name alone is looked for, too."""

    def __post_init__(self) -> None:
        """A name that says no field would protect nobody, and nothing would show it."""
        for name in self.names:
            if not all(name.partition(".")):
                raise ValueError(f'"{name}" is not of the form Type.Field')


class Take(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may leave of one line type. `A|B` takes the first of two fields that is there."""

    fields: tuple[str, ...] = ()
    amount: str | None = None
    value: str | None = None
    quantity: str | None = None
    item: str | None = None
    creature: str | None = None
    loot: bool = False
    """Counts in the loot table."""


class MeasureRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One figure: how many events of some types, or the sum of a number over them."""

    name: str
    label: str
    unit: str = ""
    count: tuple[str, ...] = ()
    sum: Literal["amount", "value", "quantity"] | None = None
    of: tuple[str, ...] = ()


class Recipe(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One game."""

    name: str
    title: str
    format: Literal["json-lines"]
    files: Files
    line: Line
    session: SessionRules
    privacy: Privacy = field(default_factory=Privacy)
    take: dict[str, Take] = field(default_factory=dict)
    measure: tuple[MeasureRule, ...] = ()

    @property
    def silence(self) -> timedelta | None:
        """The parsed `session.silence`."""
        return parse_duration(self.session.silence) if self.session.silence else None


def parse_duration(text: str) -> timedelta:
    """`90s`, `30m`, `12h` or `2d`; Misconfigured when it is none of them."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise Misconfigured(
            "duration-unreadable", f'"{text}" is not a duration.', hint="Write it like 90s, 30m or 12h."
        )
    return timedelta(**{_UNIT[found[2]]: int(found[1])})


def parse_recipe(text: str, *, origin: str) -> Recipe:
    """The recipe in `text`; Misconfigured names `origin`, the place and, for an unknown key, the likely one."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _bad(origin, f"is not TOML: {error}.") from error
    if unknown := next(_unknown_keys(data, Recipe, ""), None):
        raise _bad(origin, unknown)
    try:
        recipe = msgspec.convert(data, Recipe)
        parse_duration(recipe.session.silence or "1s")
    except (msgspec.ValidationError, Misconfigured) as error:
        raise _bad(origin, f"{str(error).rstrip('.')}.") from error
    return recipe


def _bad(origin: str, what: str) -> Misconfigured:
    return Misconfigured("recipe-unreadable", f"The recipe {origin}: {what}", hint="Mend the recipe and try again.")


def _unknown_keys(data: Any, shape: Any, where: str) -> Iterator[str]:  # noqa: ANN401 -- any TOML value, any type form
    """A sentence for each key that no field of `shape` has, deepest last."""
    if isinstance(data, list) and get_args(shape):
        for item in data:
            yield from _unknown_keys(item, get_args(shape)[0], where)
    elif isinstance(data, dict) and get_origin(shape) is dict:
        for key, value in data.items():
            yield from _unknown_keys(value, get_args(shape)[1], f"{where}.{key}".lstrip("."))
    elif isinstance(data, dict) and isinstance(shape, type) and issubclass(shape, Struct):
        hints = get_type_hints(shape)
        for key, value in data.items():
            if key not in hints:
                near = difflib.get_close_matches(key, hints, n=1)
                guess = f'; did you mean "{near[0]}"?' if near else "."
                yield f'unknown key "{key}" in [{where or "recipe"}]{guess}'
            else:
                yield from _unknown_keys(value, hints[key], f"{where}.{key}".lstrip("."))
