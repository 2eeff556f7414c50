"""Composition root of `logferry inspect`, which needs no daemon. The daemon's own is in compose/."""

from __future__ import annotations

import asyncio
from pathlib import Path

from logferry_daemon.adapters.clock_system import SystemClock
from logferry_daemon.adapters.database_source import ChildDatabases
from logferry_daemon.adapters.log_files import FolderFiles
from logferry_daemon.adapters.recipe_folder import read_own_recipes
from logferry_daemon.core.inspected import FileInspected, Inspection, Problem, SessionFound, Totals
from logferry_daemon.survey import Progress, Survey
from logferry_daemon.trackers.catalogue import all_trackers
from logferry_model.errors import Misconfigured

__all__ = ["FileInspected", "Inspection", "Problem", "SessionFound", "Totals", "inspect_path"]


def inspect_path(
    path: Path, *, recipes: Path | None = None, tracker: str | None = None, progress: Progress | None = None
) -> Inspection:
    """What a file or folder holds; Misconfigured when there is nothing at `path` or no such tracker.

    `recipes` is the folder of the owner's own recipes.
    """
    if not path.exists() and not path.is_symlink():
        raise Misconfigured("path-missing", f"There is nothing at {path}.", hint="Check the path.")
    whole = path.is_dir()
    trackers = all_trackers(read_own_recipes(recipes).trackers if recipes else ())
    survey = Survey(FolderFiles(), ChildDatabases(), trackers, SystemClock().now())
    return asyncio.run(survey.of(path if whole else path.parent, None if whole else (path.name,), tracker, progress))
