"""What holds for the whole session, as labels and what they say. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from msgspec import Struct

from logferry_collector.words import MILLISECONDS, clean, clock_length, fact_words, number
from logferry_model.session import Scalar

MOST_FACTS = 40
VALUE_LENGTH = 120
NUMBERED = ("_id", "_build", "instance", "challenge", "encounter", "scenario")
"""How the name of a fact ends whose number counts nothing, so that no thousands are parted."""
SUCCESS = "success"
"""How the name of a fact ends that games write as 0 or 1."""


class Fact(Struct, frozen=True):
    """A label and what it says."""

    label: str
    value: str


def facts(told: Mapping[str, Scalar]) -> tuple[Fact, ...]:
    """The first of them, in the sender's order."""
    return tuple(Fact(fact_words(name), _value(name, value)) for name, value in islice(told.items(), MOST_FACTS))


def _value(name: str, value: Scalar) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case str():
            return clean(value, VALUE_LENGTH)
    return _number(name, value)


def _number(name: str, value: float) -> str:
    if name.endswith(SUCCESS) and value in {0, 1}:
        return "yes" if value else "no"
    if name.endswith(MILLISECONDS):
        return clock_length(value / 1000)
    if name.endswith(NUMBERED) and float(value).is_integer():
        return f"{value:.0f}"
    return number(value)
