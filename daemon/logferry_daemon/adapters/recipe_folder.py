"""Reads the recipes that a person has put into their configuration folder. A broken one stops nothing but itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from logferry_daemon.core.reading import AnyTracker, Trouble
from logferry_daemon.recipes.shipped import tracker_of
from logferry_daemon.trackers.catalogue import trackers_with_code
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
    trackers: dict[str, AnyTracker] = {}
    files: dict[str, str] = {}
    troubles: list[Trouble] = []
    for path in _files(folder):
        try:
            tracker = read_recipe(path)
        except Misconfigured as error:
            troubles.append(Trouble(code=error.code, message=error.message))
            continue
        if tracker.name in trackers:
            troubles.append(_doubled(path.name, tracker.name, files[tracker.name]))
            continue
        trackers[tracker.name], files[tracker.name] = tracker, path.name
    return OwnRecipes(trackers=tuple(trackers.values()), troubles=tuple(troubles))


def _doubled(file: str, name: str, other: str) -> Trouble:
    said = f'The recipe {file}: it is not used, as {other} has the name "{name}", too. Give one of them another name.'
    return Trouble(code="recipe-doubled", message=said)


def read_recipe(path: Path) -> AnyTracker:
    """The tracker that the recipe in this file makes; Misconfigured says what is wrong with it."""
    tracker = tracker_of(_text(path), origin=path.name)
    if tracker.name in {one.name for one in trackers_with_code()}:
        said = f'The recipe {path.name}: "{tracker.name}" is the name of a tracker that needs no recipe.'
        raise Misconfigured("recipe-name-taken", said, hint="Give the recipe another name.")
    return tracker


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
