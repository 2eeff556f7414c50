"""Values of a recipe that are of the right type and can never work: one sentence for each. Pure."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from encodings.aliases import aliases
from typing import Any, Literal, get_args, get_origin, get_type_hints

from msgspec import Struct

from logferry_daemon.recipes.match.recipe import MatchRecipe
from logferry_daemon.recipes.recipe import MeasureRule, Recipe, parse_duration
from logferry_model.errors import Misconfigured

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_MAX_NAME = 64
_MAX_FIELD = 80
_ASCII = bytes(set(range(32, 127)) - set(b"\\")) + b"\\n"
"""All of it, and what some codecs take for a sign of their own."""
_ENUM = re.compile(r"Invalid enum value '(?P<word>.*)' - at `(?:key` in `)?.*?(?P<key>\w+)(?:\[[^\]`]*\])*`", re.DOTALL)


def values_mistaken(recipe: Recipe | MatchRecipe) -> Iterator[str]:
    """What of it cannot work, whatever the log holds."""
    if len(recipe.name) > _MAX_NAME or not _NAME.fullmatch(recipe.name):
        yield f'name: "{recipe.name}" is no name of a recipe: small letters and digits, with dashes between them.'
    if not recipe.files.patterns or not all(pattern.strip() for pattern in recipe.files.patterns):
        yield "files.patterns: without a pattern no file is one of this game."
    for key, least in (("max_bytes", 1), ("max_line_bytes", 1), ("max_member_bytes", 1), ("min_bytes", 0)):
        value = getattr(recipe.files, key, least)
        if value < least:
            yield f"files.{key}: {value} is too small: it is at least {least}."
    yield from _doubled("measure", [rule.name for rule in recipe.measure])
    if isinstance(recipe, Recipe):
        yield from _of_lines(recipe)
        for name in sorted({*recipe.listing.fields, *recipe.listing.groups}):
            yield from _unreadable("a field or a fact", name)
    elif recipe.header is not None:
        for name in sorted(recipe.header.names):
            yield from _unreadable("a field of the header", name)


def _of_lines(recipe: Recipe) -> Iterator[str]:
    yield from _durations(recipe)
    yield from _encoding(recipe.files.encoding)
    if not recipe.session.kind:
        yield "session.kind: without a kind no session begins."
    for kind in recipe.session.kind:
        if not kind.start:
            yield f"session.kind {kind.name}: start is empty, so none begins."
    for rule in recipe.measure:
        yield from _measure(rule)
    yield from _doubled("figure", [figure.name for figure in recipe.figure])
    for figure in recipe.figure:
        if not figure.count and not figure.sum:
            yield f'figure {figure.name}: it needs "count" or "sum", or it is always 0.'


def _unreadable(what: str, name: str) -> Iterator[str]:
    """Whoever agrees to what is sent reads these names, in one line with others."""
    if not name.isprintable() or name != name.strip() or not 0 < len(name) <= _MAX_FIELD:
        yield f"{name[:_MAX_FIELD]!r} cannot be {what}: one readable line, of at most {_MAX_FIELD} characters, can."


def _durations(recipe: Recipe) -> Iterator[str]:
    flavours = ((f"flavour.{one.name}.silence", one.silence) for one in recipe.flavour)
    for where, text in (("session.silence", recipe.session.silence), ("session.gap", recipe.session.gap), *flavours):
        try:
            if text is not None and not parse_duration(text):
                yield f"{where}: {text} would cut the log at every line."
        except Misconfigured as error:
            yield f"{where}: {error.message} {error.hint}"


def _encoding(name: str) -> Iterator[str]:
    """Only one that writes ASCII as it is can be of a log whose lines are found by their bytes."""
    try:
        known = _ASCII.decode(name) == _ASCII.decode("ascii")
        b"\xe9 \xff".decode(name, "replace")
    except (LookupError, ValueError):
        known = False
    if not known:
        names = {alias.replace("_", "-") for alias in (*aliases, *aliases.values())} | {"cp1252", "utf-8"}
        yield f'files.encoding: "{name}" is no encoding of text lines{guess(name, names)}'


def _measure(rule: MeasureRule) -> Iterator[str]:
    if rule.count and (rule.sum or rule.of):
        yield f'measure {rule.name}: it has both "count" and "sum"; make two of it.'
    elif rule.sum and not rule.of:
        yield f'measure {rule.name}: "of" is missing: the types whose {rule.sum} is summed.'
    elif rule.of and not rule.sum:
        yield f'measure {rule.name}: "sum" is missing: the amount, the value or the quantity of the types in "of".'
    elif not rule.count and not rule.sum:
        yield f'measure {rule.name}: it needs "count", or "sum" and "of", or it is always 0.'


def _doubled(what: str, names: Sequence[str]) -> Iterator[str]:
    for name, times in Counter(names).items():
        if times > 1:
            yield f"{what} {name}: {times} of them have this name; give each its own."


def guess(word: str, known: Iterable[str]) -> str:
    """What was probably meant, as the end of a sentence."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f'; did you mean "{near[0]}"?' if near else "."


def likely_word(message: str, shape: type[Struct]) -> str:
    """To a complaint about a word that is none of a few, which of them was probably meant; else the end of it."""
    found = _ENUM.match(message)
    words = sorted(set(_words_of(shape, found["key"]))) if found else []
    if found is None or not words:
        return "."
    said = guess(found["word"], words)
    return said if said != "." else f"; it is one of {', '.join(words)}."


def _words_of(shape: Any, key: str) -> Iterator[str]:  # noqa: ANN401 -- any type form
    """The words that a field of this name may hold, wherever in `shape` it is."""
    if isinstance(shape, type) and issubclass(shape, Struct):
        for name, hint in get_type_hints(shape).items():
            if name == key:
                yield from _literals(hint)
            yield from _words_of(hint, key)
    else:
        for inner in get_args(shape) if get_origin(shape) is not Literal else ():
            yield from _words_of(inner, key)


def _literals(hint: Any) -> Iterator[str]:  # noqa: ANN401 -- any type form
    if get_origin(hint) is Literal:
        yield from get_args(hint)
    for inner in get_args(hint) if get_origin(hint) is not Literal else ():
        yield from _literals(inner)
