"""Reads the text of a recipe and says what is wrong with it: where, and what was probably meant. Opens no file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from logferry_daemon.core.patterns import BadPattern, LinePattern
from logferry_daemon.recipes.match.recipe import MatchRecipe
from logferry_daemon.recipes.recipe import LineRule, Recipe
from logferry_daemon.recipes.sanity import guess, likely_word, values_mistaken
from logferry_daemon.recipes.stamps import PARTS
from logferry_daemon.recipes.taking import TYPE
from logferry_model.errors import Misconfigured

MATCH_FILE = "match-file"


def parse_recipe(text: str, *, origin: str) -> Recipe | MatchRecipe:
    """The recipe in `text`; Misconfigured names `origin`, the place and, for an unknown word, the likely one."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _bad(origin, f"is not TOML: {error}.") from error
    shape: type[Recipe | MatchRecipe] = MatchRecipe if data.get("format") == MATCH_FILE else Recipe
    if unknown := next(_unknown_keys(data, shape, ""), None):
        raise _bad(origin, unknown)
    try:
        recipe = msgspec.convert(data, shape)
        if mistake := next(_mistakes(recipe), None):
            raise _bad(origin, mistake)
    except msgspec.ValidationError as error:
        raise _bad(origin, _complaint(str(error), shape)) from error
    return recipe


def _complaint(said: str, shape: type[Recipe | MatchRecipe]) -> str:
    return said if said.endswith("?") else f"{said.rstrip('.')}{likely_word(said, shape)}"


def _bad(origin: str, what: str) -> Misconfigured:
    return Misconfigured("recipe-unreadable", f"The recipe {origin}: {what}", hint="Mend the recipe and try again.")


def _unknown_keys(data: Any, shape: Any, where: str) -> Iterator[str]:  # noqa: ANN401 -- any TOML value, any type form
    """A sentence for each key that no field of `shape` has, deepest last."""
    shape = _given(shape)
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
                yield f'unknown key "{key}" in [{where or "recipe"}]{guess(key, hints)}'
            else:
                yield from _unknown_keys(value, hints[key], f"{where}.{key}".lstrip("."))


def _given(shape: Any) -> Any:  # noqa: ANN401 -- any type form
    """What a field holds that may be left out."""
    inner = [one for one in get_args(shape) if one is not type(None)]
    return inner[0] if isinstance(shape, UnionType) and len(inner) == 1 else shape


def _mistakes(recipe: Recipe | MatchRecipe) -> Iterator[str]:
    """What is well-formed and cannot work."""
    yield from values_mistaken(recipe)
    if isinstance(recipe, MatchRecipe):
        return
    yield from _line(recipe)
    if recipe.format != "json-lines":
        yield from _types(recipe)
    yield from _shapes(recipe)
    if recipe.format == "text-lines":
        yield from _patterns(recipe)
        yield from _fields(recipe)
        yield from _begins(recipe)
    if isinstance(recipe, Recipe):
        yield from _private(recipe)


def _line(recipe: Recipe) -> Iterator[str]:
    if recipe.format == "json-lines" and not recipe.line.type:
        yield '[line] needs "type", the path of the type in a line.'
    if recipe.format != "json-lines" and not recipe.line.rule:
        yield "it needs [[line.rule]], or no line has a type."
    for rule in recipe.line.rule:
        if not TYPE.fullmatch(rule.type):
            yield f'"{rule.type}" cannot be a type: it has a letter first, then letters, digits and _.'
        if recipe.format == "text-lines" and not (rule.words or rule.contains or rule.pattern):
            yield f'the rule for "{rule.type}" needs "word", "contains" or "pattern", or every line is one.'
        if recipe.format == "json-blocks" and not (rule.has or rule.where):
            yield f'the rule for "{rule.type}" needs "has" or "where", or every block is one.'
    if any(rule.words for rule in recipe.line.rule) and not (recipe.line.word_after and recipe.line.word_until):
        yield '[line] needs "word_after" and "word_until", or no line has a word.'


def _types(recipe: Recipe) -> Iterator[str]:
    """Words that no line can have."""
    known = {rule.type for rule in recipe.line.rule}
    for where, word in _mentioned(recipe):
        if word not in known and word != "*":
            yield f'{where}: no [[line.rule]] has the type "{word}"{guess(word, known)}'


