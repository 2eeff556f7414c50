"""Composition root of `logferry recipe`, which needs no daemon: lists recipes, tries them on files. Sends nothing."""

from __future__ import annotations

import asyncio
import difflib
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from logferry_daemon.adapters.clock_system import SystemClock
from logferry_daemon.adapters.database_source import ChildDatabases
from logferry_daemon.adapters.log_files import FolderFiles
from logferry_daemon.adapters.recipe_folder import read_own_recipes, read_recipe
from logferry_daemon.adapters.surroundings import surroundings
from logferry_daemon.core.anatomy import Anatomy, anatomy
from logferry_daemon.core.detectors import Detectors
from logferry_daemon.core.inspected import FileInspected, Problem, SessionFound, Totals, totals
from logferry_daemon.core.reading import AnyTracker, Found
from logferry_daemon.core.sanitise import Privacy
from logferry_daemon.core.slots import Slots
from logferry_daemon.recipes.engine import RecipeTracker
from logferry_daemon.recipes.match.tracker import MatchTracker
from logferry_daemon.recipes.shipped import shipped_recipes
from logferry_daemon.survey import Progress, Survey
from logferry_daemon.trackers.catalogue import all_trackers
from logferry_model.errors import Misconfigured
from logferry_model.session import Scalar

SHIPPED, OWN = "shipped", "own"
SUFFIX = ".toml"


class RecipeInfo(Struct, frozen=True, kw_only=True):
    """One recipe."""

    name: str
    title: str
    format: str
    origin: str
    """`shipped` with the program, or the owner's `own`."""
    patterns: tuple[str, ...]
    """Globs of the names of its files."""
    paths: dict[str, tuple[str, ...]]
    """System -> where they usually are."""
    replaces: bool = False
    """Whether it takes the place of a shipped one."""


class RecipeList(Struct, frozen=True, kw_only=True):
    """Every recipe, and what is wrong with those that cannot be used."""

    recipes: tuple[RecipeInfo, ...]
    problems: tuple[Problem, ...]


class SessionTried(Struct, frozen=True, kw_only=True):
    """One session, what leaves of it and what does not."""

    session: SessionFound
    types: dict[str, int]
    """Events by type."""
    facts: dict[str, Scalar]
    stays: dict[str, int]
    """Fields of events that may leave -> in how many events."""
    redacted: dict[str, int]
    """What is taken out: field -> how often."""
    names: int
    """Names that were looked for everywhere."""


class FileTried(Struct, frozen=True, kw_only=True):
    """One file: what reads it and what it holds."""

    path: str
    tracker: str | None
    sessions: tuple[SessionTried, ...]
    problems: tuple[Problem, ...]


class Trial(Struct, frozen=True, kw_only=True):
    """All files that a recipe was tried on."""

    files: tuple[FileTried, ...]
    totals: Totals


def list_recipes(folder: Path) -> RecipeList:
    """Those that come with the program and those in `folder`, by name."""
    own = read_own_recipes(folder)
    shipped = {info.name: info for info in _infos(shipped_recipes(), SHIPPED, ())}
    known = shipped | {info.name: info for info in _infos(own.trackers, OWN, shipped)}
    problems = tuple(Problem(code=trouble.code, message=trouble.message) for trouble in own.troubles)
    return RecipeList(recipes=tuple(known[name] for name in sorted(known)), problems=problems)


def check_recipe(wanted: str, folder: Path) -> RecipeInfo:
    """The recipe of this name or in this file; Misconfigured says what is wrong with it."""
    listed = {info.name: info for info in list_recipes(folder).recipes}
    if wanted in listed:
        return listed[wanted]
    infos = _infos([_wanted(wanted, all_trackers())], OWN, listed)
    if info := next(infos, None):
        return info
    raise Misconfigured("recipe-unknown", f'"{wanted}" is a tracker and no recipe.', hint="See: logferry recipe list")


def try_recipe(
    paths: Sequence[Path], *, folder: Path, recipe: str | None = None, progress: Progress | None = None
) -> Trial:
    """What a recipe, or whichever knows them, makes of some files; Misconfigured when one is not there."""
    trackers = all_trackers(read_own_recipes(folder).trackers)
    chosen = _wanted(recipe, trackers) if recipe else None
    if chosen:
        trackers = {chosen.name: chosen}
    for path in paths:
        if not path.exists() and not path.is_symlink():
            raise Misconfigured("path-missing", f"There is nothing at {path}.", hint="Check the path.")
    return asyncio.run(_tried(paths, trackers, chosen.name if chosen else None, progress))


async def _tried(
    paths: Sequence[Path], trackers: Mapping[str, AnyTracker], name: str | None, progress: Progress | None
) -> Trial:
    parts: dict[str, Anatomy] = {}
    slots, detectors = Slots(secrets.token_bytes(32)), Detectors(surroundings())

    def take_apart(tracker: AnyTracker, found: Found) -> None:
        parts[found.id] = anatomy(found.raw(), Privacy(slots=slots, detectors=detectors, listing=tracker.listing))

    survey = Survey(FolderFiles(), ChildDatabases(), trackers, SystemClock().now(), take_apart)
    inspected: list[FileInspected] = []
    for root, only in _by_folder(paths):
        inspected += (await survey.of(root, only, name, progress)).files
    return Trial(files=tuple(_file(file, parts) for file in inspected), totals=totals(inspected))


def _by_folder(paths: Sequence[Path]) -> Iterator[tuple[Path, Sequence[str] | None]]:
    """Files that lie together are read together: a later one tells that an earlier one is over."""
    together: dict[Path, list[str]] = {}
    for path in paths:
        if path.is_dir():
            yield path, None
        else:
            together.setdefault(path.parent, []).append(path.name)
    yield from together.items()


def _file(file: FileInspected, parts: Mapping[str, Anatomy]) -> FileTried:
    sessions = tuple(_session(session, parts[session.id]) for session in file.sessions)
    return FileTried(path=file.path, tracker=file.tracker, sessions=sessions, problems=file.problems)


def _session(session: SessionFound, part: Anatomy) -> SessionTried:
    return SessionTried(
        session=session,
        types=dict(part.types),
        facts=dict(part.facts),
        stays=dict(part.stays),
        redacted=dict(part.redacted),
        names=part.names,
    )


def _wanted(wanted: str, trackers: Mapping[str, AnyTracker]) -> AnyTracker:
    if wanted in trackers:
        return trackers[wanted]
    path = Path(wanted).expanduser()
    if path.is_file() or path.suffix == SUFFIX:
        return read_recipe(path)
    near = difflib.get_close_matches(wanted, trackers, n=1)
    guess = f'Did you mean "{near[0]}"?' if near else f"Known are: {', '.join(sorted(trackers))}; or give a file."
    raise Misconfigured("recipe-unknown", f'There is no recipe "{wanted}".', hint=guess)


def _infos(trackers: Iterable[AnyTracker], origin: str, before: Collection[str]) -> Iterator[RecipeInfo]:
    for tracker in trackers:
        if isinstance(tracker, RecipeTracker | MatchTracker):
            recipe = tracker.recipe
            yield RecipeInfo(
                name=recipe.name,
                title=recipe.title,
                format=recipe.format,
                origin=origin,
                patterns=tuple(recipe.files.patterns),
                paths={system: tuple(paths) for system, paths in recipe.files.paths.items()},
                replaces=recipe.name in before,
            )
