"""The recipes that come with the program, read from the package, and how a text becomes a tracker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files

from logferry_daemon.core.reading import AnyTracker
from logferry_daemon.recipes.engine import RecipeTracker
from logferry_daemon.recipes.match.recipe import MatchRecipe
from logferry_daemon.recipes.match.tracker import MatchTracker
from logferry_daemon.recipes.parsing import parse_recipe


def tracker_of(text: str, *, origin: str) -> AnyTracker:
    """The tracker that a recipe makes; Misconfigured says what is wrong with it."""
    recipe = parse_recipe(text, origin=origin)
    return MatchTracker(recipe) if isinstance(recipe, MatchRecipe) else RecipeTracker(recipe)


def shipped_texts() -> Mapping[str, str]:
    """File name -> text of each `*.toml` beside this file, by name."""
    entries = sorted(files(__package__).iterdir(), key=lambda entry: entry.name)
    return {entry.name: entry.read_text("utf-8") for entry in entries if entry.name.endswith(".toml")}


def shipped_recipes() -> Iterator[AnyTracker]:
    """A tracker for each recipe that comes with the program."""
    for name, text in shipped_texts().items():
        yield tracker_of(text, origin=name)