def _mentioned(recipe: Recipe) -> Iterator[tuple[str, str]]:
    for kind in recipe.session.kind:
        yield from (("session.kind", pattern.type) for pattern in (*kind.start, *kind.end))
    yield from (("session.between", word) for word in recipe.session.between)
    yield from (("session.identity", name.partition(".")[0]) for name in recipe.session.identity)
    yield from (("session.outcome", name.partition(".")[0]) for name in recipe.session.outcome.values())
    yield from (("privacy.names", name.partition(".")[0]) for name in recipe.privacy.names)
    yield from (("take", word) for word in recipe.take)
    for rule in recipe.measure:
        yield from ((f"measure {rule.name}", word) for word in (*rule.count, *rule.of))
    for figure in recipe.figure:
        yield from ((f"figure {figure.name}", word) for word in (*figure.count, *figure.sum))


def _shapes(recipe: Recipe) -> Iterator[str]:
    for shape in recipe.privacy.shapes:
        try:
            LinePattern(shape)
        except BadPattern as error:
            yield f'privacy.shapes: "{shape}" is not a pattern that RE2 knows: {error}.'


def _patterns(recipe: Recipe) -> Iterator[str]:
    every = {"line.time": recipe.line.time, "line.date_from": recipe.line.date_from}
    every |= {f'the pattern of "{rule.type}"': rule.pattern for rule in recipe.line.rule}
    for where, text in every.items():
        try:
            names = LinePattern(text).names if text else frozenset[str]()
        except BadPattern as error:
            yield f"{where} is not a pattern that RE2 knows: {error}."
            continue
        if where.startswith("line.") and (odd := next(iter(sorted(names - PARTS)), None)):
            yield f'{where}: a time has no part "{odd}"{guess(odd, PARTS)}'
        elif where == "line.time" and "hour" not in names:
            yield f'{where}: it needs named groups, at least "hour", as in (?P<hour>\\d\\d), or no line has a time.'


def _fields(recipe: Recipe) -> Iterator[str]:
    """Fields that no line of the type has."""
    known: dict[str, set[str]] = {}
    for rule in recipe.line.rule:
        known.setdefault(rule.type, set()).update(_fields_of(rule))
    for where, word, name in _wanted(recipe):
        if word in known and name not in known[word]:
            yield f'{where}: lines of type "{word}" have no field "{name}"{guess(name, known[word])}'


def _private(recipe: Recipe) -> Iterator[str]:
    """Places and texts that nothing takes: their names are wrong, and would protect nobody."""
    for key, names in (("locations", recipe.privacy.locations), ("texts", recipe.privacy.texts)):
        for name in set(names) - recipe.listing.fields:
            yield f'privacy.{key}: nothing takes "{name}"{guess(name, recipe.listing.fields)}'


def _begins(recipe: Recipe) -> Iterator[str]:
    """Columns that something is asked of and that nobody numbered."""
    for rule in recipe.line.rule:
        for name in rule.begins.keys() - rule.columns.keys():
            yield f'the rule for "{rule.type}": begins: it has no column "{name}"{guess(name, rule.columns)}'


def _fields_of(rule: LineRule) -> Iterator[str]:
    yield from LinePattern(rule.pattern).names if rule.pattern else ()
    yield from rule.columns


def _wanted(recipe: Recipe) -> Iterator[tuple[str, str, str]]:
    for word, take in recipe.take.items():
        figures = (
            take.amount,
            take.value,
            take.quantity,
            take.item,
            take.creature,
            take.skill,
            take.critical,
            take.who,
        )
        for name in (*take.fields, *(part for text in figures if text for part in re.split(r"[|+]", text))):
            yield f"take.{word}", word, name
    session = recipe.session
    for where, names in (
        ("session.identity", session.identity),
        ("session.outcome", session.outcome.values()),
        ("privacy.names", recipe.privacy.names),
    ):
        for name in names:
            word, _, key = name.partition(".")
            yield where, word, key
    for kind in session.kind:
        yield from ((f"session.kind {kind.name}", pattern.type, kind.key) for pattern in kind.start if kind.key)
        if len(kind.start) == 1:
            yield from ((f"session.kind {kind.name}.facts", kind.start[0].type, name) for name in kind.facts.values())
