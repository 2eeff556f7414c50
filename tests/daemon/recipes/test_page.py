"""What `docs/recipes.md` says: its example works as it tells, and no key of a recipe is missing."""

from __future__ import annotations

import re
from datetime import UTC
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from msgspec import Struct

from logferry_daemon.core.reading import About, Found
from logferry_daemon.recipes.engine import RecipeTracker
from logferry_daemon.recipes.recipe import Recipe
from logferry_daemon.recipes.shipped import tracker_of
from tests.daemon.recipes.logs import leaks, measures, types

PAGE = (Path(__file__).parents[3] / "docs" / "recipes.md").read_text("utf-8")


def block(language: str) -> str:
    """The first block of code in this language."""
    found = re.search(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def found() -> Found:
    tracker, log = tracker_of(block("toml"), origin="docs/recipes.md"), block("text").encode()
    assert isinstance(tracker, RecipeTracker)
    reader = tracker.reader(About(path="harbour-2026-03-01.log", size=len(log), zone=UTC))
    reader.feed(log)
    reading = reader.reading(settled=True)
    assert leaks(reading, ["Oriana", "Hob", "pier", "nice"]) == []
    (only,) = reading.found
    return only


def test_the_example_is_one_session_from_its_start_to_its_end() -> None:
    times = (found().started_at.isoformat(), found().last_at.isoformat())
    assert times == ("2026-03-01T20:00:00+00:00", "2026-03-01T20:30:00+00:00")


def test_the_example_takes_what_the_page_says() -> None:
    assert (measures(found()), found().session.facts) == ({"weight": 16.5}, {"port": "Ostrand"})


def test_the_example_tells_of_talk_and_not_a_word_of_it() -> None:
    assert types(found())["talk"] == 1


def test_the_example_knows_who_plays() -> None:
    assert found().identity == "Oriana"


def structs(shape: type[Struct]) -> set[type[Struct]]:
    """A struct and all that it is made of."""
    inner = {one for hint in get_type_hints(shape).values() for one in parts(hint)}
    return {shape}.union(*(structs(one) for one in inner))


def parts(hint: object) -> set[type[Struct]]:
    if isinstance(hint, type) and issubclass(hint, Struct):
        return {hint}
    return {one for inner in get_args(hint) for one in parts(inner)}


KEYS = sorted({key for shape in structs(Recipe) for key in shape.__struct_fields__})


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_explained(key: str) -> None:
    assert re.search(rf"`{key}[` ]|`\[+[a-z.]*{key}\b", PAGE)
