"""Every tracker this program can read, by name. A new one is added here or, better, as a recipe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from logferry_daemon.core.reading import AnyTracker
from logferry_daemon.recipes.shipped import shipped_recipes
from logferry_daemon.trackers.artemis import Artemis


def all_trackers(own: Iterable[AnyTracker] = ()) -> Mapping[str, AnyTracker]:
    """Name -> tracker, those with code first; a recipe of a person's own takes the place of one of the same name."""
    trackers: tuple[AnyTracker, ...] = (Artemis(), *shipped_recipes(), *own)
    return {tracker.name: tracker for tracker in trackers}
