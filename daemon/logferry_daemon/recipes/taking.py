"""From the fields of a line to an event: what the recipe lists, and nothing else. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from logferry_daemon.core.figure import figure
from logferry_daemon.core.identity import to_ms
from logferry_daemon.core.patterns import LinePattern
from logferry_daemon.recipes.grammar import Parsed
from logferry_daemon.recipes.recipe import Recipe, Take
from logferry_model.session import Event, Scalar

MAX_TEXT = 200
TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_NO = frozenset({None, 0, "", "0", "nil", "false"})
"""False is 0."""
_NOTHING = Take()


def event_of(parsed: Parsed, at: datetime, take: Take | None, participant: str | None) -> Event:
    """The event that a line becomes; a line type that the recipe does not list leaves with its time alone."""
    if take is None:
        return Event(at=to_ms(at), type=safe(parsed.word))
    fields = parsed.fields
    quantity = number_in(fields, take.quantity)
    return Event(
        at=to_ms(at),
        type=safe(parsed.word),
        amount=number_in(fields, take.amount),
        value=number_in(fields, take.value),
        quantity=None if quantity is None else int(quantity),
        item=_text(fields, take.item),
        creature=_text(fields, take.creature),
        skill=_text(fields, take.skill),
        critical=take.critical is not None and fields.get(take.critical) not in _NO,
        participant=participant,
        fields={key: scalar(fields[key]) for key in take.fields if _is_scalar(fields.get(key))},
    )


def safe(word: str) -> str:
    """The type of a line; one that does not look like a type could be anything, so it is kept as `other`."""
    return word if TYPE.fullmatch(word) else "other"


def scalar(value: Any) -> Scalar:  # noqa: ANN401 -- any JSON value
    """A value that may stand in a session: cut when it is a long text, nothing when it is a list or an object."""
    if isinstance(value, str):
        return value[:MAX_TEXT]
    return value if isinstance(value, int | float) else None


def facts_of(fields: Mapping[str, Any], wanted: Mapping[str, str]) -> dict[str, Scalar]:
    """Fact -> value, of those fields that are there."""
    return {fact: scalar(fields[key]) for fact, key in wanted.items() if fields.get(key) is not None}


class Names:
    """Whom the lines of a log name, by its recipe."""

    def __init__(self, recipe: Recipe) -> None:
        self._fields = by_type((*recipe.privacy.names, *recipe.session.identity))
        self._titles = recipe.privacy.titles
        self._tails = recipe.privacy.tails
        self._shapes = [LinePattern(shape) for shape in recipe.privacy.shapes]
        self._taken = _taken(recipe) if self._shapes else {}

    def named(self, parsed: Parsed) -> Iterator[str]:
        """Every name in a line, with its title and without; not of whoever did it, see `forms`."""
        for key in self._fields.get(parsed.word, ()):
            for name in _texts(parsed.fields.get(key)):
                yield from self.forms(name)
        for key in self._taken.get(parsed.word, ()):
            for text in _texts(parsed.fields.get(key)):
                if any(shape.fields(text.encode("utf-8", "replace")) is not None for shape in self._shapes):
                    yield text

    def forms(self, name: str) -> Iterator[str]:
        """A name as it stands, and without what the log puts before and after it."""
        yield name
        yield from self._alone(name)

    def _alone(self, name: str) -> Iterator[str]:
        for title in self._titles:
            if name[: len(title)].casefold() == title.casefold():
                yield name[len(title) :].rstrip(";")
        for tail in self._tails:
            if (alone := name.partition(tail)[0]) != name:
                yield alone


def _taken(recipe: Recipe) -> Mapping[str, tuple[str, ...]]:
    """The fields of each type of which a text may leave."""
    found: dict[str, tuple[str, ...]] = {
        word: (
            *take.fields,
            *(key for text in (take.item, take.creature, take.skill) for key in (text or "").split("|")),
        )
        for word, take in recipe.take.items()
    }
    told = [(one.type, key) for kind in recipe.session.kind for one in kind.start for key in kind.facts.values()]
    told += [(word, key) for word, keys in by_type(recipe.session.outcome.values()).items() for key in keys]
    for word, key in told:
        found[word] = (*found.get(word, ()), key)
    return found


def identity_in(parsed: Parsed, keys: Sequence[str]) -> str | None:
    """Who played, by the first of these fields that says so."""
    values = (parsed.fields.get(key) for key in keys)
    return next((value for value in values if isinstance(value, str) and value), None)


def by_type(names: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """`Type.Field` by type."""
    found: dict[str, tuple[str, ...]] = {}
    for name in names:
        word, _, key = name.partition(".")
        found[word] = (*found.get(word, ()), key)
    return found


def naming_fields(recipe: Recipe) -> frozenset[str]:
    """`Type.Field` of everything that names somebody."""
    doers = (f"{word}.{take.who}" for word, take in recipe.take.items() if take.who)
    return frozenset((*recipe.privacy.names, *recipe.session.identity, *doers))


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 -- any JSON value
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, list):
            yield from _texts(one)
        elif isinstance(one, str) and one:
            yield one


def _is_scalar(value: Any) -> bool:  # noqa: ANN401 -- any JSON value
    return isinstance(value, str | int | float)


def number_in(fields: Mapping[str, Any], keys: str | None) -> float | None:
    """The number in the first of the fields `A|B` that is there; of `A+B`, the sum of those that are."""
    if keys is None:
        return None
    if "+" not in keys:
        return _sum_of(_first(fields, keys))
    known = [one for key in keys.split("+") if (one := number_in(fields, key)) is not None]
    return sum(known) if known else None


def _sum_of(value: Any) -> float | None:  # noqa: ANN401 -- any JSON value
    """A number; of a list, the sum of all numbers in it."""
    if not isinstance(value, list):
        return figure(value)
    known = [one for item in value if (one := _sum_of(item)) is not None]
    return sum(known) if known else None


def _first(fields: Mapping[str, Any], keys: str) -> Any:  # noqa: ANN401 -- any JSON value
    if "|" not in keys:
        return fields.get(keys)
    return next((value for key in keys.split("|") if (value := fields.get(key)) is not None), None)


def _text(fields: Mapping[str, Any], keys: str | None) -> str | None:
    value = None if keys is None else _first(fields, keys)
    return value[:MAX_TEXT] if isinstance(value, str) and value else None
