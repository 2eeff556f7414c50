"""Reads the recipes that a person has put into their configuration folder. A broken one stops nothing but itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from logferry_daemon.core.reading import AnyTracker, Trouble
from logferry_daemon.recipes.shipped import tracker_of
from logferry_model.errors import Misconfigured

MAX_BYTES = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRecipes:
    """What is in the folder."""

    trackers: tuple[AnyTracker, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    """One for each recipe that cannot be used, with its file's name."""


def read_own_recipes(folder: Path) -> OwnRecipes:
    """Every `*.toml` in `folder`, by name; none when there is no such folder."""
    trackers: list[AnyTracker] = []
    troubles: list[Trouble] = []
    for path in _files(folder):
        try:
            trackers.append(read_recipe(path))
        except Misconfigured as error:
            troubles.append(Trouble(code=error.code, message=error.message))
    return OwnRecipes(trackers=tuple(trackers), troubles=tuple(troubles))


def read_recipe(path: Path) -> AnyTracker:
    """The tracker that the recipe in this file makes; Misconfigured says what is wrong with it."""
    return tracker_of(_text(path), origin=path.name)


def _files(folder: Path) -> Sequence[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".toml" and path.is_file())
    except OSError:
        return ()


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise Misconfigured("recipe-unreadable", f"The recipe {path.name}: larger than 1 MiB.")
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        said = "not UTF-8 text" if isinstance(error, UnicodeDecodeError) else (error.strerror or "not readable").lower()
        raise Misconfigured("recipe-unreadable", f"The recipe {path.name}: {said}.") from error
