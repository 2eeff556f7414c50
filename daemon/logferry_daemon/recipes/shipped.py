"""The recipes that come with the program, read from the package."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

from logferry_daemon.recipes.engine import RecipeTracker
from logferry_daemon.recipes.recipe import parse_recipe


def shipped_recipes() -> Iterator[RecipeTracker]:
    """A tracker for each `*.toml` beside this file, by name."""
    for entry in sorted(files(__package__).iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".toml"):
            yield RecipeTracker(parse_recipe(entry.read_text("utf-8"), origin=entry.name))
