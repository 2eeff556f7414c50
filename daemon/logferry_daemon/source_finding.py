"""Composition root of what finds and tries a source without a daemon: `logferry sources add` and `sources test`."""

from __future__ import annotations

import os
from pathlib import Path

from logferry_daemon.adapters.recipe_folder import read_own_recipes
from logferry_daemon.adapters.usual_folders import UsualFolders
from logferry_daemon.core.inspected import totals
from logferry_daemon.home import Home
from logferry_daemon.inspection import Inspection, inspect_path
from logferry_daemon.settings import load_settings
from logferry_daemon.survey import Progress
from logferry_daemon.trackers.catalogue import all_trackers
from logferry_model.errors import Misconfigured


def usual_folder(name: str, home: Home) -> Path:
    """The first of the usual folders of a tracker that is there; Misconfigured says where it was looked for."""
    trackers = all_trackers(read_own_recipes(home.recipes_folder).trackers)
    if name not in trackers:
        known = ", ".join(sorted(trackers))
        raise Misconfigured("tracker-unknown", f'There is no tracker "{name}".', hint=f"Known are: {known}.")
    folders = UsualFolders(os.environ, Path.home())
    if there := folders.there(trackers[name]):
        return there[0]
    places = ", ".join(str(path) for path in folders.places(trackers[name]))
    said = f"The folder of {trackers[name].title} is in none of the usual places."
    hint = f"Say where it is with --path FOLDER. Looked for: {places or 'it has no usual place'}."
    raise Misconfigured("folder-unknown", said, hint=hint)


def read_now(wanted: str, home: Home, progress: Progress | None = None) -> tuple[Path, Inspection]:
    """What the daemon would read now in the source of this name or in this folder, and which folder that is."""
    source = load_settings(home.settings_file).sources.get(wanted)
    path = source.folder if source else Path(wanted).expanduser().absolute()
    if not path.exists():
        hint = "Check the path." if source else "It is no source either: `logferry sources list` shows every one."
        raise Misconfigured("path-missing", f"There is nothing at {path}.", hint=hint)
    tracker = source.tracker if source else None
    found = inspect_path(path, recipes=home.recipes_folder, tracker=tracker, progress=progress)
    files = tuple(file for file in found.files if file.tracker is not None)
    return path, Inspection(files=files, totals=totals(files))
